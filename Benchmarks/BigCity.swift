// One city of any size, made as fast as it can be written: what matters here is how many rows of which width there
// are, not whether a model could learn from them (that is the made-up world's part). Times spent are fractions of
// seconds, friends come without features, places without popularity: everything takes its widest form, and all that
// can be left to derive is left.

import Basics
import World

/// The rows of a city of so many visits.
struct BigCity {
    let visits: Int
    let seed: UInt64

    static let visitsPerPerson = 64
    static let friendsPerPerson = 8
    private static let rowsPerBlock = 4096
    private static let city = CityID(0)
    private static let yearMilliseconds = 365 * 86_400_000

    var people: Int { max(1, visits / Self.visitsPerPerson) }
    var places: Int { max(1, visits / 256) }

    /// Hands over all rows as encoded blocks.
    func readBlocks(deliver: ([UInt8]) throws -> Void) throws {
        var records: [Record] = []
        func emit(_ record: Record?) throws {
            if let record { records.append(record) }
            if records.count == Self.rowsPerBlock || record == nil {
                try deliver(RecordBlock(city: Self.city, records: records).encoded())
                records.removeAll(keepingCapacity: true)
            }
        }
        var random = SeededRandom(seed: seed).child("big city")
        for number in 0..<people { try emit(.person(person(number, &random))) }
        for number in 0..<places { try emit(.place(place(number, &random))) }
        for number in 0..<visits { try emit(.visit(visit(by: number % people, &random))) }
        for first in 0..<people {
            for _ in 0..<Self.friendsPerPerson / 2 {
                let second = random.below(people)
                if first == second { continue }
                let ends = (PersonID(UInt64(min(first, second))), PersonID(UInt64(max(first, second))))
                try emit(.friendship(Friendship(first: ends.0, second: ends.1)))
            }
        }
        try emit(nil)
    }

    private func person(_ number: Int, _ random: inout SeededRandom) -> Person {
        var person = Person(id: PersonID(UInt64(number)), homeCity: Self.city)
        person.homeNeighborhood = UInt16(random.below(15))
        person.categoryPreference = [Float](repeating: 1 / 6, count: 6)
        person.finePreference = [Float](repeating: 0, count: 100)
        for _ in 0..<4 { person.finePreference[random.below(100)] += 0.25 }
        return person
    }

    private func place(_ number: Int, _ random: inout SeededRandom) -> Place {
        var place = Place(id: PlaceID(UInt64(number)), city: Self.city, neighborhood: UInt16(random.below(15)))
        let tag = random.below(100)
        place.fineTags = (0..<100).map { $0 == tag ? 1 : 0 }
        place.categories = (0..<6).map { $0 == Taxonomy.category(ofFineTag: tag) ? 1 : 0 }
        return place
    }

    private func visit(by person: Int, _ random: inout SeededRandom) -> Visit {
        let time = 1_600_000_000_000 + random.below(Self.yearMilliseconds)
        return Visit(
            person: PersonID(UInt64(person)),
            // Half of the visits go to the best-known quarter of the places.
            place: PlaceID(UInt64(Double(places) * random.uniform() * random.uniform())),
            time: Timestamp(milliseconds: Int64(time)), dwellSeconds: random.uniformFloat() * 400,
            likes: UInt16(random.below(3)), saves: UInt16(random.below(2)), attended: random.below(3) == 0)
    }
}
