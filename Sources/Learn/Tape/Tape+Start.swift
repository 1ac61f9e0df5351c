// What the rows of a layer start from before anything is multiplied: the bias, rows that are looked up, and sparse
// features. Few of a vertex's features are not zero, so a layer over features is a weighted sum of rows of its weights
// too, like a lookup of several rows at once.

import Basics
import Linalg

/// Columns that one piece of a sum over all rows takes: by columns, so that each sum has one order and one owner, and
/// the weights of all features, in so many columns, stay in the first-level cache.
private let gradientColumns = 64

/// How far ahead of their use rows are asked for.
private let rowsForeseen = 8

/// Rows of features without gradient, most of them zero, in compressed form.
struct SparseRows: Sendable, Equatable {
    /// Entries of row r are at `offsets[r]..<offsets[r + 1]`.
    let offsets: [UInt32]
    /// The column of each entry, ascending within a row, and `rowsAhead` zeros behind the last.
    let columns: [UInt32]
    let values: [Float]
    /// Columns that there are.
    let width: Int

    /// `matrix` is [rows, width].
    init(_ matrix: [Float], width: Int) {
        precondition(width > 0 && matrix.count % width == 0, "a matrix has whole rows")
        var (offsets, columns, values): ([UInt32], [UInt32], [Float]) = ([0], [], [])
        for (index, value) in matrix.enumerated() {
            if value != 0 {
                columns.append(UInt32(index % width))
                values.append(value)
            }
            if (index + 1) % width == 0 { offsets.append(UInt32(values.count)) }
        }
        columns.append(contentsOf: repeatElement(0, count: rowsAhead))
        (self.offsets, self.columns, self.values, self.width) = (offsets, columns, values, width)
    }
}

/// Rows of a table that are added to a layer's rows: `table[keys[i]]` to row i.
struct Lookup {
    let table: Value
    /// As many as the layer has rows; memory of the step.
    let keys: UnsafePointer<UInt32>
}

/// Up to four lookups, without memory of their own.
struct Lookups {
    private var all: InlineArray<4, Lookup?> = .init(repeating: nil)
    private(set) var count = 0

    mutating func append(_ lookup: Lookup) {
        precondition(count < 4, "a layer looks up at most four tables")
        all[count] = lookup
        count += 1
    }

    subscript(index: Int) -> Lookup {
        guard index < count, let lookup = all[index] else { preconditionFailure("there is no lookup \(index)") }
        return lookup
    }
}

/// Features of a layer's rows: row i has those of row `rows[i]` of `features`.
struct FeatureInput {
    let features: SparseRows
    let rows: UnsafePointer<UInt32>
    /// [features' width, n]
    let weights: Value
}

/// A layer's first part, which its rows start from.
struct LayerStart {
    let bias: Value
    let lookups: Lookups
    let features: FeatureInput?
    /// Whether the result is max(sum, 0). Nothing may then be added to it.
    let isRectified: Bool
    let result: Value
}

extension Tape {
    /// result[i] = features[rows[i]] · weights + bias[1, n] + looked-up rows; max(that, 0) when rectified.
    mutating func featureLayer(
        _ features: SparseRows, rows: [UInt32], _ weights: Value, bias: Value, lookups: Lookups,
        isRectified: Bool = true
    ) -> Value {
        let columns = node(weights).columns
        precondition(node(weights).rows == features.width && node(bias).count == columns, "weights for each feature")
        precondition(rows.allSatisfy { Int($0) + 1 < features.offsets.count }, "a row with features exists")
        let result = leaf(rows: rows.count, columns: columns, needsGradient: true)
        let input = FeatureInput(features: features, rows: keep(rows), weights: weights)
        let start = LayerStart(
            bias: bias, lookups: lookups, features: input, isRectified: isRectified, result: result)
        record(.start(start))
        runStart(start) { tables in
            // SAFETY: a block writes only its own rows.
            nonisolated(unsafe) let to = node(result).value
            forEachBlock(of: rows.count, size: 256, on: pool) { block in
                for row in block {
                    let target = to + row * columns
                    tables.write(row, to: target, columns)
                    if !isRectified { continue }
                    for column in 0..<columns { target[column] = 0.5 * (target[column] + abs(target[column])) }
                }
            }
        }
        return result
    }

    /// Hands over what the rows start from, as pointers.
    func runStart(_ start: LayerStart, _ body: (StartTables<Number>) -> Void) {
        var tables = StartTables(bias: node(start.bias).value)
        for index in 0..<start.lookups.count {
            tables.append(node(start.lookups[index].table).value, start.lookups[index].keys)
        }
        guard let input = start.features else { return body(tables) }
        input.features.withEntries(rows: input.rows) { entries in
            tables.features = (node(input.weights).value, entries)
            body(tables)
        }
    }

    /// Lets the gradient through where the result is positive, then sums it: over all rows for the bias, over the rows
    /// of each key for a table, and weighted over the rows with a feature for its weights.
    mutating func startBackward(_ start: LayerStart) {
        let y = node(start.result)
        guard let gradient = y.gradient, let bias = gradientToAdd(start.bias) else { return }
        var sums = StartTables(bias: bias)
        for index in 0..<start.lookups.count {
            if let sum = gradientToAdd(start.lookups[index].table) { sums.append(sum, start.lookups[index].keys) }
        }
        guard let input = start.features, let weights = gradientToAdd(input.weights) else {
            return addUp(y, gradient, sums, isRectified: start.isRectified)
        }
        input.features.withEntries(rows: input.rows) { entries in
            sums.features = (weights, entries)
            addUp(y, gradient, sums, isRectified: start.isRectified)
        }
    }

    private func addUp(
        _ y: Node, _ gradient: UnsafeMutablePointer<Number>, _ sums: StartTables<Number>, isRectified: Bool
    ) {
        // SAFETY: a piece touches only its own columns.
        nonisolated(unsafe) let (values, change) = (y.value, gradient)
        let (rows, columns) = (y.rows, y.columns)
        forEachBlock(of: columns, size: gradientColumns, on: pool) { piece in
            for row in 0..<rows {
                let part = change + row * columns + piece.lowerBound
                // A few columns of each row: too far apart for the processor to foresee.
                Number.prefetch(part + rowsForeseen * columns, count: piece.count)
                if isRectified {
                    let result = values + row * columns + piece.lowerBound
                    Number.prefetch(result + rowsForeseen * columns, count: piece.count)
                    for column in 0..<piece.count { part[column] = result[column] > 0 ? part[column] : 0 }
                }
                sums.add(part, row, from: piece.lowerBound, count: piece.count, columns)
            }
        }
    }
}

/// The arrays of `SparseRows`, for loops.
struct SparseEntries {
    let offsets: UnsafePointer<UInt32>
    let columns: UnsafePointer<UInt32>
    let values: UnsafePointer<Float>
    let rows: UnsafePointer<UInt32>

    @inline(__always)
    func range(_ row: Int) -> Range<Int> { Int(offsets[Int(rows[row])])..<Int(offsets[Int(rows[row]) + 1]) }
}

extension SparseRows {
    fileprivate func withEntries(rows: UnsafePointer<UInt32>, _ body: (SparseEntries) -> Void) {
        offsets.withUnsafeBufferPointer { offsets in
            columns.withUnsafeBufferPointer { columns in
                values.withUnsafeBufferPointer { values in
                    guard let first = offsets.baseAddress, let second = columns.baseAddress else { return }
                    // Without an entry the values have no memory, and none is read.
                    let third = values.baseAddress ?? UnsafeRawPointer(second).assumingMemoryBound(to: Float.self)
                    body(SparseEntries(offsets: first, columns: second, values: third, rows: rows))
                }
            }
        }
    }
}

/// The matrices a layer starts from, or their gradients.
///
/// SAFETY (@unchecked Sendable): threads read it, or write rows or columns that are theirs alone.
struct StartTables<Number: Scalar>: @unchecked Sendable {
    let bias: UnsafeMutablePointer<Number>
    private var tables: InlineArray<4, UnsafeMutablePointer<Number>?> = .init(repeating: nil)
    private var keys: InlineArray<4, UnsafePointer<UInt32>?> = .init(repeating: nil)
    private var count = 0
    fileprivate var features: (weights: UnsafeMutablePointer<Number>, entries: SparseEntries)?

    fileprivate init(bias: UnsafeMutablePointer<Number>) { self.bias = bias }

    fileprivate mutating func append(_ table: UnsafeMutablePointer<Number>, _ keys: UnsafePointer<UInt32>) {
        (tables[count], self.keys[count]) = (table, keys)
        count += 1
    }

    @inline(__always)
    private func entry(_ index: Int, _ row: Int, _ columns: Int) -> UnsafeMutablePointer<Number> {
        // SAFETY: the first `count` are set.
        tables[index]! + Int(keys[index]![row]) * columns
    }

    /// target = what `row` starts from.
    func write(_ row: Int, to target: UnsafeMutablePointer<Number>, _ columns: Int) {
        if let features {
            weigh(features.weights, features.entries, row, to: target, columns)
            for column in 0..<columns { target[column] += bias[column] }
        } else {
            target.update(from: bias, count: columns)
        }
        for index in 0..<count {
            let added = entry(index, row, columns)
            for column in 0..<columns { target[column] += added[column] }
        }
    }

    private func weigh(
        _ weights: UnsafeMutablePointer<Number>, _ entries: SparseEntries, _ row: Int,
        to target: UnsafeMutablePointer<Number>, _ columns: Int
    ) {
        let range = entries.range(row)
        if Number.self == Float.self {
            // SAFETY: Number is Float.
            Float.weighRows(
                UnsafeRawPointer(weights).assumingMemoryBound(to: Float.self), columns: columns,
                entries.columns + range.lowerBound, entries.values + range.lowerBound, count: range.count,
                into: UnsafeMutableRawPointer(target).assumingMemoryBound(to: Float.self))
            return
        }
        target.update(repeating: 0, count: columns)
        for index in range {
            let (source, value) = (weights + Int(entries.columns[index]) * columns, Number(entries.values[index]))
            for column in 0..<columns { target[column] += value * source[column] }
        }
    }

    /// Adds `count` columns of a row, from column `first` on, to all that the row starts from.
    func add(
        _ source: UnsafeMutablePointer<Number>, _ row: Int, from first: Int, count width: Int, _ columns: Int
    ) {
        let shift = bias + first
        for column in 0..<width { shift[column] += source[column] }
        for index in 0..<count {
            let target = entry(index, row, columns) + first
            for column in 0..<width { target[column] += source[column] }
        }
        guard let features else { return }
        if Number.self == Float.self {
            let (entries, range) = (features.entries, features.entries.range(row))
            // SAFETY: Number is Float; the piece's columns of all rows are the caller's.
            return spreadRow(
                UnsafeRawPointer(source).assumingMemoryBound(to: Float.self), columns: width,
                to: UnsafeMutableRawPointer(features.weights + first).assumingMemoryBound(to: Float.self),
                stride: columns, entries.columns + range.lowerBound, entries.values + range.lowerBound,
                count: range.count)
        }
        for index in features.entries.range(row) {
            let target = features.weights + Int(features.entries.columns[index]) * columns + first
            let value = Number(features.entries.values[index])
            for column in 0..<width { target[column] += value * source[column] }
        }
    }
}
