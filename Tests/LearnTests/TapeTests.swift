import Basics
import Testing

@testable import Learn
@testable import Linalg

@Suite struct TapeGradientTests {
    @Test func linearLayersPassGradientsToInputsWeightsAndBias() {
        let check = GradientCheck(count: 6 * 3 + 3 * 5 + 5 + 2 * 5 + 6 * 2, seed: 1)
        let wrong = check.disagreements(ofMatrix: { tape in
            let x = tape.parameter(block(0, 6, 3))
            let weights = tape.parameter(block(18, 3, 5))
            let sum = tape.linear(x, weights, bias: tape.parameter(block(33, 1, 5)))
            tape.addProduct(tape.parameter(block(48, 6, 2)), tape.parameter(block(38, 2, 5)), to: sum)
            return sum
        })
        #expect(wrong == [])
    }

    @Test func aLayerMayReadTheFirstRowsOfALongerInput() {
        let check = GradientCheck(count: 6 * 3 + 3 * 2 + 2, seed: 2)
        let wrong = check.disagreements(ofMatrix: { tape in
            let x = tape.parameter(block(0, 6, 3))
            // Once through a leaf-like value with a gradient of its own, which must be zero beyond the rows read.
            let copy = tape.gather(x, rows: [0, 1, 2, 3, 4, 5])
            return tape.linear(
                copy, tape.parameter(block(18, 3, 2)), bias: tape.parameter(block(24, 1, 2)), rows: 4)
        })
        #expect(wrong == [])
    }

    @Test func reluPassesGradientsWhereItsResultIsPositive() {
        let check = GradientCheck(count: 4 * 3 + 3 * 4 + 4, seed: 3)
        let wrong = check.disagreements(ofMatrix: { tape in
            let x = tape.parameter(block(0, 4, 3))
            return tape.linear(
                x, tape.parameter(block(12, 3, 4)), bias: tape.parameter(block(24, 1, 4)), isRectified: true)
        })
        #expect(wrong == [])
    }

    @Test func gatheredRowsThatRepeatAddTheirGradients() {
        let check = GradientCheck(count: 5 * 3, seed: 4)
        #expect(
            check.disagreements(ofMatrix: { tape in
                tape.gather(tape.parameter(block(0, 5, 3)), rows: [4, 0, 4, 4, 2, 0])
            }) == [])
    }

    @Test(arguments: [false, true])
    func lookedUpRowsBiasAndPlainProductsPassGradients(isRectified: Bool) {
        let check = GradientCheck(count: 3 * 2 + 2 * 4 + 5 * 4 + 6 * 3 + 3 * 4 + 4, seed: 12)
        let wrong = check.disagreements(ofMatrix: { tape in
            var lookups = Lookups()
            let rows = tape.product(tape.parameter(block(0, 3, 2)), tape.parameter(block(6, 2, 4)))
            lookups.append(Lookup(table: rows, keys: tape.keep([2, 2, 0, 1, 2, 0])))
            lookups.append(Lookup(table: tape.parameter(block(14, 5, 4)), keys: tape.keep([4, 0, 0, 0, 1, 4])))
            return tape.linear(
                tape.parameter(block(34, 6, 3)), tape.parameter(block(52, 3, 4)), bias: tape.parameter(block(64, 1, 4)),
                lookups: lookups, isRectified: isRectified)
        })
        #expect(wrong == [])
    }

    @Test func sparseFeaturesPassGradientsToTheirWeights() {
        let features = SparseRows([0, 0.5, 0, 0, -2, 0, 0, 0, 0, 0, 1, 3], width: 3)
        let check = GradientCheck(count: 3 * 4 + 5 * 4 + 4, seed: 31)
        let wrong = check.disagreements(ofMatrix: { tape in
            var lookups = Lookups()
            lookups.append(Lookup(table: tape.parameter(block(12, 5, 4)), keys: tape.keep([4, 0, 0, 1])))
            return tape.featureLayer(
                features, rows: [3, 0, 3, 2], tape.parameter(block(0, 3, 4)), bias: tape.parameter(block(32, 1, 4)),
                lookups: lookups)
        })
        #expect(wrong == [])
    }

    @Test func kindsOfEdgesPassGradientsToTheirWeights() {
        var features = GradientCheck(count: 8 * 3, seed: 20).parameters
        features[4] = 0
        let wrong = GradientCheck(count: 3 * 5 + 5, seed: 21).disagreements(ofMatrix: { tape in
            let given = tape.leaf(rows: 8, columns: 3, needsGradient: false)
            for (index, feature) in features.enumerated() { tape.node(given).value[index] = feature }
            return tape.kindWeights(given, tape.parameter(block(0, 3, 5)), bias: tape.parameter(block(15, 1, 5)))
        })
        #expect(wrong == [])
    }

    /// One target hears nobody, one hears a source twice, one hears a silent message; kinds repeat.
    private let messages = Messages(
        MessageRows(offsets: [0, 2, 2, 6, 7], others: [0, 4, 1, 1, 2, 3, 0], kinds: [0, 1, 2, 1, 3, 0, 2]), sources: 5)

    @Test(arguments: [false, true], [false, true])
    func heardMessagesPassGradientsToRowsWeightsAndFactors(isMean: Bool, hasFactors: Bool) {
        // Weights are positive, as after relu.
        var parameters = GradientCheck(count: 5 * 3 + 3 + 5, seed: 5).parameters
        for index in 15..<23 { parameters[index] = abs(parameters[index]) + 0.1 }
        let wrong = GradientCheck(parameters: parameters).disagreements(ofMatrix: { tape in
            tape.hear(
                messages, of: tape.parameter(block(0, 5, 3)), weights: tape.parameter(block(15, 3, 1)),
                factors: hasFactors ? tape.parameter(block(18, 5, 1)) : nil, isMean: isMean)
        })
        #expect(wrong == [])
    }

    @Test func exponentialsPassGradients() {
        let wrong = GradientCheck(count: 4 * 3, seed: 22).disagreements(ofMatrix: { tape in
            let x = tape.gather(tape.parameter(block(0, 4, 3)), rows: [0, 1, 2, 3])
            tape.exponential(x)
            return x
        })
        #expect(wrong == [])
    }

    @Test func dropoutPassesGradientsOfWhatItKept() {
        let wrong = GradientCheck(count: 40 * 3, seed: 23).disagreements(ofMatrix: { tape in
            let x = tape.gather(tape.parameter(block(0, 40, 3)), rows: (0..<40).map { $0 })
            tape.dropout(x, Dropout(key: 7, rate: 0.4))
            return x
        })
        #expect(wrong == [])
    }

    @Test(arguments: [false, true], [nil, 4, 6])
    func layerNormPassesGradientsToInputGainShiftAndResidual(isRectified: Bool, residualRows: Int?) {
        let check = GradientCheck(count: 4 * 5 + 5 + 5 + 6 * 5, seed: 6)
        let wrong = check.disagreements(ofMatrix: { tape in
            let x = tape.parameter(block(0, 4, 5))
            let residual = residualRows.map { rows in
                // A value of the tape's own, which may take over the gradient, and is read once more.
                tape.gather(tape.parameter(block(30, 6, 5)), rows: (0..<UInt32(rows)).map { $0 })
            }
            let norm = tape.layerNorm(
                x, gain: tape.parameter(block(20, 1, 5)), shift: tape.parameter(block(25, 1, 5)),
                isRectified: isRectified, adding: residual)
            if let residual, residualRows == 4 { tape.add(residual, to: norm) }
            return norm
        })
        #expect(wrong == [])
    }

    @Test func pairsOfRowsPassGradientsToBothSides() {
        let check = GradientCheck(count: 2 * 4 * 3, seed: 7)
        let a = block(0, 4, 3)
        let b = block(12, 4, 3)
        #expect(check.disagreements(ofScores: { $0.rowDot($0.parameter(a), $0.parameter(b)) }) == [])
        let rows: (one: [UInt32], other: [UInt32]) = ([0, 3, 3, 1, 2, 0], [1, 1, 3, 0, 3, 2])
        let context = (0..<12).map { Float($0) / 7 }
        for other in [a, b] {
            // Also pairs within one matrix, and a row with itself.
            let wrong = check.disagreements(ofMatrix: { tape in
                let compared = tape.compare(
                    tape.parameter(a), tape.parameter(other), rows: rows, context: context, width: 2)
                tape.addProduct(compared.product, tape.parameter(block(12, 1, 8)), to: compared.inputs)
                return compared.inputs
            })
            #expect(wrong == [])
        }
    }

    @Test func pairsAreComparedEntryByEntry() {
        var tape = Tape<Float>(parameterCount: 4, pool: ComputePool(threads: 1))
        _ = tape.parameters.update(fromContentsOf: [1, 2, -3, 5])
        let (a, b) = (tape.parameter(block(0, 1, 2)), tape.parameter(block(2, 1, 2)))
        let found = tape.compare(a, b, rows: (one: [0], other: [0]), context: [0.5], width: 1)
        #expect(Array(UnsafeBufferPointer(start: tape.node(found.inputs).value, count: 5)) == [-3, 10, 4, 3, 0.5])
        #expect(tape.node(found.product).value[0] == 7)
    }

    @Test func sumsPassGradients() {
        let check = GradientCheck(count: 4 * 3 + 6 * 3, seed: 8)
        let wrong = check.disagreements(ofScores: { tape in
            let sum = tape.gather(tape.parameter(block(0, 4, 3)), rows: [0, 1, 2, 3])
            tape.add(tape.parameter(block(12, 6, 3)), to: sum)
            return tape.rowDot(sum, sum)
        })
        #expect(wrong == [])
    }
}

@Suite struct TapeTests {
    @Test func theRankingLossIsTheMeanOfLogSigmoids() {
        var tape = Tape<Double>(parameterCount: 4, pool: ComputePool(threads: 1))
        _ = tape.parameters.update(fromContentsOf: [1, -800, 0.5, 3])
        let loss = tape.rankingLoss(tape.parameter(block(0, 4, 1)), positives: 2)
        // margins 0.5 and -803: log(1 + e^-0.5) and 803
        #expect(abs(loss - (0.474076984 + 803) / 2) < 1e-6)
        #expect(tape.parameterGradients.allSatisfy { $0.isFinite })
    }

    @Test func aPositiveIsComparedWithEachOfItsNegatives() {
        let wrong = GradientCheck(count: 8, seed: 13).disagreements(ofAll: { tape in
            (tape.parameter(block(0, 8, 1)), 2)
        })
        #expect(wrong == [])
        var tape = Tape<Double>(parameterCount: 6, pool: ComputePool(threads: 1))
        _ = tape.parameters.update(fromContentsOf: [1, 2, 1, 2, 1, 2])
        #expect(abs(tape.rankingLoss(tape.parameter(block(0, 6, 1)), positives: 2) - 0.693147181) < 1e-8)
    }

    @Test func aWarmStepAsksTheSystemForNoMemory() {
        var tape = Tape<Float>(parameterCount: 300 * 64, pool: ComputePool(threads: 1))
        func step() {
            tape.reset()
            let weights = tape.parameter(block(0, 64, 64))
            let bias = tape.parameter(block(64 * 64, 1, 64))
            var x = tape.leaf(rows: 3000, columns: 64, needsGradient: true)
            tape.node(x).value.update(repeating: 1, count: 3000 * 64)
            for _ in 0..<6 { x = tape.linear(x, weights, bias: bias) }
            _ = tape.rankingLoss(tape.rowDot(x, x), positives: 1500)
            tape.backward()
        }
        step()
        step()
        let growths = tape.growths
        for _ in 0..<5 { step() }
        #expect(tape.growths == growths)
    }

    @Test func resultsDoNotDependOnTheNumberOfThreads() {
        let ring = Messages(
            MessageRows(
                offsets: (0...10_000).map { 3 * $0 }, others: (0..<30_000).map { ($0 / 3 + 7 * ($0 % 3)) % 10_000 },
                kinds: (0..<30_000).map { $0 % 4 }), sources: 10_000)
        func gradients(threads: Int) -> [Float] {
            var tape = Tape<Float>(parameterCount: 10_000 * 8 + 64 + 8 + 16, pool: ComputePool(threads: threads))
            var random = SeededRandom(seed: 9)
            for index in tape.parameters.indices { tape.parameters[index] = random.uniformFloat() - 0.5 }
            let x = tape.parameter(block(0, 10_000, 8))
            var y = tape.linear(
                x, tape.parameter(block(80_000, 8, 8)), bias: tape.parameter(block(80_064, 1, 8)), isRectified: true)
            let weights = tape.kindWeights(
                tape.gathered(rows: 3, columns: 8), tape.parameter(block(80_000, 8, 8)),
                bias: tape.parameter(block(80_064, 1, 8)))
            y = tape.hear(ring, of: y, weights: weights)
            let norm = tape.layerNorm(
                y, gain: tape.parameter(block(80_072, 1, 8)), shift: tape.parameter(block(80_080, 1, 8)),
                isRectified: true, adding: x)
            tape.dropout(norm, Dropout(key: 3, rate: 0.25))
            _ = tape.rankingLoss(tape.rowDot(norm, x), positives: 2000)
            tape.backward()
            return Array(tape.parameterGradients)
        }
        let alone = gradients(threads: 1)
        #expect(alone.contains { $0 != 0 })
        #expect(alone == gradients(threads: 2))
        #expect(alone == gradients(threads: 3))
    }

    @Test(arguments: [0, 1, 7, 8, 9, 33])
    func floatOperationsAgreeWithDouble(columns: Int) {
        let width = max(columns, 1)
        #expect(abs(loss(Float.self, width) - loss(Double.self, width)) < 1e-4)
    }

    private func loss<Number: Scalar>(_: Number.Type, _ width: Int) -> Double {
        var tape = Tape<Number>(parameterCount: 10 * width + 2 * width + 4, pool: ComputePool(threads: 1))
        var random = SeededRandom(seed: 10)
        for index in tape.parameters.indices { tape.parameters[index] = Number(random.uniformFloat() - 0.5) }
        let x = tape.parameter(block(0, 10, width))
        let norm = tape.layerNorm(
            x, gain: tape.parameter(block(10 * width, 1, width)), shift: tape.parameter(block(11 * width, 1, width)))
        for index in 12 * width..<12 * width + 4 { tape.parameters[index] = abs(tape.parameters[index]) }
        let weights = tape.parameter(block(12 * width, 4, 1))
        let messages = Messages(
            MessageRows(offsets: [0, 1, 4], others: [3, 1, 2, 9], kinds: [0, 1, 2, 3]), sources: 10)
        let mean = tape.hear(messages, of: norm, weights: weights)
        return tape.rankingLoss(tape.rowDot(mean, tape.gather(x, rows: [0, 1])), positives: 1)
    }
}

extension Tape {
    /// Features that are given, each different.
    fileprivate mutating func gathered(rows: Int, columns: Int) -> Value {
        let result = leaf(rows: rows, columns: columns, needsGradient: false)
        for index in 0..<rows * columns { node(result).value[index] = Number(index % 7) / 4 }
        return result
    }
}
