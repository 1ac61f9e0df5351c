// Message passing: what weighs a message, and the weighted sums that targets hear.

import Basics
import Linalg

private let blockRows = 256

/// Kinds of edges are weighed so many at a time, in so many pieces with memory of their own.
private let kindRows = 256
private let kindPieces = 8

/// What weighing the kinds of edges leaves for its backward.
struct KindWeights {
    let features: Value
    let weights: Value
    let bias: Value
    let result: Value
}

/// What hearing messages leaves for its backward.
struct Hearing<Number: Scalar> {
    let x: Value
    let weights: Value
    let factors: Value?
    let messages: Messages
    let isMean: Bool
    /// 1 / (sum of weights + 0.001) per target, or 1.
    let scales: UnsafeMutablePointer<Number>
    let result: Value
}

extension Tape {
    /// result[kinds, 1] = the mean over channels of max(features[kinds, k] · weights[k, channels] + bias, 0). What is
    /// between is never stored.
    mutating func kindWeights(_ features: Value, _ weights: Value, bias: Value) -> Value {
        let (from, by) = (node(features), node(weights))
        precondition(from.columns == by.rows && node(bias).count == by.columns, "a bias and weights for each channel")
        precondition(!from.needsGradient, "features of edges are given")
        let result = leaf(rows: from.rows, columns: 1, needsGradient: true)
        let kept = KindWeights(features: features, weights: weights, bias: bias, result: result)
        record(.kindWeights(kept))
        let (inputs, channels) = (by.rows, by.columns)
        // SAFETY: a piece has its own channels and writes its own results.
        nonisolated(unsafe) let (room, to) = (scratch(kindPieces * kindRows * channels), node(result).value)
        nonisolated(unsafe) let (source, matrix, shift) = (from.value, by.value, node(bias).value)
        let scale = 1 / Number(channels)
        Self.forEachKind(from.rows, pool) { piece, rows in
            let hidden = room + piece * kindRows * channels
            Self.channels(source, matrix, shift, rows, inputs, channels, to: hidden)
            for row in 0..<rows.count {
                let part = hidden + row * channels
                var sum: Number = 0
                for channel in 0..<channels { sum = Number.relaxedAdd(sum, part[channel] + abs(part[channel])) }
                to[rows.lowerBound + row] = 0.5 * sum * scale
            }
        }
        return result
    }

    /// Computes the channels anew, which is cheaper than to have kept them.
    mutating func kindWeightsBackward(_ kept: KindWeights) {
        let (from, by) = (node(kept.features), node(kept.weights))
        guard let change = node(kept.result).gradient else { return }
        guard let target = gradientToAdd(kept.weights), let biasTarget = gradientToAdd(kept.bias) else { return }
        let (inputs, channels) = (by.rows, by.columns)
        let own = kindRows * channels + (inputs + 1) * channels
        // SAFETY: a piece has its own channels and its own sums.
        nonisolated(unsafe) let (room, upstream) = (scratch(kindPieces * own), change)
        nonisolated(unsafe) let (source, matrix, shift) = (from.value, by.value, node(kept.bias).value)
        room.update(repeating: 0, count: kindPieces * own)
        let scale = 1 / Number(channels)
        Self.forEachKind(from.rows, pool) { piece, rows in
            let hidden = room + piece * own
            let sums = hidden + kindRows * channels
            Self.channels(source, matrix, shift, rows, inputs, channels, to: hidden)
            for row in 0..<rows.count {
                Self.open(
                    hidden + row * channels, upstream[rows.lowerBound + row] * scale,
                    addingTo: sums + inputs * channels, channels)
            }
            Number.product(
                ProductShape(rows: inputs, columns: channels, inner: rows.count, transposesLeft: true), alpha: 1,
                source + rows.lowerBound * inputs, stride: inputs, hidden, stride: channels, beta: 1, sums,
                stride: channels)
        }
        for piece in 0..<kindPieces {
            let sums = room + piece * own + kindRows * channels
            for index in 0..<inputs * channels { target[index] += sums[index] }
            for channel in 0..<channels { biasTarget[channel] += sums[inputs * channels + channel] }
        }
    }

    /// What is positive becomes `amount`, the rest 0; the result is added to `sums`, too.
    private static func open(
        _ part: UnsafeMutablePointer<Number>, _ amount: Number, addingTo sums: UnsafeMutablePointer<Number>,
        _ channels: Int
    ) {
        for channel in 0..<channels {
            let passed: Number = part[channel] > 0 ? amount : 0
            part[channel] = passed
            sums[channel] += passed
        }
    }

    /// The channels of some kinds before they are rectified.
    private static func channels(
        _ features: UnsafePointer<Number>, _ weights: UnsafePointer<Number>, _ bias: UnsafePointer<Number>,
        _ rows: Range<Int>, _ inputs: Int, _ channels: Int, to hidden: UnsafeMutablePointer<Number>
    ) {
        for row in 0..<rows.count { (hidden + row * channels).update(from: bias, count: channels) }
        Number.product(
            ProductShape(rows: rows.count, columns: channels, inner: inputs), alpha: 1,
            features + rows.lowerBound * inputs, stride: inputs, weights, stride: channels, beta: 1, hidden,
            stride: channels)
    }

    /// Runs over kinds in pieces, within each in blocks.
    private static func forEachKind(
        _ kinds: Int, _ pool: ComputePool, _ body: @Sendable (Int, Range<Int>) -> Void
    ) {
        let size = max((kinds + kindPieces - 1) / kindPieces, 1)
        forEachBlock(of: kinds, size: size, on: pool) { piece in
            for start in stride(from: piece.lowerBound, to: piece.upperBound, by: kindRows) {
                body(piece.lowerBound / size, start..<min(start + kindRows, piece.upperBound))
            }
        }
    }

    /// result[t] = what target t hears: see `Aggregation`. `weights` is [kinds, 1], not negative; `factors`, if any, is
    /// [sources, 1], positive. A target without messages gets zeros.
    mutating func hear(
        _ messages: Messages, of x: Value, weights: Value, factors: Value? = nil, isMean: Bool = true
    ) -> Value {
        let (from, targets) = (node(x), messages.targets)
        precondition(messages.bySource.map { $0.rows == from.rows } ?? true, "every source has its messages")
        let result = leaf(rows: targets, columns: from.columns, needsGradient: true)
        let hearing = Hearing<Number>(
            x: x, weights: weights, factors: factors, messages: messages, isMean: isMean, scales: scratch(targets),
            result: result)
        record(.hear(hearing))
        let table = table(of: from)
        let kinds = weightsWithSilence(weights)
        let amounts = scratch(messages.count)
        // SAFETY: a block writes only its own targets' rows and scales, and its own messages' amounts.
        nonisolated(unsafe) let (rows, weigh, of, to) = (table, kinds, amounts, node(result).value)
        nonisolated(unsafe) let (scales, factor) = (hearing.scales, factors.map { node($0).value })
        let columns = from.columns
        messages.byTarget.withPointers { list in
            nonisolated(unsafe) let list = list
            forEachBlock(of: targets, size: blockRows, on: pool) { block in
                for target in block {
                    let range = list.range(target)
                    list.weigh(range, weigh, sources: factor, to: of)
                    let row = to + target * columns
                    rows.weigh(list.others + range.lowerBound, of + range.lowerBound, count: range.count, into: row)
                    var scale: Number = 1
                    if isMean {
                        var total: Number = 0
                        for message in range { total = Number.relaxedAdd(total, of[message]) }
                        scale = 1 / (total + Self.floor)
                        for column in 0..<columns { row[column] *= scale }
                    }
                    scales[target] = scale
                }
            }
        }
        return result
    }

    /// Keeps a target whose weights vanish from dividing by zero.
    private static var floor: Number { 0.001 }

    /// The weights of all kinds, and behind them that of silence, 0.
    private mutating func weightsWithSilence(_ weights: Value) -> UnsafeMutablePointer<Number> {
        let from = node(weights)
        let all = scratch(from.count + 1)
        all.update(from: from.value, count: from.count)
        all[from.count] = 0
        return all
    }

    private mutating func table(of x: Node) -> MessageTable<Number> {
        if !MessageTable<Number>.halves(precision, columns: x.columns) {
            return MessageTable(full: x.value, columns: x.columns)
        }
        let table = MessageTable<Number>(half: scratch(x.count / 2), columns: x.columns)
        // SAFETY: a block stores only its own rows.
        nonisolated(unsafe) let (rows, source) = (table, x.value)
        let columns = x.columns
        forEachBlock(of: x.rows, size: blockRows, on: pool) { block in
            for row in block { rows.store(source + row * columns, scale: 1, row: row) }
        }
        return table
    }

    /// With g = d result[t] · scale and c = g · result[t]: d x[s] = Σ w · f · g, and a message's own part g · x[s] - c
    /// is, times f, the gradient of its weight, and, times w, that of its factor. (Of a plain sum c is 0.)
    mutating func hearBackward(_ hearing: Hearing<Number>) {
        let (y, from) = (node(hearing.result), node(hearing.x))
        guard let change = y.gradient else { return }
        guard let bySource = hearing.messages.bySource else {
            preconditionFailure("messages that go back know their sources")
        }
        let columns = y.columns
        let isHalf = MessageTable<Number>.halves(precision, columns: columns)
        let room = scratch(isHalf ? y.count / 2 : y.count)
        let table =
            isHalf
            ? MessageTable<Number>(half: room, columns: columns) : MessageTable<Number>(full: room, columns: columns)
        // SAFETY: a block of targets writes only its own rows of the table and its own levels.
        nonisolated(unsafe) let (rows, levels, scales) = (table, scratch(y.rows), hearing.scales)
        nonisolated(unsafe) let (upstream, heard) = (change, y.value)
        let isMean = hearing.isMean
        forEachBlock(of: y.rows, size: blockRows, on: pool) { block in
            for row in block {
                let part = upstream + row * columns
                rows.store(part, scale: scales[row], row: row)
                var level: Number = 0
                if isMean {
                    let result = heard + row * columns
                    for column in 0..<columns {
                        level = Number.relaxedMultiplyAdd(part[column], result[column], level)
                    }
                }
                levels[row] = level * scales[row]
            }
        }
        guard let target = gradientToWrite(hearing.x) else { preconditionFailure("sources have gradients") }
        let kinds = weightsWithSilence(hearing.weights)
        let (amounts, products) = (scratch(bySource.count), scratch(bySource.count))
        let factors = hearing.factors.map { node($0).value }
        // SAFETY: a block of sources writes only its own rows, its own factors' gradients, and its own messages.
        nonisolated(unsafe) let (weigh, of, parts, own, x) = (kinds, amounts, products, factors, from.value)
        nonisolated(unsafe) let (to, toFactors) = (target, hearing.factors.flatMap { gradientToAdd($0) })
        bySource.withPointers { list in
            nonisolated(unsafe) let list = list
            forEachBlock(of: from.rows, size: blockRows, on: pool) { block in
                for source in block {
                    let range = list.range(source)
                    list.weigh(range, weigh, sources: nil, to: of)
                    list.scale(range, by: own?[source] ?? 1, of)
                    let row = to.gradient + source * columns
                    if to.isFresh { row.update(repeating: 0, count: columns) }
                    rows.giveBack(
                        list.others + range.lowerBound, of + range.lowerBound, count: range.count,
                        x + source * columns, addingTo: row, products: parts + range.lowerBound)
                    var factorGradient: Number = 0
                    for message in range {
                        parts[message] -= levels[Int(list.others[message])]
                        factorGradient = Number.relaxedMultiplyAdd(parts[message], of[message], factorGradient)
                    }
                    guard let own else { continue }
                    toFactors?[source] += factorGradient / own[source]
                    list.scale(range, by: own[source], parts)
                }
            }
        }
        addByKind(products, bySource, to: hearing.weights)
    }

    /// Serial, in the order of the messages: kinds repeat.
    private mutating func addByKind(_ parts: UnsafePointer<Number>, _ messages: MessageRows, to weights: Value) {
        guard let target = gradientToAdd(weights) else { return }
        let count = node(weights).count
        let sums = scratch(count + 1)
        sums.update(repeating: 0, count: count + 1)
        messages.withPointers { list in
            for message in 0..<messages.count { sums[Int(list.kinds[message])] += parts[message] }
        }
        for kind in 0..<count { target[kind] += sums[kind] }
    }
}

/// The arrays of `MessageRows`, for loops.
private struct MessagePointers {
    let offsets: UnsafePointer<UInt32>
    let others: UnsafePointer<UInt32>
    let kinds: UnsafePointer<UInt32>

    @inline(__always)
    func range(_ row: Int) -> Range<Int> { Int(offsets[row])..<Int(offsets[row + 1]) }

    /// amounts = the weights of the messages' kinds, times their other ends' factors.
    @inline(__always)
    func weigh<Number: Scalar>(
        _ range: Range<Int>, _ weights: UnsafePointer<Number>, sources factors: UnsafePointer<Number>?,
        to amounts: UnsafeMutablePointer<Number>
    ) {
        for message in range { amounts[message] = weights[Int(kinds[message])] }
        guard let factors else { return }
        for message in range { amounts[message] *= factors[Int(others[message])] }
    }

    @inline(__always)
    func scale<Number: Scalar>(_ range: Range<Int>, by factor: Number, _ amounts: UnsafeMutablePointer<Number>) {
        if factor == 1 { return }
        for message in range { amounts[message] *= factor }
    }
}

extension MessageRows {
    fileprivate func withPointers(_ body: (MessagePointers) -> Void) {
        offsets.withUnsafeBufferPointer { offsets in
            others.withUnsafeBufferPointer { others in
                kinds.withUnsafeBufferPointer { kinds in
                    guard let first = offsets.baseAddress, let second = others.baseAddress else { return }
                    // Without a message the kinds have no memory, and none is read.
                    body(MessagePointers(offsets: first, others: second, kinds: kinds.baseAddress ?? second))
                }
            }
        }
    }
}
