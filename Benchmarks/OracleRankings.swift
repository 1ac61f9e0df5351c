// How well different judges rank, for each person, the places of their city where they have not been yet, held
// against the places that the last tenth of their visits brought. The oracle knows the hidden utilities; the others
// know what a simple system would know.

import Basics
import Glibc
import World

/// A made-up world split into what is known and what is held out.
struct OracleRankings {
    private let truth: HiddenTruth
    private let pool: ComputePool
    private var people: [Person] = []
    /// By number, as the ids of a made-up world are.
    private var places: [Place] = []
    private var visits: [[Visit]]
    private var friends: [[Int]]
    /// Distinct people who visited each place in the known part.
    private var visitors: [Int] = []

    /// At most so many people are judged by.
    private static let judgesMost = 2000

    init(_ configuration: SyntheticConfiguration, _ pool: ComputePool) throws {
        self.pool = pool
        truth = try HiddenTruth(configuration, pool: pool)
        var (visits, friends) = (
            [[Visit]](repeating: [], count: configuration.people), [[Int]](repeating: [], count: configuration.people)
        )
        var (people, places): ([Person], [Place]) = ([], [])
        try Cities(made: configuration, pool: pool).read(emit: { city, record in
            switch record {
            case .person(let person) where person.homeCity == city: people.append(person)
            case .place(let place): places.append(place)
            case .visit(let visit) where people[Int(visit.person.number)].homeCity == city:
                visits[Int(visit.person.number)].append(visit)
            case .friendship(let tie) where people[Int(tie.first.number)].homeCity == city:
                friends[Int(tie.first.number)].append(Int(tie.second.number))
                friends[Int(tie.second.number)].append(Int(tie.first.number))
            default: break
            }
        })
        (self.people, self.places, self.visits, self.friends) = (people, places, visits, friends)
        visitors = [Int](repeating: 0, count: places.count)
        for number in people.indices { for place in known(number) { visitors[place] += 1 } }
    }

    /// The distinct places of all but the last tenth of somebody's visits.
    private func known(_ number: Int) -> Set<Int> {
        Set(visits[number].dropLast(visits[number].count / 10).map { Int($0.place.number) })
    }

    /// The mean NDCG@10 of each judge.
    func ndcgAt10() -> [String: Double] {
        let step = max(1, people.count / Self.judgesMost)
        let numbers = stride(from: 0, to: people.count, by: step).filter { !visits[$0].isEmpty }
        let scores = pool.map(numbers.count, chunks: 16) { judged(numbers[$0]) }
        var sums: [String: Double] = [:]
        var count = 0.0
        for one in scores where !one.isEmpty {
            count += 1
            for (judge, score) in one { sums[judge, default: 0] += score }
        }
        return sums.mapValues { $0 / count }
    }

    /// Each judge's NDCG@10 for one person; none where nothing new was held out.
    private func judged(_ number: Int) -> [(String, Double)] {
        let known = known(number)
        let wanted = Set(visits[number].suffix(visits[number].count / 10).map { Int($0.place.number) })
            .subtracting(known)
        if wanted.isEmpty { return [] }
        let (first, utilities) = truth.utilities(of: people[number].id)
        let start = Int(first.number)
        let candidates = (start..<start + utilities.count).filter { !known.contains($0) }
        var together: [Int: Double] = [:]
        for friend in friends[number] { for place in self.known(friend) { together[place, default: 0] += 1 } }
        let history = history(of: known)
        let judges: [(String, (Int) -> Double)] = [
            ("oracle", { Double(utilities[$0 - start]) }),
            ("popularity", { Double(visitors[$0]) }),
            ("friends", { (together[$0] ?? 0) + Double(visitors[$0]) * 1e-6 }),
            ("stated_taste", { cosine(people[number].finePreference, places[$0].fineTags) }),
            ("history", { cosine(history, places[$0].fineTags) }),
            ("random", { Double(SeededRandom.mix(UInt64(number) << 32 | UInt64($0))) }),
        ]
        return judges.map { name, score in (name, ndcg(candidates.map { ($0, score($0)) }, wanted)) }
    }

    /// The mean of the tags of places.
    private func history(of known: Set<Int>) -> [Float] {
        var sum = [Float](repeating: 0, count: Taxonomy.fineTags.count)
        for place in known.sorted() { for (tag, weight) in places[place].fineTags.enumerated() { sum[tag] += weight } }
        return sum
    }

    private func ndcg(_ scored: [(place: Int, score: Double)], _ wanted: Set<Int>) -> Double {
        let best = scored.sorted { ($1.score, $0.place) < ($0.score, $1.place) }.prefix(10)
        var (gain, ideal) = (0.0, 0.0)
        for (rank, entry) in best.enumerated() where wanted.contains(entry.place) { gain += 1 / log2(Double(rank + 2)) }
        for rank in 0..<min(10, wanted.count) { ideal += 1 / log2(Double(rank + 2)) }
        return gain / ideal
    }
}

private func cosine(_ left: [Float], _ right: [Float]) -> Double {
    var (product, one, other): (Float, Float, Float) = (0, 0, 0)
    for index in left.indices {
        product += left[index] * right[index]
        one += left[index] * left[index]
        other += right[index] * right[index]
    }
    return one * other > 0 ? Double(product / (one * other).squareRoot()) : 0
}
