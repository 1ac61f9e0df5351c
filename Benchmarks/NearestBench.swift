// Nearest neighbors: build an index, ask it, and compare a sample of its answers with a plain search in double
// precision. Cosine is inner product of unit vectors; Euclidean distance is inner product with one more column,
// -|x|²/2 against 1, so one index serves all three.
//
// The floor of exact search: 2 · rows · dimensions operations a query, as matrix products. 100,000 rows of 64 are
// 12.8 MFLOP; a core that does 250 GFLOP/s (measured, OpenBLAS on AVX-512) answers 19,500 queries a second, before any
// score is looked at. Looking costs one comparison a row, 16 at a time: 6,250 vector comparisons, about 2 us.
// Memory does not bind: 64 queries share each pass over the 25.6 MB, 0.4 MB a query at 33 GB/s are 12 us.

import Basics
import Nearest

extension Bench {
    static let nearest = Bench(
        name: "nearest",
        summary: "build an index of vectors and search it",
        settings: [
            Setting("data", "file of raw little-endian 32-bit floats, row after row", .path, scope: .call),
            Setting("dimensions", "numbers of a row", .integer(1...65_536), default: "64", scope: .call),
            Setting(
                "vectors", "rows to index: to make, or at most to take from the file", .integer(1...100_000_000),
                default: "100000", scope: .call),
            Setting(
                "queries", "rows to ask for; a file's are spread over it and left out of the index",
                .integer(1...10_000_000), default: "4000", scope: .call),
            Setting(
                "metric", "what near means", .choice(["inner-product", "cosine", "euclidean"]), default: "cosine",
                scope: .call),
            Setting("k", "neighbors of a query", .integer(10...10_000), default: "10", scope: .call),
            Setting("method", "how the index searches", .choice(["exact"]), default: "exact", scope: .call),
        ]
    ) { run in
        let input = try run.loading { try NearestInput(run) }
        let vectors = input.vectors
        let (index, build) = run.working { ExactIndex(vectors: vectors, dimensions: input.dimensions) }
        let (found, search) = run.working {
            index.search(
                queries: input.queries.span, count: run.settings.integer("k"), excluding: { _ in [] }, pool: run.pool)
        }
        try run.report([
            "recall_at_10": .real(input.recallAt10(found, pool: run.pool)),
            "queries_per_second": rate(found.count, in: search.cpu), "build_cpu_seconds": .real(build.cpu),
            "bytes": .whole(4 * vectors.count),
        ])
    }
}

/// Vectors and queries, prepared so that the inner product is what is asked for.
private struct NearestInput: Sendable {
    /// [rows, dimensions]
    var vectors: [Float] = []
    /// [queries, dimensions]
    var queries: [Float] = []
    var dimensions: Int

    /// Queries whose answers are checked.
    private static let checked = 100
    /// Scores closer than this to the tenth, relative to it, count as equal: single precision knows no better.
    private static let tolerance = 1e-5

    init(_ run: Run) throws {
        let settings = run.settings
        dimensions = settings.integer("dimensions")
        let (rows, asked) = (settings.integer("vectors"), settings.integer("queries"))
        if let path = settings.path("data") {
            try read(path, rows: rows, asked: asked)
            run.data = path.split(separator: "/").last.map(String.init) ?? path
        } else {
            makeUp(rows: rows, asked: asked, SeededRandom(seed: run.seed).child("clusters"))
            run.data = "clustered \(rows) x \(dimensions)"
        }
        guard vectors.count >= 10 * dimensions else { throw BenchError("ten rows are the least to search") }
        prepare(settings.text("metric"))
    }

    private mutating func read(_ path: String, rows: Int, asked: Int) throws {
        let bytes = try readSmallFile(path, limit: .max)
        let width = 4 * dimensions
        guard bytes.count % width == 0 else {
            throw BenchError("\(path) has \(bytes.count) bytes, which is no whole number of rows of \(width)")
        }
        let total = min(bytes.count / width, rows + asked)
        let values = bytes.withUnsafeBytes { raw in
            (0..<total * dimensions).map { index in
                Float(bitPattern: UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)))
            }
        }
        for row in 0..<total {
            let entries = values[row * dimensions..<(row + 1) * dimensions]
            let isQuery = (row + 1) * asked / total > row * asked / total
            if isQuery { queries += entries } else { vectors += entries }
        }
    }

    /// Points of 200 clusters, each stretched along eight directions of its own, with a little noise: embeddings
    /// look like this more than like a ball.
    private mutating func makeUp(rows: Int, asked: Int, _ source: SeededRandom) {
        let (clusters, rank, noise) = (200, 8, Float(0.1))
        var random = source
        func draw(_ count: Int, _ scale: Float) -> [Float] { (0..<count).map { _ in Float(random.normal()) * scale } }
        let centers = draw(clusters * dimensions, 1)
        let directions = draw(clusters * rank * dimensions, 0.3)
        vectors.reserveCapacity((rows + asked) * dimensions)
        for _ in 0..<rows + asked {
            let cluster = random.below(clusters)
            let start = vectors.count
            for column in 0..<dimensions {
                vectors.append(centers[cluster * dimensions + column] + Float(random.normal()) * noise)
            }
            for direction in 0..<rank {
                let (along, first) = (Float(random.normal()), (cluster * rank + direction) * dimensions)
                for column in 0..<dimensions { vectors[start + column] += along * directions[first + column] }
            }
        }
        queries = Array(vectors[(rows * dimensions)...])
        vectors.removeLast(asked * dimensions)
    }

    private mutating func prepare(_ metric: String) {
        switch metric {
        case "cosine":
            Self.normalize(&vectors, dimensions)
            Self.normalize(&queries, dimensions)
        case "euclidean":
            vectors = Self.widened(vectors, dimensions) { row in -row.reduce(0) { $0 + $1 * $1 } / 2 }
            queries = Self.widened(queries, dimensions) { _ in 1 }
            dimensions += 1
        default: break
        }
    }

    private static func normalize(_ values: inout [Float], _ dimensions: Int) {
        for start in stride(from: 0, to: values.count, by: dimensions) {
            let length = values[start..<start + dimensions].reduce(0) { $0 + $1 * $1 }.squareRoot()
            if length > 0 { for index in start..<start + dimensions { values[index] /= length } }
        }
    }

    private static func widened(
        _ values: [Float], _ dimensions: Int, _ last: (ArraySlice<Float>) -> Float
    ) -> [Float] {
        stride(from: 0, to: values.count, by: dimensions).flatMap { start in
            let row = values[start..<start + dimensions]
            return row + [last(row)]
        }
    }

    /// The share of the ten best rows that were found, over some queries. The slow twin scores in double precision.
    func recallAt10(_ found: [[Neighbor]], pool: ComputePool) -> Double {
        let count = min(Self.checked, found.count)
        let hits = pool.map(count) { query -> Int in
            let scores = trueScores(of: query)
            let tenth = scores.sorted(by: >)[9]
            let least = tenth - abs(tenth) * Self.tolerance
            return found[query].prefix(10).reduce(0) { $0 + (scores[Int($1.row)] >= least ? 1 : 0) }
        }
        return Double(hits.reduce(0, +)) / Double(10 * count)
    }

    private func trueScores(of query: Int) -> [Double] {
        let (rows, asked) = (vectors.span, queries.span.extracting(query * dimensions..<(query + 1) * dimensions))
        return (0..<rows.count / dimensions).map { row in
            var score = 0.0
            for column in 0..<dimensions { score += Double(rows[row * dimensions + column]) * Double(asked[column]) }
            return score
        }
    }
}
