// Softmax over all places of a city: for a person with wanted places W the loss is log Σ e^score - the mean score of W,
// where a score is an inner product plus the place's bias. BPR learns one difference at a time; here a person is moved
// against every place at once, at the cost of three matrix products, and the scores are those an index searches by. So
// what retrieval finds is what was trained.
//
// People come in blocks whose scores stay in the caches, places in tiles that threads share out; a tile's scores are
// replaced by their exponentials and these by the gradient. Sums over tiles and blocks are in their order.

import Basics
import Linalg

/// Whom a softmax is about: person i is row i of the people's matrix.
struct SoftmaxTargets: Sendable {
    /// Rows of the places' matrix that person i is to be given: `wanted[wantedOffsets[i]..<wantedOffsets[i + 1]]`,
    /// ascending, at least one.
    var wanted: [UInt32] = []
    var wantedOffsets: [UInt32] = [0]
    /// Rows that do not compete for person i, likewise: known to be liked, and not asked for here. Ascending.
    var masked: [UInt32] = []
    var maskedOffsets: [UInt32] = [0]
    /// Each person's part of the loss; parts sum to 1.
    var weights: [Float] = []

    var people: Int { weights.count }
}

private let peoplePerBlock = 128
private let placesPerTile = 1024

extension Tape {
    /// The loss of `targets`, times `weight`; leaves its gradient on people [rows, d], places [m, d] and bias [m, 1].
    /// The first rows of `people` are those asked for. 6 · people · m · d operations.
    mutating func softmaxLoss(
        people: Value, places: Value, bias: Value, _ targets: SoftmaxTargets, weight: Number
    ) -> Double {
        precondition(node(people).columns == node(places).columns, "people and places have one width")
        precondition(node(bias).count == node(places).rows, "every place has a bias")
        precondition(node(people).rows >= targets.people, "every person asked for has a row")
        guard let x = gradientToAdd(people), let y = gradientToAdd(places), let z = gradientToAdd(bias) else {
            preconditionFailure("scores depend on parameters")
        }
        let pass = SoftmaxPass(
            people: node(people), places: node(places), bias: node(bias).value, targets, weight: weight,
            room: scratch(peoplePerBlock * node(places).rows), gradients: (x, y, z))
        let tiles = (node(places).rows + placesPerTile - 1) / placesPerTile
        let partial = scratch(tiles * peoplePerBlock * node(people).columns)
        var loss = 0.0
        for start in stride(from: 0, to: targets.people, by: peoplePerBlock) {
            let block = start..<min(start + peoplePerBlock, targets.people)
            loss += pass.run(block, tiles: tiles, partial: partial, on: pool)
        }
        return loss
    }
}

/// What all blocks of one softmax share. SAFETY of its pointers: they live on the tape; threads write disjoint tiles.
private struct SoftmaxPass<Number: Scalar>: @unchecked Sendable {
    let people: UnsafePointer<Number>
    let places: UnsafePointer<Number>
    let bias: UnsafePointer<Number>
    let (columns, count): (Int, Int)
    let targets: SoftmaxTargets
    let weight: Number
    /// [tiles][block, tile]
    let room: UnsafeMutablePointer<Number>
    let peopleGradient: UnsafeMutablePointer<Number>
    let placesGradient: UnsafeMutablePointer<Number>
    let biasGradient: UnsafeMutablePointer<Number>

    init(
        people: Tape<Number>.Node, places: Tape<Number>.Node, bias: UnsafePointer<Number>, _ targets: SoftmaxTargets,
        weight: Number, room: UnsafeMutablePointer<Number>,
        gradients: (
            UnsafeMutablePointer<Number>, UnsafeMutablePointer<Number>, UnsafeMutablePointer<Number>
        )
    ) {
        self.people = UnsafePointer(people.value)
        self.places = UnsafePointer(places.value)
        self.bias = bias
        (columns, count) = (people.columns, places.rows)
        (self.targets, self.weight, self.room) = (targets, weight, room)
        (peopleGradient, placesGradient, biasGradient) = gradients
    }

    private func tile(_ number: Int) -> Range<Int> {
        number * placesPerTile..<min((number + 1) * placesPerTile, count)
    }

    /// The loss of one block of people.
    func run(
        _ block: Range<Int>, tiles: Int, partial: UnsafeMutablePointer<Number>, on pool: ComputePool
    ) -> Double {
        var largest = [Number](repeating: -.infinity, count: tiles * block.count)
        var sums = [Number](repeating: 0, count: tiles * block.count)
        var wantedScores = [Number](repeating: 0, count: tiles * block.count)
        // SAFETY: a tile writes only its own entries of the arrays and its own part of `room` and `partial`.
        nonisolated(unsafe) let partial = partial
        largest.withUnsafeMutableBufferPointer { largest in
            wantedScores.withUnsafeMutableBufferPointer { wanted in
                nonisolated(unsafe) let (largest, wanted) = (largest, wanted)
                pool.forEach(tiles) { score(tile($0), block, $0 * block.count, largest, wanted) }
            }
        }
        let tops = combined(largest, tiles, block.count) { max($0, $1) }
        sums.withUnsafeMutableBufferPointer { sums in
            nonisolated(unsafe) let sums = sums
            pool.forEach(tiles) { number in
                let width = tile(number).count
                for row in 0..<block.count {
                    sums[number * block.count + row] = Number.exponentiate(
                        part(tile(number), block) + row * width, count: width, shift: tops[row])
                }
            }
        }
        let totals = combined(sums, tiles, block.count, +)
        let scales = block.map { weight * Number(targets.weights[$0]) / totals[$0 - block.lowerBound] }
        pool.forEach(tiles) { number in
            descend(tile(number), block, scales, partial + number * block.count * columns)
        }
        for number in 0..<tiles {
            let source = partial + number * block.count * columns
            let target = peopleGradient + block.lowerBound * columns
            for index in 0..<block.count * columns { target[index] += source[index] }
        }
        let means = combined(wantedScores, tiles, block.count, +)
        return zip(block, block.indices).reduce(0.0) { loss, index in
            let row = index.0 - block.lowerBound
            let count = Number(targets.wantedOffsets[index.0 + 1] - targets.wantedOffsets[index.0])
            let normalizer = Double(tops[row]) + Double(Number.logOnePlus(totals[row] - 1))
            return loss + Double(weight) * Double(targets.weights[index.0]) * (normalizer - Double(means[row] / count))
        }
    }

    private func combined(
        _ parts: [Number], _ tiles: Int, _ rows: Int, _ combine: (Number, Number) -> Number
    ) -> [Number] {
        (0..<rows).map { row in
            (1..<tiles).reduce(parts[row]) { combine($0, parts[$1 * rows + row]) }
        }
    }

    private func part(_ tile: Range<Int>, _ block: Range<Int>) -> UnsafeMutablePointer<Number> {
        room + tile.lowerBound * block.count
    }

    /// Scores of a tile, those masked far below all others; for each row the largest and the sum of those wanted.
    private func score(
        _ tile: Range<Int>, _ block: Range<Int>, _ first: Int, _ largest: UnsafeMutableBufferPointer<Number>,
        _ wanted: UnsafeMutableBufferPointer<Number>
    ) {
        let (scores, width) = (part(tile, block), tile.count)
        for row in 0..<block.count { (scores + row * width).update(from: bias + tile.lowerBound, count: width) }
        Number.product(
            ProductShape(rows: block.count, columns: width, inner: columns, transposesRight: true), alpha: 1,
            people + block.lowerBound * columns, stride: columns, places + tile.lowerBound * columns, stride: columns,
            beta: 1, scores, stride: width)
        for (row, person) in block.enumerated() {
            let entries = scores + row * width
            for place in targets.masked(person, in: tile) { entries[Int(place) - tile.lowerBound] = -1e6 }
            var top = entries[0]
            for index in 1..<max(width, 1) { top = max(top, entries[index]) }
            largest[first + row] = top
            for place in targets.wanted(person, in: tile) {
                wanted[first + row] += entries[Int(place) - tile.lowerBound]
            }
        }
    }

    /// Turns exponentials into the gradient of the scores and carries it on: to the tile's places and biases, and to
    /// the people through `partial`, [block, columns].
    private func descend(
        _ tile: Range<Int>, _ block: Range<Int>, _ scales: [Number], _ partial: UnsafeMutablePointer<Number>
    ) {
        let (gradient, width) = (part(tile, block), tile.count)
        for (row, person) in block.enumerated() {
            let entries = gradient + row * width
            for index in 0..<width { entries[index] *= scales[row] }
            let count = Number(targets.wantedOffsets[person + 1] - targets.wantedOffsets[person])
            let share = weight * Number(targets.weights[person]) / count
            for place in targets.wanted(person, in: tile) { entries[Int(place) - tile.lowerBound] -= share }
            let biases = biasGradient + tile.lowerBound
            for index in 0..<width { biases[index] += entries[index] }
        }
        Number.product(
            ProductShape(rows: width, columns: columns, inner: block.count, transposesLeft: true), alpha: 1, gradient,
            stride: width, people + block.lowerBound * columns, stride: columns, beta: 1,
            placesGradient + tile.lowerBound * columns, stride: columns)
        Number.product(
            ProductShape(rows: block.count, columns: columns, inner: width), alpha: 1, gradient, stride: width,
            places + tile.lowerBound * columns, stride: columns, beta: 0, partial, stride: columns)
    }
}

extension SoftmaxTargets {
    fileprivate func wanted(_ person: Int, in tile: Range<Int>) -> ArraySlice<UInt32> {
        part(wanted[Int(wantedOffsets[person])..<Int(wantedOffsets[person + 1])], in: tile)
    }

    fileprivate func masked(_ person: Int, in tile: Range<Int>) -> ArraySlice<UInt32> {
        part(masked[Int(maskedOffsets[person])..<Int(maskedOffsets[person + 1])], in: tile)
    }

    /// What of an ascending list lies in a range. O(log of its length).
    private func part(_ list: ArraySlice<UInt32>, in range: Range<Int>) -> ArraySlice<UInt32> {
        func first(notBelow bound: Int) -> Int {
            var (low, high) = (list.startIndex, list.endIndex)
            while low < high {
                let middle = (low + high) / 2
                if Int(list[middle]) < bound { low = middle + 1 } else { high = middle }
            }
            return low
        }
        return list[first(notBelow: range.lowerBound)..<first(notBelow: range.upperBound)]
    }
}
