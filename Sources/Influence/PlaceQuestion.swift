// What is asked of a place, and what it answers; as values, and as bytes for whoever carries them. Little-endian; a
// list is its length (u32) and its numbers.

package import Basics

/// Which sets: those that choose, or those that judge the choice of a round.
package enum PlaceStream: Hashable, Sendable {
    case choosing
    case judging(round: UInt32)

    /// Places are told where sets begin, so that they need no rule for roots.
    func stream(seed: UInt64, vertices: Int = 1, roots: RootRule = .uniform) -> SetStream {
        switch self {
        case .choosing: SetStream(seed: seed, purpose: "choose", vertices: vertices, roots: roots)
        case .judging(let round):
            SetStream(seed: seed, purpose: "judge", round: Int(round), vertices: vertices, roots: roots)
        }
    }
}

/// A question to one place. People are numbered from 0 in each place.
package enum PlaceQuestion: Hashable, Sendable {
    /// Begin to draw sets; those that reach a goal end there. Answer: where they go on elsewhere.
    case draw(PlaceStream, goals: [UInt32], entries: [FrontierEntry])
    /// Go on with these, and with what is left. Answer: likewise.
    case goOn([FrontierEntry])
    /// Which of the sets being drawn met a goal here? Answer: numbers.
    case hits
    /// All but these are to choose. Answer: members that lie here.
    case keep(dropped: [UInt32])
    /// How many of the sets 0..<count does each person meet here? None is met any more. Answer: numbers, members.
    case count(UInt32)
    /// Which sets does this person meet that nobody met before? Answer: numbers.
    case take(UInt32)
    /// These sets are met. Answer: whose counts fall (numbers), and by how much (losses).
    case meet([UInt32])
}

/// The answer; what the question did not ask for is empty.
package struct PlaceAnswer: Equatable, Sendable {
    /// About so many entries at most leave at a time: 8 MB.
    package static let entriesMax = 1 << 20

    /// Per place, in that place's numbers.
    package var frontier: [UInt16: [FrontierEntry]] = [:]
    /// Whether there is more that would leave.
    package var isWaiting = false
    package var numbers: [UInt32] = []
    package var losses: [UInt32] = []
    package var members = 0
}

extension PlaceQuestion {
    package func encode(into writer: inout ByteWriter) {
        switch self {
        case .draw(let stream, let goals, let entries):
            writer.put(UInt8(0))
            if case .judging(let round) = stream { writer.put(round) } else { writer.put(UInt32.max) }
            writer.put(array: goals)
            writer.put(entries: entries)
        case .goOn(let entries):
            writer.put(UInt8(1))
            writer.put(entries: entries)
        case .hits: writer.put(UInt8(2))
        case .keep(let dropped):
            writer.put(UInt8(3))
            writer.put(array: dropped)
        case .count(let count):
            writer.put(UInt8(4))
            writer.put(count)
        case .take(let person):
            writer.put(UInt8(5))
            writer.put(person)
        case .meet(let sets):
            writer.put(UInt8(6))
            writer.put(array: sets)
        }
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        switch try reader.get(UInt8.self) {
        case 0:
            let round: UInt32 = try reader.get()
            self = .draw(
                round == .max ? .choosing : .judging(round: round), goals: try reader.getArray(of: UInt32.self),
                entries: try reader.getEntries())
        case 1: self = .goOn(try reader.getEntries())
        case 2: self = .hits
        case 3: self = .keep(dropped: try reader.getArray(of: UInt32.self))
        case 4: self = .count(try reader.get())
        case 5: self = .take(try reader.get())
        case 6: self = .meet(try reader.getArray(of: UInt32.self))
        case let other: throw .invalid("a question of kind \(other) to a place")
        }
    }
}

extension PlaceAnswer {
    package func encode(into writer: inout ByteWriter) {
        writer.put(UInt32(frontier.count))
        for place in frontier.keys.sorted() {
            writer.put(place)
            writer.put(entries: frontier[place] ?? [])
        }
        writer.put(isWaiting)
        writer.put(array: numbers)
        writer.put(array: losses)
        writer.put(UInt64(members))
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        for _ in 0..<(try reader.get(UInt32.self)) {
            let place: UInt16 = try reader.get()
            frontier[place] = try reader.getEntries()
        }
        isWaiting = try reader.getBool()
        numbers = try reader.getArray(of: UInt32.self)
        losses = try reader.getArray(of: UInt32.self)
        guard let members = Int(exactly: try reader.get(UInt64.self)) else { throw .invalid("a count of members") }
        self.members = members
    }
}

extension ByteWriter {
    /// Set and vertex of each, 8 bytes.
    fileprivate mutating func put(entries: [FrontierEntry]) {
        put(array: entries.map { UInt64($0.vertex) << 32 | UInt64($0.set) })
    }
}

extension ByteReader {
    fileprivate mutating func getEntries() throws(ByteError) -> [FrontierEntry] {
        try getArray(of: UInt64.self).map {
            FrontierEntry(set: UInt32(truncatingIfNeeded: $0), vertex: UInt32($0 >> 32))
        }
    }
}
