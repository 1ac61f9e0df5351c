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
}
