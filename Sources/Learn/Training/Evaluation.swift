// How good a ranking is: does it put the places people really went to next, and had never been to, among the first
// ten? Always beside popularity, which on chronological city data is hard to beat.

import Basics
import Glibc
package import Graph

/// Ranking quality over the residents of one or more cities who have held-out places. Shares in 0...1.
package struct RankingReport: Sendable, Equatable {
    /// Residents with held-out places.
    package var people: Int
    /// Mean share of a person's held-out places among the first 10.
    package var recallAt10: Double
    /// Mean normalized discounted cumulative gain of the first 10, ideal with min(held-out, 10) hits on top.
    package var ndcgAt10: Double
    /// The same for the ranking by number of training visits.
    package var popularityRecallAt10: Double
    package var popularityNDCGAt10: Double

    package init(
        people: Int, recallAt10: Double, ndcgAt10: Double, popularityRecallAt10: Double, popularityNDCGAt10: Double
    ) {
        self.people = people
        self.recallAt10 = recallAt10
        self.ndcgAt10 = ndcgAt10
        self.popularityRecallAt10 = popularityRecallAt10
        self.popularityNDCGAt10 = popularityNDCGAt10
    }

    /// Over all people of several cities: the average weighted by people. Zeros when there are none.
    package static func average(_ reports: [RankingReport]) -> RankingReport {
        let people = reports.reduce(0) { $0 + $1.people }
        func mean(_ value: (RankingReport) -> Double) -> Double {
            if people == 0 { return 0 }
            return reports.reduce(0.0) { $0 + value($1) * Double($1.people) } / Double(people)
        }
        return RankingReport(
            people: people, recallAt10: mean(\.recallAt10), ndcgAt10: mean(\.ndcgAt10),
            popularityRecallAt10: mean(\.popularityRecallAt10), popularityNDCGAt10: mean(\.popularityNDCGAt10))
    }
}

/// Compares rankings with what was held out. `ranked` has one list of local places per resident, best first,
/// training places already masked; only the first ten count. Residents without held-out places are left out.
/// Popularity ranks as `placesByPopularity`, each person's training places masked.
package func evaluate(graph: CityGraph, ranked: [[UInt32]]) -> RankingReport {
    precondition(ranked.count == graph.residents, "one ranking per resident")
    let popular = placesByPopularity(graph)
    var (ours, theirs) = (Quality(), Quality())
    var people = 0
    for resident in 0..<UInt32(graph.residents) {
        let heldOut = graph.heldOutPlaces[graph.heldOut(of: resident)]
        if heldOut.isEmpty { continue }
        people += 1
        ours.add(ranked[Int(resident)].prefix(10), heldOut)
        let visited = Set(graph.visitPlaces[graph.visits(of: resident)])
        theirs.add(popular.lazy.filter { !visited.contains($0) }.prefix(10), heldOut)
    }
    let count = Double(max(people, 1))
    return RankingReport(
        people: people, recallAt10: ours.recall / count, ndcgAt10: ours.gain / count,
        popularityRecallAt10: theirs.recall / count, popularityNDCGAt10: theirs.gain / count)
}

/// Local places, those with most different visitors in training first, ties by lower number. Different visitors, not
/// visits: that is the harder baseline, since one regular does not make a place popular.
package func placesByPopularity(_ graph: CityGraph) -> [UInt32] {
    let visitors = (0..<UInt32(graph.places.count)).map { Set(graph.placeVisitors[graph.visitors(of: $0)]).count }
    return (0..<UInt32(graph.places.count)).sorted { left, right in
        (visitors[Int(right)], left) < (visitors[Int(left)], right)
    }
}

/// Sums over people.
private struct Quality {
    var recall = 0.0
    var gain = 0.0

    mutating func add(_ ranking: some Sequence<UInt32>, _ heldOut: ArraySlice<UInt32>) {
        var hits = 0
        var found = 0.0
        for (position, place) in ranking.enumerated() where heldOut.contains(place) {
            hits += 1
            found += 1 / log2(Double(position + 2))
        }
        var ideal = 0.0
        for position in 0..<min(heldOut.count, 10) { ideal += 1 / log2(Double(position + 2)) }
        recall += Double(hits) / Double(heldOut.count)
        gain += found / ideal
    }
}
