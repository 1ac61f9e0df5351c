// Multi-head attention over small sets: two to some dozens of keys, so no matrix library pays. What makes it fast is
// that nothing is summed across a vector: the keys of a set are turned around once, so that a vector holds one number
// of eight keys, and scores of eight keys grow side by side. Sets are padded to a multiple of eight keys in scratch
// memory only; a padded key has weight zero.
//
// Scores are not shifted by their greatest before they are exponentiated: exponents are held within ±80, which no
// 32-bit sum of them overflows.

import Linalg

/// How wide attention is. A head is a multiple of 16 numbers wide.
struct AttentionShape: Sendable {
    let heads: Int
    let headWidth: Int

    var width: Int { heads * headWidth }
    /// What scores are multiplied with: 1 / sqrt(headWidth), Vaswani et al., 2017, section 3.2.1.
    var scale: Double { 1 / Double(headWidth).squareRoot() }

    init(heads: Int, headWidth: Int) {
        precondition(heads > 0 && headWidth > 0 && headWidth % 16 == 0, "a head is a multiple of 16 wide")
        self.heads = heads
        self.headWidth = headWidth
    }

    /// Keys with what pads them.
    static func lanes(_ keys: Int) -> Int { (keys + 7) & ~7 }
}

/// One set: its queries, and the keys and values they look at. Rows are `stride` apart.
struct AttentionSet<Number: Scalar> {
    let queries: UnsafePointer<Number>
    let queryStride: Int
    let queryCount: Int
    let keys: UnsafePointer<Number>
    let values: UnsafePointer<Number>
    let stride: Int
    let count: Int
}

/// Where the gradients of a set go. All are added to.
struct AttentionGradients<Number: Scalar> {
    let queries: UnsafeMutablePointer<Number>
    let keys: UnsafeMutablePointer<Number>
    let values: UnsafeMutablePointer<Number>
}

extension AttentionShape {
    /// result[i] = queries[i] + Σ over keys j of weights[i, head, j] · values[j], head by head. Leaves the weights,
    /// [queries, heads, lanes]. `turned` is scratch of width · lanes. SAFETY: all are as long as the set says.
    func attend<Number: Scalar>(
        _ set: AttentionSet<Number>, turned: UnsafeMutablePointer<Number>, weights: UnsafeMutablePointer<Number>,
        result: UnsafeMutablePointer<Number>
    ) {
        let lanes = Self.lanes(set.count)
        turn(set.keys, set.stride, set.count, lanes, turned)
        products(set.queries, set.queryStride, set.queryCount, turned, lanes, scale: Number(scale), into: weights)
        for row in 0..<set.queryCount * heads {
            for lane in set.count..<lanes { weights[row * lanes + lane] = -80 }
        }
        _ = Number.exponentiate(weights, count: set.queryCount * heads * lanes, shift: 0)
        for query in 0..<set.queryCount {
            let (from, to) = (set.queries + query * set.queryStride, result + query * width)
            for head in 0..<heads {
                let row = weights + (query * heads + head) * lanes
                normalize(row, count: set.count, lanes)
                for start in stride(from: head * headWidth, to: (head + 1) * headWidth, by: 16) {
                    var sum = load16(from + start)
                    var value = set.values + start
                    for key in 0..<set.count {
                        sum += row[key] * load16(value)
                        value += set.stride
                    }
                    store16(sum, to + start)
                }
            }
        }
    }

    /// The way back from `change`, d result [queries, width]. With w the weights: d queries += change + scale · Σ ds ·
    /// keys, d values += Σ w · change, d keys += scale · Σ ds · queries, where ds = w · (dw - Σ w · dw) and dw = change
    /// · values. `room` is scratch of (width + queries · heads) · lanes.
    func attendBackward<Number: Scalar>(
        _ set: AttentionSet<Number>, weights: UnsafePointer<Number>, change: UnsafePointer<Number>,
        room: UnsafeMutablePointer<Number>, into gradients: AttentionGradients<Number>
    ) {
        let lanes = Self.lanes(set.count)
        let scores = room + width * lanes
        turn(set.values, set.stride, set.count, lanes, room)
        products(change, width, set.queryCount, room, lanes, scale: 1, into: scores)
        for row in 0..<set.queryCount * heads {
            let (w, ds) = (weights + row * lanes, scores + row * lanes)
            var mean: Number = 0
            for key in 0..<set.count { mean += w[key] * ds[key] }
            for key in 0..<set.count { ds[key] = Number(scale) * w[key] * (ds[key] - mean) }
        }
        for query in 0..<set.queryCount {
            let (from, upstream) = (set.queries + query * set.queryStride, change + query * width)
            let target = gradients.queries + query * set.queryStride
            for head in 0..<heads {
                let row = (query * heads + head) * lanes
                for start in stride(from: head * headWidth, to: (head + 1) * headWidth, by: 16) {
                    let (own, above) = (load16(from + start), load16(upstream + start))
                    var sum = load16(target + start) + above
                    var (key, ofKey, ofValue) = (set.keys + start, gradients.keys + start, gradients.values + start)
                    for lane in 0..<set.count {
                        let (ds, weight) = (scores[row &+ lane], weights[row &+ lane])
                        sum += ds * load16(key)
                        store16(load16(ofKey) + ds * own, ofKey)
                        store16(load16(ofValue) + weight * above, ofValue)
                        key += set.stride
                        ofKey += set.stride
                        ofValue += set.stride
                    }
                    store16(sum, target + start)
                }
            }
        }
    }

    /// turned[c, j] = rows[j, c]; zero for lanes without a row.
    private func turn<Number: Scalar>(
        _ rows: UnsafePointer<Number>, _ stride: Int, _ count: Int, _ lanes: Int, _ turned: UnsafeMutablePointer<Number>
    ) {
        // Eight columns at a time; the row's vector is taken apart into eight lanes.
        for start in Swift.stride(from: 0, to: width, by: 8) {
            let target = turned + start * lanes
            var from = rows + start
            for row in 0..<count {
                let numbers = load8(from)
                for column in 0..<8 { target[column &* lanes &+ row] = numbers[column] }
                from += stride
            }
            for column in 0..<8 {
                for lane in count..<lanes { target[column &* lanes &+ lane] = 0 }
            }
        }
    }

    /// into[i, head, j] = scale · left[i] · row j of what was turned, over the columns of the head.
    private func products<Number: Scalar>(
        _ left: UnsafePointer<Number>, _ stride: Int, _ count: Int, _ turned: UnsafePointer<Number>, _ lanes: Int,
        scale: Number, into target: UnsafeMutablePointer<Number>
    ) {
        for row in 0..<count {
            for head in 0..<heads {
                let (from, to) = (left + row * stride + head * headWidth, target + (row * heads + head) * lanes)
                for lane in Swift.stride(from: 0, to: lanes, by: 8) {
                    var columns = turned + head * headWidth * lanes + lane
                    var (one, other) = (SIMD8<Number>.zero, SIMD8<Number>.zero)
                    for column in Swift.stride(from: 0, to: headWidth, by: 2) {
                        one += from[column] * load8(columns)
                        other += from[column + 1] * load8(columns + lanes)
                        columns += 2 * lanes
                    }
                    store8(scale * (one + other), to + lane)
                }
            }
        }
    }

    private func normalize<Number: Scalar>(_ row: UnsafeMutablePointer<Number>, count: Int, _ lanes: Int) {
        var sum: Number = 0
        for key in 0..<count { sum += row[key] }
        let share = 1 / sum
        for lane in Swift.stride(from: 0, to: lanes, by: 8) { store8(share * load8(row + lane), row + lane) }
    }
}

// SAFETY: the callers' memory holds so many numbers from each start.
@inline(__always)
private func load8<Number: Scalar>(_ start: UnsafePointer<Number>) -> SIMD8<Number> {
    UnsafeRawPointer(start).loadUnaligned(as: SIMD8<Number>.self)
}

@inline(__always)
private func store8<Number: Scalar>(_ values: SIMD8<Number>, _ start: UnsafeMutablePointer<Number>) {
    UnsafeMutableRawPointer(start).storeBytes(of: values, as: SIMD8<Number>.self)
}

@inline(__always)
private func load16<Number: Scalar>(_ start: UnsafePointer<Number>) -> SIMD16<Number> {
    UnsafeRawPointer(start).loadUnaligned(as: SIMD16<Number>.self)
}

@inline(__always)
private func store16<Number: Scalar>(_ values: SIMD16<Number>, _ start: UnsafeMutablePointer<Number>) {
    UnsafeMutableRawPointer(start).storeBytes(of: values, as: SIMD16<Number>.self)
}
