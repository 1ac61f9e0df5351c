// What the model says of somebody by features alone: the encoder and all layers, for a vertex that nobody talks to.
// So a person or a place that came after the training has a row to be searched by, and an explanation can ask what a
// row would be without one of its features. The same formulas as on the tape (GraphRec+Encoder.swift), in plain matrix
// products; tests hold both against each other.

import Basics
import Graph
import Linalg

/// Embeds rows of features. Any thread may ask.
package struct FeatureEncoder: Sendable {
    private let people: EncoderNetwork
    private let places: EncoderNetwork

    /// `weights` are a whole model's shared weights.
    package init(configuration: GraphRecConfiguration, weights: [Float]) {
        let layout = GraphRecLayout(configuration)
        precondition(weights.count == layout.count, "weights belong to their configuration")
        people = EncoderNetwork(
            layout.people, columns: PersonColumns.count, tags: PersonColumns.fineTags,
            neighborhood: PersonColumns.neighborhood, layers: layout.layers.map(\.people), weights)
        places = EncoderNetwork(
            layout.places, columns: PlaceColumns.count, tags: PlaceColumns.fineTags,
            neighborhood: PlaceColumns.neighborhood, layers: layout.layers.map(\.places), weights)
    }

    /// [people, dimensions] of `features`, [people, 148] as in a `CityGraph`; tastes that were derived from visits are
    /// to be zero, see `CityInputs`. Features know only the neighborhood of a home: people count as found there.
    package func embedPeople(_ features: [Float]) -> [Float] { people.embed(features) }

    /// [places, dimensions] of `features`, [places, 114].
    package func embedPlaces(_ features: [Float]) -> [Float] { places.embed(features) }
}

/// One kind of vertex: encoder, then each layer's own part.
private struct EncoderNetwork: Sendable {
    /// An embedding table, multiplied once for each of its rows.
    private struct Table {
        let column: Int
        let rows: Int
        /// [rows, hidden], and [rows, dimensions] past the hidden layer; nil where it does not go that way.
        let hidden: [Float]?
        let straight: [Float]?
    }

    private typealias Norm = (gain: [Float], shift: [Float])

    private let columns: Int
    private let tags: Range<Int>
    private let quantities: [Range<Int>]
    private let tables: [Table]
    private let features: [Float]
    private let hiddenBias: [Float]
    private let output: [Float]
    private let outputBias: [Float]
    private let norm: Norm
    private let straight: (weights: [Float], bias: [Float])?
    private let layers: [(weights: [Float], bias: [Float], norm: Norm)]

    init(
        _ blocks: EncoderBlocks, columns: Int, tags: Range<Int>, neighborhood: Int, layers: [SelfBlocks],
        _ weights: [Float]
    ) {
        func matrix(_ block: ParameterBlock) -> [Float] { Array(weights[block.range]) }
        func norm(_ blocks: NormBlocks) -> Norm { (matrix(blocks.gain), matrix(blocks.shift)) }
        func looked(_ table: ParameterBlock, _ by: ParameterBlock) -> [Float] {
            product(matrix(table), matrix(by), rows: table.rows, inner: table.columns)
        }
        self.columns = columns
        self.tags = tags
        quantities = blocks.quantities
        var tables = blocks.tables.map { table in
            Table(
                column: table.column, rows: table.table.rows, hidden: looked(table.table, table.weights),
                straight: table.straight.map { looked(table.table, $0) })
        }
        if let shares = blocks.neighborhoods {
            let table = Table(column: neighborhood, rows: shares.rows, hidden: nil, straight: matrix(shares))
            tables.append(table)
        }
        self.tables = tables
        features = matrix(blocks.features)
        hiddenBias = matrix(blocks.hiddenBias)
        output = matrix(blocks.output)
        outputBias = matrix(blocks.outputBias)
        self.norm = norm(blocks.norm)
        if let weights = blocks.straight, let bias = blocks.straightBias {
            straight = (matrix(weights), matrix(bias))
        } else {
            straight = nil
        }
        self.layers = layers.map { (matrix($0.weights), matrix($0.bias), norm($0.norm)) }
    }

    func embed(_ rows: [Float]) -> [Float] {
        precondition(rows.count % columns == 0, "features come in whole rows")
        let count = rows.count / columns
        if count == 0 { return [] }
        var scaled = rows
        makeUnitLength(tags, of: &scaled, columns: columns)
        var read: [Float] = []
        read.reserveCapacity(count * features.count / hiddenBias.count)
        for row in 0..<count {
            let start = row * columns
            for range in quantities { read += scaled[start + range.lowerBound..<start + range.upperBound] }
        }
        var hidden = layer(read, rows, features, hiddenBias, count) { $0.hidden }
        rectify(&hidden)
        var x = product(hidden, output, rows: count, inner: hiddenBias.count, adding: outputBias)
        normalize(&x, norm)
        if let straight { add(layer(read, rows, straight.weights, straight.bias, count) { $0.straight }, to: &x) }
        for layer in layers {
            var next = product(x, layer.weights, rows: count, inner: outputBias.count, adding: layer.bias)
            rectify(&next)
            normalize(&next, layer.norm)
            add(next, to: &x)
        }
        return x
    }

    /// Quantities times weights, bias, and a row of each table.
    private func layer(
        _ read: [Float], _ rows: [Float], _ weights: [Float], _ bias: [Float], _ count: Int,
        _ looked: (Table) -> [Float]?
    ) -> [Float] {
        let width = bias.count
        var result = product(read, weights, rows: count, inner: weights.count / width, adding: bias)
        var target = result.mutableSpan
        for table in tables {
            guard let values = looked(table) else { continue }
            for row in 0..<count {
                let key = max(0, Int(rows[row * columns + table.column])) % table.rows
                for column in 0..<width { target[row * width + column] += values[key * width + column] }
            }
        }
        return result
    }
}

/// [rows, inner] times [inner, columns], plus a row for each.
private func product(_ a: [Float], _ b: [Float], rows: Int, inner: Int, adding bias: [Float] = []) -> [Float] {
    let columns = b.count / inner
    var result: [Float] = []
    result.reserveCapacity(rows * columns)
    for _ in 0..<rows { result += bias }
    if bias.isEmpty { result = [Float](repeating: 0, count: rows * columns) }
    var target = result.mutableSpan
    multiply(a.span, b.span, into: &target, rows: rows, columns: columns, inner: inner, keep: 1)
    return result
}

private func normalize(_ values: inout [Float], _ norm: (gain: [Float], shift: [Float])) {
    let width = norm.gain.count
    let count = values.count / width
    var target = values.mutableSpan
    for row in 0..<count {
        let range = row * width..<(row + 1) * width
        var sum: Float = 0
        for index in range { sum += target[index] }
        let mean = sum / Float(width)
        var squares: Float = 0
        for index in range { squares += (target[index] - mean) * (target[index] - mean) }
        let scale = 1 / (squares / Float(width) + 1e-5).squareRoot()
        for column in 0..<width {
            let index = row * width + column
            target[index] = (target[index] - mean) * scale * norm.gain[column] + norm.shift[column]
        }
    }
}

private func rectify(_ values: inout [Float]) {
    var target = values.mutableSpan
    for index in target.indices { target[index] = 0.5 * (target[index] + abs(target[index])) }
}

private func add(_ more: [Float], to values: inout [Float]) {
    var target = values.mutableSpan
    for index in target.indices { target[index] += more[index] }
}
