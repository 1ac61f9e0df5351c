// Newton steps for some people at once; what is computed, and what it costs, is said at `TasteFit`.

import Basics
import Linalg

/// Some people's fits under way. Nothing is allocated after it was made.
struct TasteBlock {
    var strength: Float = 1
    /// [people, columns]
    var coefficients: [Float]
    var prior: [Float]
    /// Σ of x over a person's visits.
    var wanted: [Float]
    /// How many visits each person has.
    var visits: [Float]

    private let people: Int
    private let places: Int
    private let columns: Int
    /// [people, places]: scores, chances and what a product made.
    private var scores: [Float]
    private var chances: [Float]
    private var room: [Float]
    /// [people, columns]
    private var means: [Float]
    private var diagonal: [Float]
    private var step: [Float]
    private var residual: [Float]
    private var direction: [Float]
    private var image: [Float]
    /// The objective of each person, up to a constant.
    private var values: [Float]

    init(people: Int, places: Int, columns: Int) {
        (self.people, self.places, self.columns) = (people, places, columns)
        func zeros(_ count: Int) -> [Float] { [Float](repeating: 0, count: count) }
        (scores, chances, room) = (zeros(people * places), zeros(people * places), zeros(people * places))
        (coefficients, prior, wanted) = (zeros(people * columns), zeros(people * columns), zeros(people * columns))
        (means, diagonal, step) = (zeros(people * columns), zeros(people * columns), zeros(people * columns))
        (residual, direction, image) = (zeros(people * columns), zeros(people * columns), zeros(people * columns))
        (visits, values) = (zeros(people), zeros(people))
    }

    /// Scores where the coefficients stand.
    mutating func begin(network: [Float], against other: [Float], width: Int, _ x: [Float]) {
        Self.multiplyTransposed(network, other, into: &scores, rows: people, columns: places, inner: width, keep: 0)
        Self.multiplyTransposed(coefficients, x, into: &scores, rows: people, columns: places, inner: columns, keep: 1)
        for row in 0..<people { judge(row) }
    }

    /// One Newton step for everybody; `squares` are those of `x`, [places, columns].
    mutating func step(_ x: [Float], _ squares: [Float], conjugate: Int) {
        Self.multiply(chances, x, into: &means, rows: people, columns: columns, inner: places)
        Self.multiply(chances, squares, into: &diagonal, rows: people, columns: columns, inner: places)
        startDescent()
        for _ in 0..<conjugate { descend(x) }
        Self.multiplyTransposed(step, x, into: &room, rows: people, columns: places, inner: columns, keep: 0)
        for row in 0..<people { follow(row) }
    }

    /// A person's chances and objective where the scores stand.
    private mutating func judge(_ row: Int) {
        let normalizer = Self.takeChances(of: scores, into: &chances, row * places..<(row + 1) * places)
        let own = row * columns..<(row + 1) * columns
        var (likelihood, distance): (Float, Float) = (-visits[row] * normalizer, 0)
        for index in own {
            likelihood += coefficients[index] * wanted[index]
            distance += (coefficients[index] - prior[index]) * (coefficients[index] - prior[index])
        }
        values[row] = likelihood - strength / 2 * distance
    }

    /// The gradient as the residual of a step of zero, and the diagonal of the curvature.
    private mutating func startDescent() {
        for row in 0..<people {
            let (n, own) = (visits[row], row * columns..<(row + 1) * columns)
            for index in own {
                diagonal[index] = n * max(diagonal[index] - means[index] * means[index], 0) + strength
                residual[index] =
                    wanted[index] - n * means[index] - strength * (coefficients[index] - prior[index])
                step[index] = 0
                direction[index] = residual[index] / diagonal[index]
            }
        }
    }

    /// One step of the conjugate gradients.
    private mutating func descend(_ x: [Float]) {
        Self.multiplyTransposed(direction, x, into: &room, rows: people, columns: places, inner: columns, keep: 0)
        for row in 0..<people { Self.centre(&room, by: chances, row * places..<(row + 1) * places) }
        Self.multiply(room, x, into: &image, rows: people, columns: columns, inner: places)
        for row in 0..<people {
            let (n, own) = (visits[row], row * columns..<(row + 1) * columns)
            var (before, bend): (Float, Float) = (0, 0)
            for index in own {
                image[index] = n * image[index] + strength * direction[index]
                before += residual[index] * residual[index] / diagonal[index]
                bend += direction[index] * image[index]
            }
            if !(bend > 0) { continue }
            let length = before / bend
            var after: Float = 0
            for index in own {
                step[index] += length * direction[index]
                residual[index] -= length * image[index]
                after += residual[index] * residual[index] / diagonal[index]
            }
            let turn = before > 0 ? after / before : 0
            for index in own { direction[index] = residual[index] / diagonal[index] + turn * direction[index] }
        }
    }

    private static let halvingsMost = 6

    /// Takes a person's step, or as much of it as does not make the fit worse.
    private mutating func follow(_ row: Int) {
        let before = values[row]
        move(row, by: 1)
        var (length, halvings): (Float, Int) = (1, 0)
        while values[row] < before - 1e-5 * abs(before), halvings < Self.halvingsMost {
            halvings += 1
            length /= 2
            move(row, by: -length)
        }
    }

    private mutating func move(_ row: Int, by length: Float) {
        for index in row * columns..<(row + 1) * columns { coefficients[index] += length * step[index] }
        Self.add(room, by: length, to: &scores, row * places..<(row + 1) * places)
        judge(row)
    }
}

/// Loops over a whole row of places, and products, on arrays that the caller owns alone.
extension TasteBlock {
    /// Chances of one row's scores; answers the logarithm of what they were divided by.
    private static func takeChances(of scores: [Float], into chances: inout [Float], _ row: Range<Int>) -> Float {
        let scores = scores.span.extracting(row)
        var whole = chances.mutableSpan
        var chances = whole._mutatingExtracting(row)
        var top = SIMD16<Float>(repeating: -.infinity)
        var place = 0
        while place + 16 <= scores.count {
            var lanes = SIMD16<Float>()
            for lane in 0..<16 { lanes[lane] = scores[place + lane] }
            top = pointwiseMax(top, lanes)
            place += 16
        }
        var largest = top.max()
        while place < scores.count {
            largest = max(largest, scores[place])
            place += 1
        }
        for place in 0..<scores.count { chances[place] = scores[place] }
        let total = exponentiate(&chances, scale: 1, shift: largest)
        let scale = 1 / total
        for place in 0..<chances.count { chances[place] *= scale }
        return largest + Float.logOnePlus(total - 1)
    }

    /// entry = chance · (entry - the mean of the row under its chances)
    private static func centre(_ entries: inout [Float], by chances: [Float], _ row: Range<Int>) {
        let chances = chances.span.extracting(row)
        var whole = entries.mutableSpan
        var entries = whole._mutatingExtracting(row)
        let mean = dot(entries.span, chances)
        for place in 0..<chances.count { entries[place] = (entries[place] - mean) * chances[place] }
    }

    private static func add(_ source: [Float], by scale: Float, to target: inout [Float], _ row: Range<Int>) {
        var whole = target.mutableSpan
        var part = whole._mutatingExtracting(row)
        addScaled(source.span.extracting(row), by: scale, to: &part)
    }

    private static func multiply(
        _ a: [Float], _ b: [Float], into c: inout [Float], rows: Int, columns: Int, inner: Int
    ) {
        var target = c.mutableSpan
        Linalg.multiply(a.span, b.span, into: &target, rows: rows, columns: columns, inner: inner)
    }

    private static func multiplyTransposed(
        _ a: [Float], _ b: [Float], into c: inout [Float], rows: Int, columns: Int, inner: Int, keep: Float
    ) {
        var target = c.mutableSpan
        Linalg.multiplyTransposed(
            a.span, b.span, into: &target, rows: rows, columns: columns, inner: inner, keep: keep)
    }
}
