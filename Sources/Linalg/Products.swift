// Matrix products over spans, for whoever has whole arrays. All matrices are row-major without gaps. Each call
// runs on the caller's thread; several threads may call at once as long as their outputs are disjoint.

import COpenBLAS
import CRelaxed

/// c[m,n] = scale · a[m,k] · b[n,k]ᵀ + keep · c: every row of `a` against every row of `b`.
/// With `keep` zero, what `c` held does not matter. Spans may be longer than the sizes need.
/// 2·m·n·k operations in OpenBLAS.
package func multiplyTransposed(
    _ a: Span<Float>, _ b: Span<Float>, into c: inout MutableSpan<Float>, rows m: Int, columns n: Int, inner k: Int,
    scale: Float = 1, keep: Float = 0
) {
    precondition(a.count >= m * k && b.count >= n * k && c.count >= m * n, "a product's spans hold its matrices")
    let shape = ProductShape(rows: m, columns: n, inner: k, transposesRight: true)
    multiply(shape, a, strideA: k, b, strideB: k, into: &c, scale: scale, keep: keep)
}

/// c[m,n] = scale · a[m,k] · b[k,n] + keep · c. Otherwise as `multiplyTransposed`.
package func multiply(
    _ a: Span<Float>, _ b: Span<Float>, into c: inout MutableSpan<Float>, rows m: Int, columns n: Int, inner k: Int,
    scale: Float = 1, keep: Float = 0
) {
    precondition(a.count >= m * k && b.count >= k * n && c.count >= m * n, "a product's spans hold its matrices")
    let shape = ProductShape(rows: m, columns: n, inner: k)
    multiply(shape, a, strideA: k, b, strideB: n, into: &c, scale: scale, keep: keep)
}

/// c = op(a) · op(b), by shape: for benchmarks, which repeat what a model did.
package func multiply(
    _ shape: ProductShape, _ a: Span<Float>, _ b: Span<Float>, into c: inout MutableSpan<Float>
) {
    precondition(
        a.count >= shape.rows * shape.inner && b.count >= shape.inner * shape.columns
            && c.count >= shape.rows * shape.columns, "a product's spans hold its matrices")
    multiply(
        shape, a, strideA: shape.transposesLeft ? shape.rows : shape.inner, b,
        strideB: shape.transposesRight ? shape.inner : shape.columns, into: &c, scale: 1, keep: 0)
}

private func multiply(
    _ shape: ProductShape, _ a: Span<Float>, strideA: Int, _ b: Span<Float>, strideB: Int,
    into c: inout MutableSpan<Float>, scale: Float, keep: Float
) {
    if shape.rows == 0 || shape.columns == 0 { return }
    if shape.inner == 0 {
        for index in 0..<shape.rows * shape.columns { c[index] = keep == 0 ? 0 : keep * c[index] }
        return
    }
    a.withUnsafeBufferPointer { left in
        b.withUnsafeBufferPointer { right in
            c.withUnsafeMutableBufferPointer { result in
                // SAFETY: the callers checked that each span holds its matrix, and none of them is empty here.
                Float.product(
                    shape, alpha: scale, left.baseAddress!, stride: strideA, right.baseAddress!, stride: strideB,
                    beta: keep, result.baseAddress!, stride: shape.columns)
            }
        }
    }
}

/// The inner product of two vectors of one length. Relaxed: the order of the sum is the compiler's choice.
package func dot(_ a: Span<Float>, _ b: Span<Float>) -> Float {
    precondition(a.count == b.count, "an inner product needs two vectors of one length")
    var sum: Float = 0
    for index in 0..<a.count { sum = relaxed_multiply_add(a[index], b[index], sum) }
    return sum
}

/// target += scale · source, entry by entry.
package func addScaled(_ source: Span<Float>, by scale: Float, to target: inout MutableSpan<Float>) {
    precondition(source.count == target.count, "two vectors that are added have one length")
    for index in 0..<source.count { target[index] += scale * source[index] }
}
