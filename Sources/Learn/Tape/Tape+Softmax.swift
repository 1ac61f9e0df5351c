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
    /// The loss of `targets`, times `weight`; leaves its gradient on people [rows, d], places [m, d] and bias [m, 1],
    /// if there is one. The first rows of `people` are those asked for. 6 · people · m · d operations.
    mutating func softmaxLoss(
        people: Value, places: Value, bias: Value?, _ targets: SoftmaxTargets, weight: Number
    ) -> Double {
        let (count, d) = (node(places).rows, node(places).columns)
        precondition(node(people).columns == d, "people and places have one width")
        precondition(bias.map { node($0).count == count } ?? true, "every place has a bias")
        precondition(node(people).rows >= targets.people, "every person asked for has a row")
        guard let x = gradientToAdd(people), let y = gradientToAdd(places) else {
            preconditionFailure("scores depend on parameters")
        }
        let tiles = (count + placesPerTile - 1) / placesPerTile
        let pass = SoftmaxPass(
            people: node(people).value, places: node(places).value, bias: bias.map { node($0).value }, columns: d,
            count: count, tiles: tiles, targets: targets, weight: weight, room: scratch(peoplePerBlock * count),
            partial: scratch(tiles * peoplePerBlock * d), sums: scratch(3 * (tiles + 1) * peoplePerBlock),
            peopleGradient: x, placesGradient: y, biasGradient: bias.flatMap { gradientToAdd($0) })
        var loss = 0.0
        for start in stride(from: 0, to: targets.people, by: peoplePerBlock) {
            loss += pass.run(start..<min(start + peoplePerBlock, targets.people), on: pool)
        }
        return loss
    }
}

/// What all blocks of one softmax share. SAFETY of its pointers: they live on the tape; threads write disjoint tiles.
private struct SoftmaxPass<Number: Scalar>: @unchecked Sendable {
    let people: UnsafeMutablePointer<Number>
    let places: UnsafeMutablePointer<Number>
    let bias: UnsafeMutablePointer<Number>?
    let columns: Int
    /// Places, and the tiles they make.
    let count: Int
    let tiles: Int
    let targets: SoftmaxTargets
    let weight: Number
    /// [tiles][block, tile]: scores, then powers, then gradients.
    let room: UnsafeMutablePointer<Number>
    /// [tiles][block, columns]
    let partial: UnsafeMutablePointer<Number>
    /// By tile and person the largest score, the sum of powers and the sum of wanted scores; then the same by person.
    let sums: UnsafeMutablePointer<Number>
    let peopleGradient: UnsafeMutablePointer<Number>
    let placesGradient: UnsafeMutablePointer<Number>
    let biasGradient: UnsafeMutablePointer<Number>?

    private enum Kind: Int { case largest, powers, wanted }

    private func sums(_ kind: Kind, tile: Int) -> UnsafeMutablePointer<Number> {
        sums + (kind.rawValue * (tiles + 1) + tile) * peoplePerBlock
    }

    /// Of all tiles together.
    private func total(_ kind: Kind) -> UnsafeMutablePointer<Number> { sums(kind, tile: tiles) }

    private func tile(_ number: Int) -> Range<Int> {
        number * placesPerTile..<min((number + 1) * placesPerTile, count)
    }

    /// The loss of one block of people.
    func run(_ block: Range<Int>, on pool: ComputePool) -> Double {
        pool.forEach(tiles) { score($0, block) }
        combine(.largest, block.count) { max($0, $1) }
        combine(.wanted, block.count) { $0 + $1 }
        pool.forEach(tiles) { number in
            let width = tile(number).count
            for row in 0..<block.count {
                sums(.powers, tile: number)[row] = Number.exponentiate(
                    part(tile(number), block) + row * width, count: width, shift: total(.largest)[row])
            }
        }
        combine(.powers, block.count) { $0 + $1 }
        pool.forEach(tiles) { descend($0, block) }
        let target = peopleGradient + block.lowerBound * columns
        for number in 0..<tiles {
            let source = partial + number * peoplePerBlock * columns
            for index in 0..<block.count * columns { target[index] += source[index] }
        }
        var loss = 0.0
        for (row, person) in block.enumerated() {
            let normalizer = total(.largest)[row] + Number.logOnePlus(total(.powers)[row] - 1)
            let mean = total(.wanted)[row] / Number(targets.wantedCount(person))
            loss += Double(weight) * Double(targets.weights[person]) * Double(normalizer - mean)
        }
        return loss
    }

    private func combine(_ kind: Kind, _ rows: Int, _ combine: (Number, Number) -> Number) {
        for row in 0..<rows {
            var result = sums(kind, tile: 0)[row]
            for number in 1..<max(tiles, 1) { result = combine(result, sums(kind, tile: number)[row]) }
            total(kind)[row] = result
        }
    }

    private func part(_ tile: Range<Int>, _ block: Range<Int>) -> UnsafeMutablePointer<Number> {
        room + tile.lowerBound * block.count
    }

    /// Scores of a tile, those masked far below all others; for each row the largest and the sum of those wanted.
    private func score(_ number: Int, _ block: Range<Int>) {
        let tile = tile(number)
        let (scores, width) = (part(tile, block), tile.count)
        if let bias {
            for row in 0..<block.count { (scores + row * width).update(from: bias + tile.lowerBound, count: width) }
        }
        Number.product(
            ProductShape(rows: block.count, columns: width, inner: columns, transposesRight: true), alpha: 1,
            people + block.lowerBound * columns, stride: columns, places + tile.lowerBound * columns, stride: columns,
            beta: bias == nil ? 0 : 1, scores, stride: width)
        for (row, person) in block.enumerated() {
            let entries = scores + row * width
            for place in targets.masked(person, in: tile) { entries[Int(place) - tile.lowerBound] = -1e6 }
            var top = entries[0]
            for index in 0..<width { top = max(top, entries[index]) }
            sums(.largest, tile: number)[row] = top
            var wanted: Number = 0
            for place in targets.wanted(person, in: tile) { wanted += entries[Int(place) - tile.lowerBound] }
            sums(.wanted, tile: number)[row] = wanted
        }
    }

    /// Turns powers into the gradient of the scores and carries it on: to the tile's places and biases, and to the
    /// people through `partial`.
    private func descend(_ number: Int, _ block: Range<Int>) {
        let tile = tile(number)
        let (gradient, width) = (part(tile, block), tile.count)
        for (row, person) in block.enumerated() {
            let entries = gradient + row * width
            let share = weight * Number(targets.weights[person])
            let (scale, wanted) = (share / total(.powers)[row], share / Number(targets.wantedCount(person)))
            for index in 0..<width { entries[index] *= scale }
            for place in targets.wanted(person, in: tile) { entries[Int(place) - tile.lowerBound] -= wanted }
            guard let biases = biasGradient else { continue }
            let part = biases + tile.lowerBound
            for index in 0..<width { part[index] += entries[index] }
        }
        Number.product(
            ProductShape(rows: width, columns: columns, inner: block.count, transposesLeft: true), alpha: 1, gradient,
            stride: width, people + block.lowerBound * columns, stride: columns, beta: 1,
            placesGradient + tile.lowerBound * columns, stride: columns)
        Number.product(
            ProductShape(rows: block.count, columns: columns, inner: width), alpha: 1, gradient, stride: width,
            places + tile.lowerBound * columns, stride: columns, beta: 0, partial + number * peoplePerBlock * columns,
            stride: columns)
    }
}

extension SoftmaxTargets {
    fileprivate func wantedCount(_ person: Int) -> Int { Int(wantedOffsets[person + 1] - wantedOffsets[person]) }

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
