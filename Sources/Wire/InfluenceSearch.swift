// A search over several cities: what the coordinator asks of each city, and what these answer.

package import Basics

/// Coordinator to worker: one step of a search over several cities, in the header's city. Answer: `SearchReply`. A city
/// takes part in one search at a time; a new one ends the one before, and so does ten minutes' silence.
package struct SearchOrder: Body {
    package static let kind = Kind.searchOrder

    package enum Step: Equatable, Sendable {
        /// Take part. Answer: how many residents, and the guests who live in another of `cities` with their homes.
        case begin(cities: [CityID], origin: InfluenceOrigin, model: InfluenceModel)
        /// Which residents are these? Answer: numbers, the highest one for a stranger.
        case locate([PersonID])
        /// The number of the first resident in the union, the seed of all coins, and for each guest its city's place
        /// in `cities` (high half) and its number there, all ones where it is not known there.
        case join(base: UInt32, seed: UInt64, guests: [UInt64])
        /// Bulk frame 0 is a question of `Influence/PlaceQuestion.swift`. Answer: in bulk frame 0.
        case ask
        /// The search is over. Answer: who these residents are.
        case close([UInt32])
    }

    /// Which search.
    package var search: UInt64
    package var step: Step

    package init(search: UInt64, step: Step) {
        self.search = search
        self.step = step
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        search = try reader.get()
        switch try reader.get(UInt8.self) {
        case 0:
            step = .begin(
                cities: try reader.getIdentifiers(), origin: try InfluenceOrigin(from: &reader),
                model: try InfluenceModel(from: &reader))
        case 1: step = .locate(try reader.getIdentifiers())
        case 2:
            step = .join(
                base: try reader.get(), seed: try reader.get(), guests: try reader.getArray(of: UInt64.self))
        case 3: step = .ask
        case 4: step = .close(try reader.getArray(of: UInt32.self))
        case let other: throw .invalid("a step of kind \(other)")
        }
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(search)
        switch step {
        case .begin(let cities, let origin, let model):
            writer.put(UInt8(0))
            writer.put(identifiers: cities)
            writer.put(origin)
            writer.put(model)
        case .locate(let people):
            writer.put(UInt8(1))
            writer.put(identifiers: people)
        case .join(let base, let seed, let guests):
            writer.put(UInt8(2))
            writer.put(base)
            writer.put(seed)
            writer.put(array: guests)
        case .ask: writer.put(UInt8(3))
        case .close(let numbers):
            writer.put(UInt8(4))
            writer.put(array: numbers)
        }
    }
}

/// Worker to coordinator: what the step asked for; the rest is empty.
package struct SearchReply: Body {
    package static let kind = Kind.searchReply
    /// Guests and others that one message names at most.
    package static let peopleMax = 1 << 21

    package var search: UInt64
    /// Residents.
    package var residents: UInt32
    package var people: [PersonID]
    /// Homes of `people`, in whole or not at all.
    package var homes: [CityID]
    package var numbers: [UInt32]

    package init(
        search: UInt64, residents: UInt32 = 0, people: [PersonID] = [], homes: [CityID] = [], numbers: [UInt32] = []
    ) {
        self.search = search
        self.residents = residents
        self.people = people
        self.homes = homes
        self.numbers = numbers
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        search = try reader.get()
        residents = try reader.get()
        people = try reader.getIdentifiers()
        homes = try reader.getIdentifiers()
        numbers = try reader.getArray(of: UInt32.self)
        guard homes.isEmpty || homes.count == people.count else { throw .invalid("homes of some people") }
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(search)
        writer.put(residents)
        writer.put(identifiers: people)
        writer.put(identifiers: homes)
        writer.put(array: numbers)
    }
}
