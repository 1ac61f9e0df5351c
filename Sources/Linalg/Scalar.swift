// The numbers we compute with. Training runs in Float; gradient checks run the very same code in Double,
// where finite differences are exact enough to mean something.

import COpenBLAS
public import CRelaxed
import Glibc

/// A floating-point number with a matrix product, relaxed sums, and the few functions that losses need.
@usableFromInline
package protocol Scalar: BinaryFloatingPoint, BitwiseCopyable, SIMDScalar, Codable, Sendable {
    /// `a * b + sum`, which the compiler may fuse and reorder among its like. For reductions only.
    static func relaxedMultiplyAdd(_ a: Self, _ b: Self, _ sum: Self) -> Self

    /// `a + b`, which the compiler may reorder among its like. For reductions only.
    static func relaxedAdd(_ a: Self, _ b: Self) -> Self

    static func exponential(_ x: Self) -> Self

    /// log(1 + x) without loss near zero.
    static func logOnePlus(_ x: Self) -> Self

    /// Replaces each of `count` entries x by e^(x - shift) and answers their sum, as `exponentiate` for spans does.
    static func exponentiate(_ entries: UnsafeMutablePointer<Self>, count: Int, shift: Self) -> Self

    /// c[m,n] = alpha · op(a)[m,k] · op(b)[k,n] + beta · c, all row-major, where op transposes or not.
    /// Strides are elements between rows as stored. With beta zero, c may hold anything before.
    /// SAFETY: the caller owns m rows of c and lends all rows of a and b that the sizes name.
    static func product(
        _ shape: ProductShape, alpha: Self, _ a: UnsafePointer<Self>, stride strideA: Int,
        _ b: UnsafePointer<Self>, stride strideB: Int, beta: Self, _ c: UnsafeMutablePointer<Self>,
        stride strideC: Int)
}

/// Sizes of one matrix product and which of its factors are stored transposed.
@usableFromInline
package struct ProductShape: Sendable {
    package var rows: Int
    package var columns: Int
    package var inner: Int
    package var transposesLeft: Bool
    package var transposesRight: Bool

    package init(
        rows: Int, columns: Int, inner: Int, transposesLeft: Bool = false, transposesRight: Bool = false
    ) {
        precondition(rows >= 0 && columns >= 0 && inner >= 0, "a product has no negative size")
        self.rows = rows
        self.columns = columns
        self.inner = inner
        self.transposesLeft = transposesLeft
        self.transposesRight = transposesRight
    }

    fileprivate var left: CBLAS_TRANSPOSE { transposesLeft ? CblasTrans : CblasNoTrans }
    fileprivate var right: CBLAS_TRANSPOSE { transposesRight ? CblasTrans : CblasNoTrans }
}

extension Float {
    /// The square root, which in a loop becomes vector code; the standard library's does not.
    @inlinable
    package var root: Float { square_root(self) }
}

extension Scalar {
    /// Asks for entries that will be read soon. They need not exist.
    @inlinable
    package static func prefetch(_ start: UnsafePointer<Self>, count: Int) {
        let perLine = 64 / MemoryLayout<Self>.stride
        for entry in stride(from: 0, to: count, by: perLine) { prefetch_line(start + entry) }
    }
}

extension Float: Scalar {
    @inlinable
    package static func relaxedMultiplyAdd(_ a: Float, _ b: Float, _ sum: Float) -> Float {
        relaxed_multiply_add(a, b, sum)
    }

    @inlinable
    package static func relaxedAdd(_ a: Float, _ b: Float) -> Float { relaxed_add(a, b) }

    @usableFromInline
    package static func exponential(_ x: Float) -> Float { expf(x) }

    @usableFromInline
    package static func logOnePlus(_ x: Float) -> Float { log1pf(x) }

    @usableFromInline
    package static func exponentiate(_ entries: UnsafeMutablePointer<Float>, count: Int, shift: Float) -> Float {
        var span = MutableSpan(_unsafeStart: entries, count: count)
        return Linalg.exponentiate(&span, scale: 1, shift: shift)
    }

    @usableFromInline
    package static func product(
        _ shape: ProductShape, alpha: Float, _ a: UnsafePointer<Float>, stride strideA: Int,
        _ b: UnsafePointer<Float>, stride strideB: Int, beta: Float, _ c: UnsafeMutablePointer<Float>,
        stride strideC: Int
    ) {
        if shape.rows == 0 || shape.columns == 0 { return }
        BLAS.isLimited
        cblas_sgemm(
            CblasRowMajor, shape.left, shape.right, Int32(shape.rows), Int32(shape.columns), Int32(shape.inner),
            alpha, a, Int32(max(strideA, 1)), b, Int32(max(strideB, 1)), beta, c, Int32(strideC))
    }
}

extension Double: Scalar {
    @inlinable
    package static func relaxedMultiplyAdd(_ a: Double, _ b: Double, _ sum: Double) -> Double {
        relaxed_multiply_add_double(a, b, sum)
    }

    @inlinable
    package static func relaxedAdd(_ a: Double, _ b: Double) -> Double { relaxed_add_double(a, b) }

    @usableFromInline
    package static func exponential(_ x: Double) -> Double { exp(x) }

    @usableFromInline
    package static func logOnePlus(_ x: Double) -> Double { log1p(x) }

    @usableFromInline
    package static func exponentiate(_ entries: UnsafeMutablePointer<Double>, count: Int, shift: Double) -> Double {
        var sum = 0.0
        for index in 0..<count {
            entries[index] = exp(entries[index] - shift)
            sum += entries[index]
        }
        return sum
    }

    @usableFromInline
    package static func product(
        _ shape: ProductShape, alpha: Double, _ a: UnsafePointer<Double>, stride strideA: Int,
        _ b: UnsafePointer<Double>, stride strideB: Int, beta: Double, _ c: UnsafeMutablePointer<Double>,
        stride strideC: Int
    ) {
        if shape.rows == 0 || shape.columns == 0 { return }
        BLAS.isLimited
        cblas_dgemm(
            CblasRowMajor, shape.left, shape.right, Int32(shape.rows), Int32(shape.columns), Int32(shape.inner),
            alpha, a, Int32(max(strideA, 1)), b, Int32(max(strideB, 1)), beta, c, Int32(strideC))
    }
}
