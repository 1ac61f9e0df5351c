package import Basics

/// The stored form, every number little-endian; a list is a `u32` count and its numbers:
///
/// | bytes | what |
/// | --- | --- |
/// | 1 | format, 1 |
/// | 8, 4 | model, starters |
/// | 4 + 4 each | venue |
/// | 4, then for each member: | |
/// | 8, 4, 4, 8 | person, score, rhythm, log-odds |
/// | 4 + 4 each, twice | features, embedding |
/// | 4, then 4, 8, 4 + 4 each | ties: friend, log-odds, features |
extension Roster {
    private static let format: UInt8 = 1
    /// More people than any roster has.
    private static let peopleMax: UInt32 = 10_000

    package func encode(into writer: inout ByteWriter) {
        writer.put(Self.format)
        writer.put(model.number)
        writer.put(UInt32(starters))
        writer.put(array: venue)
        writer.put(UInt32(members.count))
        for member in members {
            writer.put(member.person.number)
            writer.put(member.score)
            writer.put(member.rhythm)
            writer.put(member.logOdds)
            writer.put(array: member.features)
            writer.put(array: member.embedding)
            writer.put(UInt32(member.ties.count))
            for tie in member.ties {
                writer.put(UInt32(tie.friend))
                writer.put(tie.logOdds)
                writer.put(array: tie.features)
            }
        }
    }

    /// Errors: `ByteError` when bytes are missing or hold what no roster can hold.
    package init(from reader: inout ByteReader) throws(ByteError) {
        let format: UInt8 = try reader.get()
        guard format == Self.format else { throw .invalid("roster of format \(format)") }
        let model = ModelVersion(try reader.get())
        let starters: UInt32 = try reader.get()
        let venue = try reader.getArray(of: Float.self)
        let count = try Self.count(&reader)
        guard starters <= count else { throw .invalid("\(starters) starters of \(count) people") }
        var members: [Member] = []
        for _ in 0..<count { members.append(try Self.member(&reader, of: count)) }
        self.init(starters: Int(starters), members: members, venue: venue, model: model)
    }

    private static func member(_ reader: inout ByteReader, of count: UInt32) throws(ByteError) -> Member {
        let person = PersonID(try reader.get())
        let (score, rhythm, logOdds) = (try reader.getFloat(), try reader.getFloat(), try reader.getDouble())
        let features = try reader.getArray(of: Float.self)
        let embedding = try reader.getArray(of: Float.self)
        guard features.isEmpty || features.count == InvitationColumns.count else {
            throw .invalid("\(features.count) features of an invitation")
        }
        var ties: [Tie] = []
        for _ in 0..<(try Self.count(&reader)) {
            let friend: UInt32 = try reader.get()
            guard friend < count else { throw .invalid("friend \(friend) of \(count) people") }
            let logOdds = try reader.getDouble()
            let features = try reader.getArray(of: Float.self)
            guard features.count == InvitationColumns.count - InvitationColumns.friend else {
                throw .invalid("\(features.count) features of a friendship")
            }
            ties.append(Tie(friend: Int(friend), features: features, logOdds: logOdds))
        }
        return Member(
            person: person, score: score, rhythm: rhythm, features: features, logOdds: logOdds, ties: ties,
            embedding: embedding)
    }

    private static func count(_ reader: inout ByteReader) throws(ByteError) -> UInt32 {
        let count: UInt32 = try reader.get()
        guard count <= peopleMax else { throw .invalid("\(count) people in a roster") }
        return count
    }
}
