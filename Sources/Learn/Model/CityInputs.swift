// The arrays of a city as a model reads them: quantities in rows of their own, numbers of embedding tables beside them,
// and the kinds of its edges.

import Basics
import Graph

/// What an encoder reads of all vertices of one kind.
struct VertexInputs: Sendable {
    /// Features that are quantities.
    let quantities: SparseRows
    /// One array for each embedding table: the row that each vertex looks up.
    let keys: [[UInt32]]

    var bytes: Int { 8 * quantities.values.count + 4 * (quantities.offsets.count + keys.reduce(0) { $0 + $1.count }) }
}

extension VertexInputs {
    /// `features` is [vertices, columns] as in a `CityGraph`.
    init(_ features: [Float], columns: Int, _ blocks: EncoderBlocks) {
        let count = features.count / columns
        let width = blocks.features.rows
        var quantities: [Float] = []
        quantities.reserveCapacity(count * width)
        for row in 0..<count {
            for range in blocks.quantities {
                quantities += features[row * columns + range.lowerBound..<row * columns + range.upperBound]
            }
        }
        let keys = blocks.tables.map { table in
            (0..<count).map { row in
                UInt32(max(0, Int(features[row * columns + table.column])) % table.table.rows)
            }
        }
        self.init(quantities: SparseRows(quantities, width: width), keys: keys)
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
        _ layout: GraphRecLayout
    ) {
        self.init(
            people: VertexInputs(personFeatures, columns: PersonColumns.count, layout.people),
            places: VertexInputs(placeFeatures, columns: PlaceColumns.count, layout.places),
            friendshipKinds: EdgeKindTable(friendships: socialFeatures), visitKinds: EdgeKindTable(visits: visitSignals)
        )
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
            socialFeatures: graph.socialFeatures, visitSignals: graph.visitSignals, layout)
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
