// What has changed in a city since its graph was built. Folding it in gives the very arrays that a build from all rows
// would give, for the price of what changed. It holds who changed, not how: the rows are in the store, and every
// reader of the graph folds first.
//
// The costly part of a build is the visits: reading, numbering, ordering by time. A fold does that for the people whose
// visits changed, whose rows it asks for again (a new visit may push an old one out of the held-out part, so
// it takes all visits of a person, held-out ones too, which the graph does not keep); the rows of all others are
// copied. Features are written anew by the same code as in a build: the mean place, the span of days and the
// tastes of friends depend on everybody, and cheaper bookkeeping would owe a proof that not one bit differs.

package import Basics
package import World

/// Rows that came after a graph was built.
package struct GraphDelta: Sendable {
    /// How many rows were inserted.
    package private(set) var rows = 0
    /// People with new visits or a new record.
    private var people: Set<PersonID> = []

    package init() {}

    /// Takes in a row that has passed `validate()` and is stored. O(1).
    package mutating func insert(_ record: Record) {
        rows += 1
        // Places, ties and labels are read anew by every fold.
        if case .visit(let visit) = record { people.insert(visit.person) }
        if case .person(let person) = record { people.insert(person.id) }
    }

    /// The graph of all `rows`, bit for bit what a build from them gives. `rows` hold what the graph was built from and
    /// every row inserted here. O(people + places + friendships), the copy of all visits, and a build of the changed
    /// people's. A graph that skipped visits of strangers, or a place that is gone, makes it a build of everything.
    package func folded(into graph: CityGraph, from rows: some CityRows, pool: ComputePool) throws -> CityGraph {
        let vertices = CityVertices(
            city: graph.city, people: try rows.people(pool: pool), places: try rows.places(pool: pool))
        let places = graph.places.map { vertices.placeIndex.position(of: $0.number) }
        if graph.skipped.visits > 0 || places.contains(nil) {
            return try CityGraph.assemble(vertices, from: rows, heldOutShare: graph.heldOutShare, pool: pool)
        }
        let changed = changedPeople(graph, vertices)
        let ties = try Ties(of: rows, pool: pool)
        let visits = try rows.visits(of: changed.sorted())
        let fresh = VisitPiece(visits[...], of: vertices, heldOutShare: graph.heldOutShare)
        let kept = graph.rows(of: vertices, places: places.compactMap(\.self), without: changed)
        return CityGraph.assemble(
            vertices, pieces: [kept, fresh], ties: ties, heldOutShare: graph.heldOutShare, pool: pool)
    }

    /// The people whose visits cannot be copied: with new visits, with a new record, or moved in or out.
    private func changedPeople(_ graph: CityGraph, _ vertices: CityVertices) -> Set<PersonID> {
        var changed = people
        for (number, id) in graph.people.enumerated() {
            let now = vertices.personIndex.position(of: id.number)
            let livesHere = now.map { Int($0) < vertices.residents }
            if livesHere != (number < graph.residents) { changed.insert(id) }
        }
        return changed
    }
}

extension CityGraph {
    /// The rows of all people but some, by the numbers of `vertices`; `places` gives each place's new number.
    fileprivate func rows(of vertices: CityVertices, places: [UInt32], without changed: Set<PersonID>) -> VisitPiece {
        var piece = VisitPiece()
        let isRenumbered = places.enumerated().contains { $0.offset != Int($0.element) }
        piece.places = isRenumbered ? visitPlaces.map { places[Int($0)] } : visitPlaces
        piece.heldOutPlaces = isRenumbered ? heldOutPlaces.map { places[Int($0)] } : heldOutPlaces
        piece.packed = visitSignals.packedParts
        piece.seconds = visitSignals.seconds
        for (number, id) in people.enumerated() where !changed.contains(id) {
            guard let person = vertices.personIndex.position(of: id.number) else { continue }
            piece.rows.append(
                VisitPiece.Row(
                    person: person, visits: visits(of: UInt32(number)),
                    heldOut: number < residents ? heldOut(of: UInt32(number)) : 0..<0,
                    firstTime: visitSpans[2 * number], lastTime: visitSpans[2 * number + 1]))
        }
        return piece
    }
}
