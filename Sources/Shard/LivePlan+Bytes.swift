import Basics
import Plans

/// The stored form, every number little-endian:
///
/// | bytes | what |
/// | --- | --- |
/// | 4, 1 | `u32.max`, format 2 |
/// | 8 | when it is due, seconds since 1970 |
/// | 4, text | events so far, the booking layer's reference |
/// | 4, then 8 + 1 + 8 + 8 + 1 each | the asked: person, whether a friend, the friend, time, silent |
/// | | `PlanMomentum`, `PlanLifecycle` |
///
/// Lives of an earlier build begin with the number of their events, which is never `u32.max`: events, 8 + 8 bytes of
/// former momentum, reference, `PlanLifecycle`. Everybody they invite has been asked.
extension LivePlan {
    private static let mark = UInt32.max
    private static let format: UInt8 = 2
    /// More people than any plan has.
    private static let peopleMax: UInt32 = 100_000

    func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.put(Self.mark)
        writer.put(Self.format)
        writer.put(due)
        writer.put(told)
        writer.put(reference)
        writer.put(UInt32(asked.count))
        for ask in asked {
            writer.put(ask.person.number)
            writer.put(ask.friend != nil)
            writer.put(ask.friend?.number ?? 0)
            writer.put(ask.time)
            writer.put(ask.isSilent)
        }
        momentum.encode(into: &writer)
        lifecycle.encode(into: &writer)
        return writer.bytes
    }

    /// When a stored life is due; 0 for one of an earlier build.
    static func due(_ bytes: [UInt8]) throws(ByteError) -> UInt64 {
        var reader = ByteReader(bytes)
        guard try reader.get(UInt32.self) == mark else { return 0 }
        _ = try reader.get(UInt8.self)
        return try reader.get()
    }

    /// Errors: `ByteError` when bytes are missing or hold what no life can hold.
    static func decoding(_ bytes: [UInt8], of seed: PlanSeed, desk: LivesDesk) throws(ByteError) -> LivePlan {
        var reader = ByteReader(bytes)
        let first: UInt32 = try reader.get()
        guard first == mark else { return try earlier(told: first, &reader, of: seed, desk) }
        let format: UInt8 = try reader.get()
        guard format == Self.format else { throw .invalid("life of format \(format)") }
        var plan = LivePlan(seed, pace: .stated, desk: desk)
        plan.due = try reader.get()
        plan.told = try reader.get()
        plan.reference = try reader.getString()
        let count: UInt32 = try reader.get()
        guard count <= peopleMax else { throw .invalid("\(count) people in a plan") }
        for _ in 0..<count {
            let person = PersonID(try reader.get())
            let (hasFriend, friend) = (try reader.getBool(), try reader.get(UInt64.self))
            plan.asked.append(
                Asked(
                    person: person, friend: hasFriend ? PersonID(friend) : nil, time: try reader.get(),
                    isSilent: try reader.getBool()))
        }
        plan.momentum = try PlanMomentum(from: &reader)
        plan.lifecycle = try PlanLifecycle(from: &reader)
        try reader.finish()
        return plan
    }

    private static func earlier(
        told: UInt32, _ reader: inout ByteReader, of seed: PlanSeed, _ desk: LivesDesk
    ) throws(ByteError) -> LivePlan {
        var plan = LivePlan(seed, pace: .stated, desk: desk)
        plan.told = told
        _ = try reader.getDouble()
        _ = try reader.get(UInt64.self)
        plan.reference = try reader.getString()
        plan.lifecycle = try PlanLifecycle(from: &reader)
        try reader.finish()
        let people = plan.lifecycle.terms.starters + seed.invites + plan.lifecycle.accepted
        for person in people where !plan.asked.contains(where: { $0.person == person }) {
            plan.asked.append(Asked(person: person, friend: nil, time: 0, isSilent: true))
        }
        return plan
    }
}
