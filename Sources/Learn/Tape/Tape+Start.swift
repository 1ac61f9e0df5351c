// What the rows of a layer start from before anything is multiplied: the bias, rows that are looked up, and sparse
// features. Few of a vertex's features are not zero, so a layer over features is a weighted sum of rows of its weights
// too, like a lookup of several rows at once.

import Basics
import Linalg

/// Columns that one piece takes of a sum over all rows, or of the weights of all features: by columns, so that each sum
/// has one order and one owner, and so many columns of the weights of all features stay in the first-level cache.
private let pieceColumns = 64

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
        self.init(offsets: offsets, columns: columns, values: values, width: width)
    }

    /// `columns` are as many as `values`.
    init(offsets: [UInt32], columns: [UInt32], values: [Float], width: Int) {
        self.columns = columns + repeatElement(0, count: rowsAhead)
        (self.offsets, self.values, self.width) = (offsets, values, width)
    }

    /// The same with single rows of other matrices, as wide, behind them.
    func followed(by rows: [(matrix: SparseRows, row: Int)]) -> SparseRows {
        var (offsets, columns, values) = (offsets, Array(columns[..<values.count]), values)
        for (matrix, row) in rows {
            precondition(matrix.width == width, "rows of one width")
            let entries = Int(matrix.offsets[row])..<Int(matrix.offsets[row + 1])
            columns += matrix.columns[entries]
            values += matrix.values[entries]
            offsets.append(UInt32(values.count))
        }
        return SparseRows(offsets: offsets, columns: columns, values: values, width: width)
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
        let pieces = scratch(features.width * columns)
        forEachPiece(of: columns) { piece in
            copyPiece(piece, of: node(weights), to: pieces + piece.lowerBound * features.width)
        }
        let tables = tables(of: start)
        features.withEntries(rows: input.rows) { entries in
            // SAFETY: a block writes only its own rows.
            nonisolated(unsafe) let (to, pieces) = (node(result).value, pieces)
            let width = features.width
            forEachBlock(of: rows.count, size: 256, on: pool) { block in
                for start in stride(from: 0, to: columns, by: pieceColumns) {
                    let count = min(pieceColumns, columns - start)
                    for row in block {
                        let target = to + row * columns + start
                        entries.weigh(pieces + start * width, row, to: target, count)
                        tables.add(row, to: target, from: start, count: count, columns)
                        if !isRectified { continue }
                        for column in 0..<count { target[column] = 0.5 * (target[column] + abs(target[column])) }
                    }
                }
            }
        }
        return result
    }

    /// What the rows start from but for features, as pointers.
    func tables(of start: LayerStart) -> StartTables<Number> {
        var tables = StartTables(bias: node(start.bias).value)
        for index in 0..<start.lookups.count {
            tables.append(node(start.lookups[index].table).value, start.lookups[index].keys)
        }
        return tables
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
            return addUp(y, gradient, sums, isRectified: start.isRectified, features: nil)
        }
        let width = input.features.width
        let pieces = scratch(width * y.columns)
        pieces.update(repeating: 0, count: width * y.columns)
        input.features.withEntries(rows: input.rows) { entries in
            addUp(y, gradient, sums, isRectified: start.isRectified, features: (entries, pieces, width))
        }
        forEachPiece(of: y.columns) { piece in
            let source = pieces + piece.lowerBound * width
            for row in 0..<width {
                let (target, part) = (weights + row * y.columns + piece.lowerBound, source + row * piece.count)
                for column in 0..<piece.count { target[column] += part[column] }
            }
        }
    }

    /// A piece's sums of weights' gradients lie close together, in `features`: rows of a whole matrix that far apart
    /// would fall into few sets of the first-level cache.
    private func addUp(
        _ y: Node, _ gradient: UnsafeMutablePointer<Number>, _ sums: StartTables<Number>, isRectified: Bool,
        features: (entries: SparseEntries, pieces: UnsafeMutablePointer<Number>, width: Int)?
    ) {
        // SAFETY: a piece touches only its own columns.
        nonisolated(unsafe) let (values, change, features) = (y.value, gradient, features)
        let (rows, columns) = (y.rows, y.columns)
        forEachBlock(of: columns, size: pieceColumns, on: pool) { piece in
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
                guard let (entries, pieces, width) = features else { continue }
                entries.spread(part, row, to: pieces + piece.lowerBound * width, piece.count)
            }
        }
    }

    private func forEachPiece(of columns: Int, _ body: (Range<Int>) -> Void) {
        for start in stride(from: 0, to: columns, by: pieceColumns) {
            body(start..<min(start + pieceColumns, columns))
        }
    }

    /// Some columns of a matrix, close together.
    private func copyPiece(_ piece: Range<Int>, of matrix: Node, to target: UnsafeMutablePointer<Number>) {
        for row in 0..<matrix.rows {
            let source = matrix.value + row * matrix.columns + piece.lowerBound
            (target + row * piece.count).update(from: source, count: piece.count)
        }
    }
}

/// The arrays of `SparseRows`, for loops.
///
/// SAFETY (@unchecked Sendable): nobody writes to them.
struct SparseEntries: @unchecked Sendable {
    let offsets: UnsafePointer<UInt32>
    let columns: UnsafePointer<UInt32>
    let values: UnsafePointer<Float>
    let rows: UnsafePointer<UInt32>

    @inline(__always)
    func range(_ row: Int) -> Range<Int> { Int(offsets[Int(rows[row])])..<Int(offsets[Int(rows[row]) + 1]) }

    /// target = Σ value · table[feature] over a row's features; `table` is [features, width].
    func weigh<Number: Scalar>(
        _ table: UnsafePointer<Number>, _ row: Int, to target: UnsafeMutablePointer<Number>, _ width: Int
    ) {
        let range = range(row)
        if Number.self == Float.self {
            // SAFETY: Number is Float.
            return Float.weighRows(
                UnsafeRawPointer(table).assumingMemoryBound(to: Float.self), columns: width,
                columns + range.lowerBound, values + range.lowerBound, count: range.count,
                into: UnsafeMutableRawPointer(target).assumingMemoryBound(to: Float.self))
        }
        target.update(repeating: 0, count: width)
        for index in range {
            let (source, value) = (table + Int(columns[index]) * width, Number(values[index]))
            for column in 0..<width { target[column] += value * source[column] }
        }
    }

    /// table[feature] += value · source over a row's features.
    func spread<Number: Scalar>(
        _ source: UnsafePointer<Number>, _ row: Int, to table: UnsafeMutablePointer<Number>, _ width: Int
    ) {
        let range = range(row)
        if Number.self == Float.self {
            // SAFETY: Number is Float.
            return spreadRow(
                UnsafeRawPointer(source).assumingMemoryBound(to: Float.self), columns: width,
                to: UnsafeMutableRawPointer(table).assumingMemoryBound(to: Float.self), stride: width,
                columns + range.lowerBound, values + range.lowerBound, count: range.count)
        }
        for index in range {
            let (target, value) = (table + Int(columns[index]) * width, Number(values[index]))
            for column in 0..<width { target[column] += value * source[column] }
        }
    }
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

/// The bias and the tables that a layer starts from, or their gradients.
///
/// SAFETY (@unchecked Sendable): threads read it, or write rows or columns that are theirs alone.
struct StartTables<Number: Scalar>: @unchecked Sendable {
    let bias: UnsafeMutablePointer<Number>
    private var tables: InlineArray<4, UnsafeMutablePointer<Number>?> = .init(repeating: nil)
    private var keys: InlineArray<4, UnsafePointer<UInt32>?> = .init(repeating: nil)
    private var count = 0

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
        target.update(from: bias, count: columns)
        for index in 0..<count {
            let added = entry(index, row, columns)
            for column in 0..<columns { target[column] += added[column] }
        }
    }

    /// target += `width` columns of what `row` starts from, from column `first` on.
    func add(
        _ row: Int, to target: UnsafeMutablePointer<Number>, from first: Int, count width: Int, _ columns: Int
    ) {
        let shift = bias + first
        for column in 0..<width { target[column] += shift[column] }
        for index in 0..<count {
            let added = entry(index, row, columns) + first
            for column in 0..<width { target[column] += added[column] }
        }
    }

    /// Adds `width` columns of a row, from column `first` on, to all that the row starts from.
    func add(
        _ source: UnsafeMutablePointer<Number>, _ row: Int, from first: Int, count width: Int, _ columns: Int
    ) {
        let shift = bias + first
        for column in 0..<width { shift[column] += source[column] }
        for index in 0..<count {
            let target = entry(index, row, columns) + first
            for column in 0..<width { target[column] += source[column] }
        }
    }
}
