// Nearest neighbors: build an index, ask it, and compare a sample of its answers with a plain search in double
// precision. Cosine is inner product of unit vectors; Euclidean distance is inner product with one more column,
// -|x|²/2 against 1, so one index serves all three.
//
// The floor of exact search: one pass over a byte an entry for as many queries as wait together, and one product of
// bytes an entry and query. 10,000 rows of 128 are 1.28 MB, in the second-level cache: a core that reads 100 GB/s of it
// answers 78,000 single queries a second; 64 products an instruction and two instructions a cycle are 3.6 us a query,
// 280,000 queries a second when many wait. 100,000 rows of 128 are 12.8 MB, beyond it: at 28 GB/s 457 us a pass,
// which twenty queries share. What comes after the products: one comparison a row, 16 at a time, and some tens of rows
// scored in full, 20 ns each. `bytes_per_second` is what the scan reads of the rows, `read_bytes_per_second` what a
// plain sum over the same bytes reads in the same run.

import Basics
import Nearest

extension Bench {
    static let nearest = Bench(
        name: "nearest",
        summary: "build an index of vectors and search it",
        settings: [
            Setting(
                "vectors", "how many rows to make up and index, or a file: .fvecs, .npy, or bare 32-bit floats", .text,
                default: "100000", scope: .call),
            Setting(
                "queries", "how many rows to ask for, spread over a file and left out of the index, or a file of them",
                .text, default: "4000", scope: .call),
            Setting(
                "dimensions", "numbers of a row, where no file says", .integer(1...65_536), default: "64",
                scope: .call),
            Setting(
                "metric", "what near means", .choice(["ip", "cosine", "euclidean"]), default: "cosine", scope: .call),
            Setting("k", "neighbors of a query", .integer(10...10_000), default: "10", scope: .call),
            Setting("batch", "queries that are asked at once", .integer(1...10_000_000), default: "20", scope: .call),
            Setting(
                "keep", "share of the rows that a filter lets through, chosen by chance", .number(0...1), default: "1",
                scope: .call),
            Setting(
                "method", "scan all rows, or the lists of an inverted file", .choice(["exact", "lists"]),
                default: "exact", scope: .call),
            Setting("probes", "lists that a query looks at", .integer(1...65_535), default: "16", scope: .call),
            Setting(
                "lists", "lists of an inverted file; 0 for four times the root of the rows", .integer(0...65_535),
                default: "0", scope: .call),
            Setting(
                "save", "write what was made up to this name with -vectors.npy and -queries.npy", .text, scope: .call),
        ]
    ) { run in
        let input = try run.loading { try NearestInput(run) }
        let (index, build) = run.working { BenchIndex(input, run) }
        let (k, batch, total) = (
            run.settings.integer("k"), run.settings.integer("batch"), input.queries.count / input.dimensions
        )
        let (found, search) = run.working {
            stride(from: 0, to: total, by: batch).flatMap { first in
                let range = first * input.dimensions..<min(first + batch, total) * input.dimensions
                return index.search(input.queries.span.extracting(range), count: k, input.filter, run)
            }
        }
        if case .lists = index {
            return try run.report([
                "recall_at_10": .real(input.recallAt10(found, pool: run.pool)),
                "queries_per_second": rate(found.count, in: search.cpu), "build_cpu_seconds": .real(build.cpu),
                "bytes": .whole(index.bytes),
            ])
        }
        let passes = (total + batch - 1) / batch
        let scanned = input.vectors.count
        let reading = readBytesPerSecond(of: scanned)
        try run.report([
            "recall_at_10": .real(input.recallAt10(found, pool: run.pool)),
            "queries_per_second": rate(found.count, in: search.cpu), "build_cpu_seconds": .real(build.cpu),
            "bytes": .whole(index.bytes), "bytes_per_second": rate(passes * scanned, in: search.cpu),
            "read_bytes_per_second": .real(reading),
        ])
    }

    /// What one core reads of that many bytes again and again: a plain sum over them.
    private static func readBytesPerSecond(of count: Int) -> Double {
        let words = [UInt64](repeating: 1, count: max(count / 8, 1))
        let passes = max(1, (1 << 31) / max(count, 1))
        var sum: UInt64 = 0
        let start = processCPUSeconds()
        for _ in 0..<passes { for word in words { sum &+= word } }
        let seconds = processCPUSeconds() - start
        precondition(sum == UInt64(passes * words.count), "every word was read")
        return Double(passes * words.count * 8) / max(seconds, 1e-9)
    }
}

/// The two ways to search.
private enum BenchIndex: Sendable {
    case exact(ExactIndex)
    case lists(InvertedFile, probes: Int)

    init(_ input: NearestInput, _ run: Run) {
        if run.settings.text("method") == "exact" {
            self = .exact(ExactIndex(vectors: input.vectors, dimensions: input.dimensions))
        } else {
            let options = InvertedFileOptions(lists: run.settings.integer("lists"), seed: run.seed)
            let index = InvertedFile(
                vectors: input.vectors, dimensions: input.dimensions, options: options, pool: run.pool)
            self = .lists(index, probes: run.settings.integer("probes"))
        }
    }

    var bytes: Int {
        switch self {
        case .exact(let index): index.bytes
        case .lists(let index, _): index.bytes
        }
    }

    func search(_ queries: Span<Float>, count: Int, _ filter: RowMask?, _ run: Run) -> [[Neighbor]] {
        switch self {
        case .exact(let index):
            index.search(
                queries: queries, count: count, excluding: { _ in [] }, keeping: { _ in filter }, pool: run.pool)
        case .lists(let index, let probes):
            index.search(queries: queries, count: count, probes: probes, keeping: { _ in filter }, pool: run.pool)
        }
    }
}

/// Vectors and queries, prepared so that the inner product is what is asked for.
private struct NearestInput: Sendable {
    /// [rows, dimensions]
    var vectors: [Float] = []
    /// [queries, dimensions]
    var queries: [Float] = []
    var dimensions: Int
    /// Nil when all rows are kept.
    private(set) var filter: RowMask?

    /// Queries whose answers are checked.
    private static let checked = 100
    /// Scores closer than this to the tenth, relative to it, count as equal: single precision knows no better.
    private static let tolerance = 1e-5

    init(_ run: Run) throws {
        let settings = run.settings
        dimensions = settings.integer("dimensions")
        let (rows, asked) = (settings.text("vectors"), settings.text("queries"))
        if let rows = Int(rows) {
            guard let asked = Int(asked) else { throw BenchError("--queries from a file go with --vectors from one") }
            makeUp(rows: rows, asked: asked, SeededRandom(seed: run.seed).child("clusters"))
            run.data = "clustered \(rows) x \(dimensions)"
        } else {
            try read(rows, asked: asked)
            run.data = rows.split(separator: "/").last.map(String.init) ?? rows
        }
        guard vectors.count >= 10 * dimensions, !queries.isEmpty else {
            throw BenchError("ten rows and a query are the least to search")
        }
        prepare(settings.text("metric"))
        let name = settings.text("save")
        if !name.isEmpty {
            try VectorFile.write(vectors, dimensions, to: name + "-vectors.npy")
            try VectorFile.write(queries, dimensions, to: name + "-queries.npy")
        }
        let keep = settings.number("keep")
        if keep < 1 {
            var random = SeededRandom(seed: run.seed).child("filter")
            filter = RowMask(rows: vectors.count / dimensions) { _ in random.uniform() < keep }
        }
    }

    private mutating func read(_ path: String, asked: String) throws {
        let file = try VectorFile(path: path, dimensions: dimensions)
        dimensions = file.dimensions
        guard let asked = Int(asked) else {
            vectors = file.values
            let other = try VectorFile(path: asked, dimensions: dimensions)
            guard other.dimensions == dimensions else {
                throw BenchError("\(asked) has rows of \(other.dimensions) numbers, \(path) of \(dimensions)")
            }
            queries = other.values
            return
        }
        let total = file.values.count / dimensions
        for row in 0..<total {
            let entries = file.values[row * dimensions..<(row + 1) * dimensions]
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
        let hits = pool.map(count) { query -> (found: Int, wanted: Int) in
            let scores = trueScores(of: query)
            let kept = scores.indices.filter { filter?.contains($0) ?? true }
            let wanted = min(10, kept.count)
            if wanted == 0 { return (0, 0) }
            let last = kept.map { scores[$0] }.sorted(by: >)[wanted - 1]
            let least = last - abs(last) * Self.tolerance
            let hits = found[query].prefix(10).filter {
                scores[Int($0.row)] >= least && filter?.contains(Int($0.row)) ?? true
            }
            return (hits.count, wanted)
        }
        return Double(hits.reduce(0) { $0 + $1.found }) / Double(max(hits.reduce(0) { $0 + $1.wanted }, 1))
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
