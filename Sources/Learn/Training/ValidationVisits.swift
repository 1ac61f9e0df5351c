// The end of what training may see. How much popularity counts is chosen by how well it is foretold (and, in the bench,
// when to stop), so no step has it as something to predict or as a message; features that count visits, such as a
// place's popularity, still count these. What is held out for evaluation is another, later part, which chooses nothing.

import Graph

/// The places that residents first visited in the last part of their training visits.
struct ValidationVisits: Sendable {
    /// Local places of resident p, ascending: `places[offsets[p]..<offsets[p + 1]]`.
    private(set) var places: [UInt32] = []
    private(set) var offsets: [UInt32] = [0]
    /// The same as person << 32 | place.
    private(set) var pairs: Set<UInt64> = []

    /// `share` of each resident's visits, at least one, and none of fewer than five.
    init(_ graph: CityGraph, share: Float) {
        for person in 0..<UInt32(graph.residents) {
            let visits = graph.visitPlaces[graph.visits(of: person)]
            let last = visits.count < 5 || share <= 0 ? 0 : max(1, Int(Float(visits.count) * share))
            let new = Set(visits.suffix(last)).subtracting(visits.dropLast(last)).sorted()
            places += new
            offsets.append(UInt32(places.count))
            for place in new { pairs.insert(UInt64(person) << 32 | UInt64(place)) }
        }
    }

    func row(_ resident: Int) -> ArraySlice<UInt32> { places[Int(offsets[resident])..<Int(offsets[resident + 1])] }

    private static let judgesMost = 1000

    /// Residents' kept-back visits as something to be found by the visits before them, for at most a thousand of them;
    /// nobody is judged where none are kept back.
    func task(in graph: CityGraph) -> RankingTask {
        let known = DistinctVisits(graph, without: pairs)
        let visits = (0..<UInt32(graph.residents)).flatMap { person in
            known.row(Int(person)).map { (user: person, item: $0) }
        }
        let wanted = (0..<UInt32(graph.residents)).flatMap { person in
            row(Int(person)).map { (user: person, item: $0) }
        }
        let count = graph.places.count
        return RankingTask(
            known: ItemLists(users: graph.residents, items: count, pairs: visits),
            wanted: ItemLists(users: graph.residents, items: count, pairs: wanted)
        ).judging(atMost: Self.judgesMost)
    }
}
