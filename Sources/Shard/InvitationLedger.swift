import Basics
import Plans
import Store
import World

/// Who of a city was asked when, in rows of the store: limits hold through restarts. Belongs to who holds `signals`.
struct InvitationLedger {
    private struct Entry: Equatable {
        /// Seconds since 1970.
        var time: UInt64
        var slot: UInt8
    }

    private let database: Database
    private let perWeek: Int
    private var known: [PersonID: [Entry]] = [:]
    private var changed: Set<PersonID> = []

    private static let week: UInt64 = 7 * 86_400

    init(_ database: Database, perWeek: Int) {
        self.database = database
        self.perWeek = perWeek
    }

    /// Whether a person may get one more invitation now. Those who start a plan may start one in a slot in which they
    /// were asked; others are asked once a week in each.
    mutating func mayAsk(_ person: PersonID, slot: TimeSlot, isStarter: Bool, now: UInt64) throws -> Bool {
        let week = try entries(of: person).filter { $0.time + Self.week > now }
        return week.count < perWeek && (isStarter || !week.contains { $0.slot == slot.number })
    }

    mutating func note(_ person: PersonID, slot: TimeSlot, now: UInt64) throws {
        let kept = try entries(of: person).filter { $0.time + Self.week > now }
        known[person] = kept + [Entry(time: now, slot: slot.number)]
        changed.insert(person)
    }

    private mutating func entries(of person: PersonID) throws -> [Entry] {
        if let known = known[person] { return known }
        var entries: [Entry] = []
        if let bytes = try database.get(.signals, key: Self.key(person)) {
            var reader = ByteReader(bytes)
            let count = try reader.get(UInt32.self)
            for _ in 0..<count { entries.append(Entry(time: try reader.get(), slot: try reader.get())) }
            try reader.finish()
        }
        known[person] = entries
        return entries
    }

    /// Puts what was noted into `batch`. What is older than a week is forgotten.
    func write(into batch: inout WriteBatch) {
        for person in changed.sorted() {
            let entries = known[person] ?? []
            var writer = ByteWriter()
            writer.put(UInt32(entries.count))
            for entry in entries {
                writer.put(entry.time)
                writer.put(entry.slot)
            }
            batch.put(.signals, key: Self.key(person), value: writer.bytes)
        }
    }

    private static func key(_ person: PersonID) -> [UInt8] { ShardKeys.signal("asked/", person.number) }
}
