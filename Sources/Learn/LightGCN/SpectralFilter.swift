// The truncated singular value decomposition of the normalized interactions N = D_u^-1/2 R D_i^-1/2. The span V of its
// largest right singular vectors is an ideal low-pass filter: N V Vᵀ D_i^1/2 ranks without any training (Shen et al.,
// "How powerful is graph convolution for recommendation?", CIKM 2021). As embeddings, N V and V start a light model
// where random numbers would need many epochs to get to.
//
// Only the span matters, so subspace iteration is enough, on the same gather kernel as training. Columns are made
// orthonormal by the Cholesky factor of their products, in Double: one matrix product instead of d² passes.

package import Basics
import Linalg

/// A `dimensions`-dimensional spectrum of interactions: users [users, d] = N V, items [items, d] = V.
package struct SpectralFilter: Sendable {
    package let users: [Float]
    package let items: [Float]
    package let dimensions: Int
    private let itemRoots: [Float]

    /// Costs `rounds` products with the interactions and back, and twice as many of items · d². The same random gives
    /// the same span for any number of threads.
    package init(
        _ graph: InteractionGraph, dimensions d: Int, rounds: Int = 6, random: SeededRandom, pool: ComputePool
    ) {
        let plain = graph.bipartite
        let (first, count) = (graph.userCount, graph.vertexCount)
        let table = VertexTable<Float>(rows: count, columns: d)
        let next = VertexTable<Float>(rows: count, columns: d)
        var random = random
        var basis = (0..<graph.itemCount * d).map { _ in Float(random.normal()) }
        orthonormalize(&basis, columns: d)
        for _ in 0..<rounds {
            Self.spread(basis, table, plain, first)
            plain.multiply(table, columns: d, 0..<first, scales: plain.inverseDegrees, into: table, pool)
            plain.multiply(table, columns: d, first..<count, scales: plain.inverseRoots, into: next, pool)
            basis = Array(UnsafeBufferPointer(start: next[first], count: basis.count))
            orthonormalize(&basis, columns: d)
        }
        Self.spread(basis, table, plain, first)
        plain.multiply(table, columns: d, 0..<first, scales: plain.inverseRoots, into: table, pool)
        func rows(_ vertices: [UInt32], _ row: (Int) -> Int, _ source: (Int) -> Float) -> [Float] {
            vertices.flatMap { vertex in (0..<d).map { source(row(Int(vertex)) * d + $0) } }
        }
        users = rows(graph.vertexOfUser, { $0 }, { table.base[$0] })
        let found = basis
        items = rows(graph.vertexOfItem, { $0 - first }, { found[$0] })
        itemRoots = graph.vertexOfItem.map { plain.inverseRoots[Int($0)] }
        dimensions = d
    }

    /// The filter's own ranking.
    package var scorer: EmbeddingScorer {
        var weighted = items
        for (item, root) in itemRoots.enumerated() where root > 0 {
            for column in 0..<dimensions { weighted[item * dimensions + column] /= root }
        }
        return EmbeddingScorer(users: users, items: weighted, dimensions: dimensions)
    }

    /// The items' rows of the table: root · basis.
    private static func spread(_ basis: [Float], _ table: VertexTable<Float>, _ links: VertexLinks, _ first: Int) {
        let d = table.stride
        for vertex in first..<links.vertexCount {
            for column in 0..<d {
                table[vertex][column] = links.inverseRoots[vertex] * basis[(vertex - first) * d + column]
            }
        }
    }
}

/// Makes the columns of [rows, columns] orthonormal without changing their span. Twice, since once loses digits.
/// A column that depends on those before it becomes zero.
func orthonormalize(_ matrix: inout [Float], columns d: Int) {
    for _ in 0..<2 {
        let rows = matrix.count / d
        var products = [Float](repeating: 0, count: d * d)
        let shape = ProductShape(rows: d, columns: d, inner: rows, transposesLeft: true)
        var result = [Float](repeating: 0, count: matrix.count)
        matrix.withUnsafeBufferPointer { matrix in
            guard let base = matrix.baseAddress else { return }
            // SAFETY: sizes are those of the arrays.
            Float.product(shape, alpha: 1, base, stride: d, base, stride: d, beta: 0, &products, stride: d)
            let inverse = inverseCholesky(products.map(Double.init), d).map { Float($0) }
            Float.product(
                ProductShape(rows: rows, columns: d, inner: d), alpha: 1, base, stride: d, inverse, stride: d, beta: 0,
                &result, stride: d)
        }
        matrix = result
    }
}

/// The upper triangular X with Xᵀ · A · X = 1, for a symmetric A that is not negative. Columns without length are zero.
func inverseCholesky(_ a: [Double], _ d: Int) -> [Double] {
    var upper = [Double](repeating: 0, count: d * d)
    for column in 0..<d {
        for row in 0...column {
            var sum = a[row * d + column]
            for k in 0..<row { sum -= upper[k * d + row] * upper[k * d + column] }
            if row == column {
                upper[row * d + row] = sum > 1e-6 * a[row * d + row] && sum > 0 ? sum.squareRoot() : 0
            } else {
                upper[row * d + column] = upper[row * d + row] > 0 ? sum / upper[row * d + row] : 0
            }
        }
    }
    var inverse = [Double](repeating: 0, count: d * d)
    for column in 0..<d where upper[column * d + column] > 0 {
        inverse[column * d + column] = 1 / upper[column * d + column]
        for row in stride(from: column - 1, through: 0, by: -1) where upper[row * d + row] > 0 {
            var sum = 0.0
            for k in row + 1...column { sum += upper[row * d + k] * inverse[k * d + column] }
            inverse[row * d + column] = -sum / upper[row * d + row]
        }
    }
    return inverse
}
