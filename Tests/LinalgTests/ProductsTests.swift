import Basics
import Testing

@testable import Linalg

@Suite struct ProductsTests {
    private static let sizes = [0, 1, 7, 8, 9, 33]

    private func numbers(_ count: Int, _ random: inout SeededRandom) -> [Float] {
        (0..<count).map { _ in random.uniformFloat() * 2 - 1 }
    }

    /// The slow twin: c = scale · a · b(ᵀ) + keep · c in Double.
    private func reference(
        _ a: [Float], _ b: [Float], _ c: [Float], _ m: Int, _ n: Int, _ k: Int, transposed: Bool, scale: Float,
        keep: Float
    ) -> [Float] {
        var result = c
        for row in 0..<m {
            for column in 0..<n {
                var sum = 0.0
                for inner in 0..<k {
                    let right = transposed ? b[column * k + inner] : b[inner * n + column]
                    sum += Double(a[row * k + inner]) * Double(right)
                }
                let kept = keep == 0 ? 0 : Double(keep) * Double(c[row * n + column])
                result[row * n + column] = Float(Double(scale) * sum + kept)
            }
        }
        return result
    }

    private func isClose(_ a: [Float], _ b: [Float]) -> Bool {
        a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) < 1e-4 }
    }

    @Test(arguments: sizes, sizes)
    func productsAgreeWithTheirSlowTwin(m: Int, k: Int) {
        var random = SeededRandom(seed: 7).child("product", UInt64(m), UInt64(k))
        for n in Self.sizes {
            let a = numbers(m * k, &random)
            let b = numbers(n * k, &random)
            let start = numbers(m * n, &random)
            for (scale, keep) in [(Float(1), Float(0)), (0.5, 1), (2, -0.25)] {
                var transposed = start
                var transposedSpan = transposed.mutableSpan
                multiplyTransposed(
                    a.span, b.span, into: &transposedSpan, rows: m, columns: n, inner: k, scale: scale, keep: keep)
                #expect(
                    isClose(
                        transposed,
                        reference(a, b, start, m, n, k, transposed: true, scale: scale, keep: keep)))
                var plain = start
                var plainSpan = plain.mutableSpan
                multiply(a.span, b.span, into: &plainSpan, rows: m, columns: n, inner: k, scale: scale, keep: keep)
                #expect(
                    isClose(plain, reference(a, b, start, m, n, k, transposed: false, scale: scale, keep: keep)))
            }
        }
    }

    @Test func aProductIgnoresWhatItsOutputHeld() {
        var c: [Float] = [.nan, .infinity]
        var span = c.mutableSpan
        multiplyTransposed(
            ([1, 2] as [Float]).span, ([3, 4, 5, 6] as [Float]).span, into: &span, rows: 1, columns: 2, inner: 2)
        #expect(c == [11, 17])
    }

    @Test(arguments: [0, 1, 7, 8, 9, 1000])
    func innerProductAndScaledSumAgreeWithTheirSlowTwins(count: Int) {
        var random = SeededRandom(seed: 8).child("dot", UInt64(count))
        let a = numbers(count, &random)
        let b = numbers(count, &random)
        let expected = zip(a, b).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        #expect(abs(Double(dot(a.span, b.span)) - expected) < 1e-3)
        var sum = b
        var span = sum.mutableSpan
        addScaled(a.span, by: 0.5, to: &span)
        #expect(sum == zip(a, b).map { 0.5 * $0 + $1 })
    }

    @Test func bothScalarsMultiplyAnyTransposition() {
        // a = [1 2; 3 4], b = [5 6; 7 8]
        #expect(product(of: Float.self, left: false, right: false) == [19, 22, 43, 50])
        #expect(product(of: Double.self, left: false, right: false) == [19, 22, 43, 50])
        #expect(product(of: Float.self, left: true, right: false) == [26, 30, 38, 44])
        #expect(product(of: Double.self, left: true, right: false) == [26, 30, 38, 44])
        #expect(product(of: Float.self, left: false, right: true) == [17, 23, 39, 53])
        #expect(product(of: Double.self, left: false, right: true) == [17, 23, 39, 53])
    }

    private func product<Number: Scalar>(of _: Number.Type, left: Bool, right: Bool) -> [Number] {
        let a: [Number] = [1, 2, 3, 4]
        let b: [Number] = [5, 6, 7, 8]
        var c: [Number] = [0, 0, 0, 0]
        let shape = ProductShape(rows: 2, columns: 2, inner: 2, transposesLeft: left, transposesRight: right)
        Number.product(shape, alpha: 1, a, stride: 2, b, stride: 2, beta: 0, &c, stride: 2)
        return c
    }

    @Test func configuringNamesTheKernels() {
        #expect(!BLAS.configure().isEmpty)
    }

    @Test func relaxedSumsAreSums() {
        #expect(Float.relaxedMultiplyAdd(2, 3, 4) == 10 && Double.relaxedMultiplyAdd(2, 3, 4) == 10)
        #expect(Float.relaxedAdd(2, 3) == 5 && Double.relaxedAdd(2, 3) == 5)
        #expect(Float.exponential(0) == 1 && Double.logOnePlus(0) == 0)
    }
}
