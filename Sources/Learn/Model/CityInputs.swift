// The arrays of a city as a model reads them: quantities in rows of their own, numbers of embedding tables beside them,
// and the kinds of its edges.

import Basics
import Graph

/// What an encoder reads of all vertices of one kind.
struct VertexInputs: Equatable, Sendable {
    /// Features that are quantities.
    let quantities: SparseRows
    /// What passes the hidden layer: the same, and behind them a column for each neighborhood, with the share of their
    /// time that people say they spend there, or 1 where a place is. Nil where nothing passes.
    let straight: SparseRows?
    /// One array for each embedding table: the row that each vertex looks up.
    let keys: [[UInt32]]

    var bytes: Int { 8 * quantities.values.count + 4 * (quantities.offsets.count + keys.reduce(0) { $0 + $1.count }) }
}

extension VertexInputs {
    /// `features` is [vertices, columns] as in a `CityGraph`; neighborhoods share a column modulo their number.
    init(
        _ features: [Float], columns: Int, _ blocks: EncoderBlocks,
        neighborhoods: (Int) -> [(number: Int, share: Float)]
    ) {
        let count = features.count / columns
        let buckets = blocks.neighborhoods?.rows ?? 0
        var (quantities, straight): ([Float], [Float]) = ([], [])
        quantities.reserveCapacity(count * blocks.features.rows)
        straight.reserveCapacity(count * (blocks.passing?.rows ?? 0))
        for row in 0..<count {
            let first = quantities.count
            for range in blocks.quantities {
                quantities += features[row * columns + range.lowerBound..<row * columns + range.upperBound]
            }
            if buckets == 0 { continue }
            straight += quantities[first...]
            let end = straight.count
            straight.append(contentsOf: repeatElement(0, count: buckets))
            for (number, share) in neighborhoods(row) { straight[end + number % buckets] += share }
        }
        let keys = blocks.tables.map { table in
            (0..<count).map { row in
                UInt32(max(0, Int(features[row * columns + table.column])) % table.table.rows)
            }
        }
        self.init(
            quantities: SparseRows(quantities, width: blocks.features.rows),
            straight: blocks.passing.map { SparseRows(straight, width: $0.rows) }, keys: keys)
    }
}

/// All that a model reads of a city, but for who tells whom.
struct CityInputs: Sendable {
    let people: VertexInputs
    let places: VertexInputs
    let friendshipKinds: EdgeKindTable
    let visitKinds: EdgeKindTable
}

extension CityInputs {
    init(
        personFeatures: [Float], placeFeatures: [Float], socialFeatures: [Float], visitSignals: VisitSignalColumn,
        areas: StatedAreas, _ layout: GraphRecLayout
    ) {
        self.init(
            people: VertexInputs(personFeatures, columns: PersonColumns.count, layout.people) { person in
                let row = Int(areas.offsets[person])..<Int(areas.offsets[person + 1])
                if !row.isEmpty { return row.map { (number: Int(areas.neighborhoods[$0]), share: areas.weights[$0]) } }
                // Who says nothing of it is found at home.
                return Self.whole(personFeatures[person * PersonColumns.count + PersonColumns.neighborhood])
            },
            places: VertexInputs(placeFeatures, columns: PlaceColumns.count, layout.places) { place in
                Self.whole(placeFeatures[place * PlaceColumns.count + PlaceColumns.neighborhood])
            },
            friendshipKinds: EdgeKindTable(friendships: socialFeatures), visitKinds: EdgeKindTable(visits: visitSignals)
        )
    }

    private static func whole(_ neighborhood: Float) -> [(number: Int, share: Float)] {
        [(number: Int(max(0, neighborhood)), share: 1)]
    }

    /// Tastes that are derived from visits are left out: messages tell the same, without the visits to be predicted.
    init(_ graph: CityGraph, _ layout: GraphRecLayout) {
        var people = graph.personFeatures
        var places = graph.placeFeatures
        for person in graph.people.indices where !graph.statesTaste[person] {
            let row = person * PersonColumns.count
            for column in PersonColumns.tastes { people[row + column] = 0 }
        }
        makeUnitLength(PersonColumns.fineTags, of: &people, columns: PersonColumns.count)
        makeUnitLength(PlaceColumns.fineTags, of: &places, columns: PlaceColumns.count)
        self.init(
            personFeatures: people, placeFeatures: places,
            socialFeatures: graph.socialFeatures, visitSignals: graph.visitSignals,
            areas: graph.statedAreas, layout)
    }
}

/// Tags are compared by their directions, so a vertex of many small weights should not be heard less than one of few.
/// `features` are [rows, columns].
func makeUnitLength(_ part: Range<Int>, of features: inout [Float], columns: Int) {
    for row in stride(from: 0, to: features.count, by: columns) {
        let square = features[row + part.lowerBound..<row + part.upperBound].reduce(0) { $0 + $1 * $1 }
        if square == 0 { continue }
        let length = square.squareRoot()
        for column in part { features[row + column] /= length }
    }
}
