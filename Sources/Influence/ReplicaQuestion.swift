// What is asked of a holder of a whole graph, and what it answers; as values, and as bytes for whoever carries them, as
// in `PlaceQuestion.swift`. The graph itself goes ahead: 4 bytes a person and 4 an edge, 4 more where chances differ.

package import Basics

/// A question to one holder.
package enum ReplicaQuestion: Equatable, Sendable {
    /// Draw these sets that choose, in addition; those that reach a goal end there and stay empty. Answer: how many
    /// did (of all so far), and members (likewise).
    case extend(Range<Int>, goals: [UInt32])
    /// Draw these sets that judge the choice of a round. Answer: how many reach a goal, members looked at.
    case judge(round: UInt32, Range<Int>, goals: [UInt32])
    /// How many of the sets that choose does each person meet here? None is met any more. Answer: losses, one a person.
    case count
    /// This person's sets are met. Answer: whose counts fall (people), and by how much (losses).
    case take(UInt32)
}

/// The answer; what the question did not ask for is empty.
package struct ReplicaAnswer: Equatable, Sendable {
    package var hits = 0
    package var members = 0
    package var people: [UInt32] = []
    package var losses: [UInt32] = []
}

extension ReplicaQuestion {
    package func encode(into writer: inout ByteWriter) {
        switch self {
        case .extend(let sets, let goals):
            writer.put(UInt8(0))
            writer.put(UInt32(sets.lowerBound))
            writer.put(UInt32(sets.upperBound))
            writer.put(array: goals)
        case .judge(let round, let sets, let goals):
            writer.put(UInt8(1))
            writer.put(round)
            writer.put(UInt32(sets.lowerBound))
            writer.put(UInt32(sets.upperBound))
            writer.put(array: goals)
        case .count: writer.put(UInt8(2))
        case .take(let person):
            writer.put(UInt8(3))
            writer.put(person)
        }
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        switch try reader.get(UInt8.self) {
        case 0: self = .extend(try reader.getSets(), goals: try reader.getArray(of: UInt32.self))
        case 1:
            self = .judge(
                round: try reader.get(), try reader.getSets(), goals: try reader.getArray(of: UInt32.self))
        case 2: self = .count
        case 3: self = .take(try reader.get())
        case let other: throw .invalid("a question of kind \(other) to a holder")
        }
    }
}

extension ReplicaAnswer {
    package func encode(into writer: inout ByteWriter) {
        writer.put(UInt64(hits))
        writer.put(UInt64(members))
        writer.put(array: people)
        writer.put(array: losses)
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        hits = try reader.getCount()
        members = try reader.getCount()
        people = try reader.getArray(of: UInt32.self)
        losses = try reader.getArray(of: UInt32.self)
    }
}

extension InfluenceGraph {
    package func encode(into writer: inout ByteWriter) {
        writer.put(model == .linearThreshold)
        switch chances {
        case .weightedCascade(let factor):
            writer.put(UInt8(0))
            writer.put(factor)
        case .constant(let chance):
            writer.put(UInt8(1))
            writer.put(chance)
        case .each(let chances):
            writer.put(UInt8(2))
            writer.put(array: chances)
        }
        writer.put(array: offsets)
        writer.put(array: sources)
    }

    /// Errors: `ByteError` where the bytes are no graph, `InfluenceError` where the graph breaks a rule.
    package init(from reader: inout ByteReader) throws {
        let model: CascadeModel = try reader.getBool() ? .linearThreshold : .independentCascade
        let chances: EdgeChances
        switch try reader.get(UInt8.self) {
        case 0: chances = .weightedCascade(factor: try reader.getDouble())
        case 1: chances = .constant(try reader.getDouble())
        case 2: chances = .each(try reader.getArray(of: Float.self))
        case let other: throw ByteError.invalid("a rule of chances \(other)")
        }
        let offsets = try reader.getArray(of: UInt32.self), sources = try reader.getArray(of: UInt32.self)
        try self.init(offsets: offsets, sources: sources, chances: chances, model: model)
    }
}

extension ByteReader {
    fileprivate mutating func getSets() throws(ByteError) -> Range<Int> {
        let start: UInt32 = try get(), end: UInt32 = try get()
        guard start <= end else { throw .invalid("sets \(start) to \(end)") }
        return Int(start)..<Int(end)
    }

    fileprivate mutating func getCount() throws(ByteError) -> Int {
        guard let count = Int(exactly: try get(UInt64.self)) else { throw .invalid("a count beyond 2^63") }
        return count
    }
}
