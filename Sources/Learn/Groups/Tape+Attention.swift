// Attention of many small sets at once: every row to the rows of its own set, or one learned query to all rows of each
// set. Rows of a set are neighbors: set s has rows offsets[s]..<offsets[s + 1].

import Basics
import Linalg

/// Sets that one block of work goes through.
private let setsPerBlock = 64

/// What an attention leaves for its backward.
struct Attention<Number: Scalar> {
    let shape: AttentionShape
    /// Without a seed [rows, 3 · width]: queries, keys, values side by side. With one [rows, 2 · width]: keys and
    /// values.
    let input: Value
    /// [1, width], the query of every set.
    let seed: Value?
    let sets: Int
    let offsets: UnsafePointer<UInt32>
    /// Where the weights of each set start, in rows of the set's lanes.
    let starts: UnsafePointer<UInt32>
    let weights: UnsafeMutablePointer<Number>
    let lanesMax: Int
    let queriesMax: Int
    let result: Value

    fileprivate func set(
        _ index: Int, _ input: UnsafePointer<Number>, _ seed: UnsafePointer<Number>?
    ) -> AttentionSet<Number> {
        let (first, end) = (Int(offsets[index]), Int(offsets[index + 1]))
        let width = shape.width
        if let seed {
            let rows = input + first * 2 * width
            return AttentionSet(
                queries: seed, queryStride: 0, queryCount: 1, keys: rows, values: rows + width, stride: 2 * width,
                count: end - first)
        }
        let rows = input + first * 3 * width
        return AttentionSet(
            queries: rows, queryStride: 3 * width, queryCount: end - first, keys: rows + width,
            values: rows + 2 * width, stride: 3 * width, count: end - first)
    }
}

extension Tape {
    /// Self-attention within each set (the heart of a set attention block; Lee et al., "Set Transformer", ICML 2019,
    /// equations 6 and 8). `input` is [rows, 3 · width]; the result [rows, width] holds queries + attended values.
    mutating func attend(_ input: Value, sets offsets: [UInt32], _ shape: AttentionShape) -> Value {
        attend(input, seed: nil, offsets, shape)
    }

    /// One query for all sets (pooling by multi-head attention, equation 11, with one seed). `input` is
    /// [rows, 2 · width], `seed` [1, width]; the result is [sets, width].
    mutating func attendFromSeed(_ input: Value, seed: Value, sets offsets: [UInt32], _ shape: AttentionShape) -> Value
    {
        attend(input, seed: seed, offsets, shape)
    }

    private mutating func attend(_ input: Value, seed: Value?, _ offsets: [UInt32], _ shape: AttentionShape) -> Value {
        let from = node(input)
        precondition(offsets.first == 0 && Int(offsets[offsets.count - 1]) == from.rows, "offsets span the rows")
        precondition(from.columns == (seed == nil ? 3 : 2) * shape.width, "queries, keys and values side by side")
        let sets = offsets.count - 1
        var (starts, lanesMax, largest, total): ([UInt32], Int, Int, Int) = ([], 8, 1, 0)
        starts.reserveCapacity(sets)
        for set in 0..<sets {
            let count = Int(offsets[set + 1]) - Int(offsets[set])
            precondition(count > 0, "no set is empty")
            starts.append(UInt32(total))
            let lanes = AttentionShape.lanes(count)
            (lanesMax, largest) = (max(lanesMax, lanes), max(largest, count))
            total += (seed == nil ? count : 1) * shape.heads * lanes
        }
        let result = leaf(rows: seed == nil ? from.rows : sets, columns: shape.width, needsGradient: true)
        let attention = Attention<Number>(
            shape: shape, input: input, seed: seed, sets: sets, offsets: keep(offsets), starts: keep(starts),
            weights: scratch(total), lanesMax: lanesMax, queriesMax: seed == nil ? largest : 1, result: result)
        record(.attend(attention))
        // SAFETY: a block writes only the results and weights of its own sets.
        nonisolated(unsafe) let (kept, source, to) = (attention, from.value, node(result).value)
        nonisolated(unsafe) let query = seed.map { UnsafePointer(node($0).value) }
        forEachBlock(of: sets, size: setsPerBlock, on: pool) { sets in
            withUnsafeTemporaryAllocation(of: Number.self, capacity: shape.width * kept.lanesMax) { room in
                guard let room = room.baseAddress else { return }
                for set in sets {
                    let row = query == nil ? Int(kept.offsets[set]) : set
                    shape.attend(
                        kept.set(set, source, query), turned: room, weights: kept.weights + Int(kept.starts[set]),
                        result: to + row * shape.width)
                }
            }
        }
        return result
    }

    mutating func attendBackward(_ attention: Attention<Number>) {
        guard let change = node(attention.result).gradient, let target = gradientToWrite(attention.input) else {
            return
        }
        let (shape, from) = (attention.shape, node(attention.input))
        if target.isFresh { target.gradient.update(repeating: 0, count: from.count) }
        let blocks = (attention.sets + setsPerBlock - 1) / setsPerBlock
        let seeds = attention.seed == nil ? nil : scratch(blocks * shape.width)
        seeds?.update(repeating: 0, count: blocks * shape.width)
        // SAFETY: a block adds only to the rows of its own sets and to its own copy of the seed's gradient.
        nonisolated(unsafe) let (kept, source, upstream, to) = (attention, from.value, change, target.gradient)
        nonisolated(unsafe) let (query, copies) = (attention.seed.map { UnsafePointer(node($0).value) }, seeds)
        let room = (shape.width + attention.queriesMax * shape.heads) * attention.lanesMax
        let columns = from.columns
        forEachBlock(of: attention.sets, size: setsPerBlock, on: pool) { sets in
            withUnsafeTemporaryAllocation(of: Number.self, capacity: room) { room in
                guard let room = room.baseAddress else { return }
                for set in sets {
                    let first = Int(kept.offsets[set])
                    let rows = to + first * columns
                    let width = shape.width
                    let own = copies.map { $0 + sets.lowerBound / setsPerBlock * width }
                    let gradients = AttentionGradients(
                        queries: own ?? rows, keys: own == nil ? rows + width : rows,
                        values: own == nil ? rows + 2 * width : rows + width)
                    shape.attendBackward(
                        kept.set(set, source, query), weights: kept.weights + Int(kept.starts[set]),
                        change: upstream + (own == nil ? first : set) * width, room: room, into: gradients)
                }
            }
        }
        guard let seed = attention.seed, let copies = seeds, let sum = gradientToAdd(seed) else { return }
        for block in 0..<blocks {
            for column in 0..<shape.width { sum[column] += copies[block * shape.width + column] }
        }
    }
}
