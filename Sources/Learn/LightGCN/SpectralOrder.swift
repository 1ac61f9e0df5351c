// An order of vertices in which neighbors in space are neighbors in memory: a k-d tree's, read from left to right.

import Linalg

struct SpectralOrder {
    /// Users as they are, items behind them.
    private(set) var order: [Int] = []
    private let rows: [Float]
    private let d: Int

    private static let leaf = 256

    /// O(vertices · dimensions · log(vertices / leaf)).
    init(_ spectrum: SpectralFilter) {
        d = spectrum.dimensions
        var rows = spectrum.users + spectrum.items
        normalizeRows(&rows, width: d)
        self.rows = rows
        split(Array(0..<rows.count / d))
    }

    private mutating func split(_ vertices: [Int]) {
        if vertices.count <= Self.leaf {
            order += vertices
            return
        }
        let axis = widestAxis(vertices)
        let sorted = vertices.sorted { one, other in
            (rows[one * d + axis], one) < (rows[other * d + axis], other)
        }
        split(Array(sorted[..<(sorted.count / 2)]))
        split(Array(sorted[(sorted.count / 2)...]))
    }

    /// The axis with the largest variance.
    private func widestAxis(_ vertices: [Int]) -> Int {
        var (sums, squares) = ([Float](repeating: 0, count: d), [Float](repeating: 0, count: d))
        for vertex in vertices {
            for column in 0..<d {
                let value = rows[vertex * d + column]
                sums[column] += value
                squares[column] += value * value
            }
        }
        let count = Float(vertices.count)
        let variances = (0..<d).map { squares[$0] - sums[$0] * sums[$0] / count }
        return variances.indices.max { (variances[$0], $1) < (variances[$1], $0) } ?? 0
    }
}
