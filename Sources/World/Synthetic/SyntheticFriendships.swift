// Who knows whom. Some of the people of one's city who are most alike, some whom chance brings; those who
// suit best in taste and streets become friends. Now and then, somebody similar in another city.

import Basics

/// A tie between two people, by number, the smaller first.
struct SyntheticTie: Sendable {
    var first: UInt32
    var second: UInt32
    /// Cosine of the true tastes.
    var overlap: Float
}

/// Makes ties and finds similar people; the same ones whoever asks.
struct SyntheticFriendships: Sendable {
    private let people: SyntheticPeople
    private let random: SeededRandom
    private let search: SimilaritySearch

    /// How many similar people of the own city anyone may meet, how many by chance, and how many of another city.
    private static let similarMet = 24
    private static let chanceMet = 40
    private static let awayMet = 20
    /// Chance of having chosen a friend in another city.
    private static let awayShare = 0.35
    private static let tasteWeight: Float = 3
    private static let neighborhoodWeight: Float = 1
    private static let chanceWeight: Float = 0.7
    /// Those who suit less stay strangers.
    private static let leastScore: Float = 0.6
    private static let mostChosen = 20
    /// Larger cities are searched in circles of so many people, so that a search stays linear in the city.
    private static let circle = 16_384

    init(_ people: SyntheticPeople, _ search: SimilaritySearch, _ random: SeededRandom) {
        self.people = people
        self.search = search
        self.random = random
    }

    /// For each resident of a city, whom they are most like, best first, by number.
    func similar(in city: Int, _ pool: ComputePool) -> [[UInt32]] {
        let residents = people.residents(of: city)
        let circles = max(1, (residents.count + Self.circle - 1) / Self.circle)
        var all: [[UInt32]] = []
        all.reserveCapacity(residents.count)
        for circle in 0..<circles {
            let start = residents.lowerBound + circle * residents.count / circles
            let end = residents.lowerBound + (circle + 1) * residents.count / circles
            // Twice as many as needed, so that differences of rounding stay out of the half that is kept.
            let found = search.nearest(
                people.tastes(of: start..<end), Taxonomy.fineTags.count, 2 * Self.similarMet, pool)
            all += pool.map(end - start) { row in
                closest(to: start + row, among: found[row].map { UInt32(start) + $0 })
            }
        }
        return all
    }

    private func closest(to person: Int, among candidates: [UInt32]) -> [UInt32] {
        var scored = candidates.map { (person: $0, score: people.trueOverlap(person, Int($0))) }
        scored.sort { ($1.score, $0.person) < ($0.score, $1.person) }
        return scored.prefix(Self.similarMet).map(\.person)
    }

    /// The ties within a city, ascending, each once.
    func ties(in city: Int, similar: [[UInt32]], _ pool: ComputePool) -> [SyntheticTie] {
        let residents = people.residents(of: city)
        let chosen = pool.map(residents.count) { row in
            let person = residents.lowerBound + row
            var random = random.child("friends", UInt64(person))
            let wanted = min(2 + Int(4 * random.exponential()), Self.mostChosen)
            var candidates = similar[row]
            for _ in 0..<Self.chanceMet {
                candidates.append(UInt32(residents.lowerBound + random.below(residents.count)))
            }
            return choose(wanted, for: person, among: candidates, &random)
        }
        return distinct(chosen.joined())
    }

    /// The ties between cities, ascending, each once. O(people).
    func tiesBetweenCities(_ pool: ComputePool) -> [SyntheticTie] {
        guard people.starts.count > 2 else { return [] }
        let chosen = pool.map(people.persons.count, chunks: 16) { person -> [UInt64] in
            var random = random.child("friends away", UInt64(person))
            guard random.uniform() < Self.awayShare else { return [] }
            let residents = people.residents(of: people.anotherCity(than: people.home(of: person), &random))
            let candidates = (0..<Self.awayMet).map { _ in
                UInt32(residents.lowerBound + random.below(residents.count))
            }
            return choose(1, for: person, among: candidates, &random)
        }
        return distinct(chosen.joined())
    }

    /// Those of the candidates who suit a person best, as keys of ties.
    private func choose(
        _ wanted: Int, for person: Int, among candidates: [UInt32], _ random: inout SeededRandom
    ) -> [UInt64] {
        var met = candidates.filter { Int($0) != person }
        met.sort()
        var suiting: [(person: UInt32, score: Float)] = []
        for (index, other) in met.enumerated() {
            if index > 0 && met[index - 1] == other { continue }
            let score =
                Self.tasteWeight * people.trueOverlap(person, Int(other))
                + Self.neighborhoodWeight * people.sharedNeighborhoods(person, Int(other))
                + Self.chanceWeight * bell(&random)
            if score >= Self.leastScore { suiting.append((other, score)) }
        }
        suiting.sort { ($1.score, $0.person) < ($0.score, $1.person) }
        return suiting.prefix(wanted).map { pairKey(person, Int($0.person)) }
    }

    private func distinct(_ keys: some Sequence<UInt64>) -> [SyntheticTie] {
        ascending(keys).map { key in
            let (first, second) = pair(of: key)
            return SyntheticTie(
                first: UInt32(first), second: UInt32(second), overlap: people.trueOverlap(first, second))
        }
    }
}

/// Two people as one number, in either order; keys ascend by the first, then the second.
func pairKey(_ one: Int, _ other: Int) -> UInt64 { UInt64(min(one, other)) << 32 | UInt64(max(one, other)) }

/// The people of a key, the smaller first.
func pair(of key: UInt64) -> (first: Int, second: Int) { (Int(key >> 32), Int(key & 0xFFFF_FFFF)) }

/// Sorted, each once.
func ascending<Number: Comparable>(_ numbers: some Sequence<Number>) -> [Number] {
    let sorted = numbers.sorted()
    var distinct: [Number] = []
    distinct.reserveCapacity(sorted.count)
    for number in sorted where distinct.last != number { distinct.append(number) }
    return distinct
}
