// Which way to search rows depends on how many there are. Up to `listedMin` a scan over all of them is as fast as
// anything that may miss some, and exact; above, an inverted file looks at as many lists as it takes to find what a
// scan finds, which is measured when it is made.

package import Basics
import Linalg

/// The rows of one city's people or places, ready to be searched. Any thread may ask.
package enum RowIndex: Sendable {
    case exact(ExactIndex)
    case lists(InvertedFile, probes: Int)

    /// From so many rows on lists are faster; measured, see docs/BENCHMARKS.md.
    package static let listedMin = 50_000
    /// The share of the ten best that lists must find when they are made.
    private static let recallWanted = 0.99
    private static let queriesMeasured = 64

    /// `vectors` is [rows, dimensions].
    package init(vectors: [Float], dimensions: Int, listedMin: Int = RowIndex.listedMin, pool: ComputePool) {
        let exact = ExactIndex(vectors: vectors, dimensions: dimensions)
        guard exact.count >= listedMin, exact.isRegular else {
            self = .exact(exact)
            return
        }
        let lists = InvertedFile(vectors: vectors, dimensions: dimensions, pool: pool)
        var probes = 8
        while probes < lists.listCount {
            let made = RowIndex.lists(lists, probes: probes)
            let recall = made.recallAt10(
                of: vectors, stride: dimensions, queries: Self.queriesMeasured, against: exact, pool: pool)
            if recall >= Self.recallWanted { break }
            probes *= 2
        }
        self = .lists(lists, probes: probes)
    }

    /// What is worth keeping of an index as it was made of `vectors`: nil where making it anew costs no more.
    package func encoded(vectors: [Float]) -> [UInt8]? {
        guard case .lists(let lists, let probes) = self else { return nil }
        return lists.encoded(vectors: vectors, probes: probes)
    }

    /// An index that was made of these rows before. Errors: what is wrong with the bytes; the index is then to be made
    /// anew. O(rows · dimensions).
    package init(
        decoding bytes: [UInt8], vectors: [Float], dimensions: Int, pool: ComputePool
    ) throws(ByteError) {
        let (lists, probes) = try InvertedFile.decoded(bytes, vectors: vectors, dimensions: dimensions, pool: pool)
        self = .lists(lists, probes: probes)
    }

    /// How many rows there are, removed ones included.
    package var count: Int {
        switch self {
        case .exact(let index): index.count
        case .lists(let index, _): index.count
        }
    }

    /// See `ExactIndex.search`. More answers than ten come from more lists.
    package func search(
        queries: Span<Float>, count k: Int, excluding: (Int) -> [UInt32] = { _ in [] },
        keeping: (Int) -> RowMask? = { _ in nil }, pool: ComputePool
    ) -> [[Neighbor]] {
        switch self {
        case .exact(let index):
            index.search(queries: queries, count: k, excluding: excluding, keeping: keeping, pool: pool)
        case .lists(let index, let probes):
            index.search(
                queries: queries, count: k, probes: probes * max(1, Int((Double(k) / 10).squareRoot())),
                excluding: excluding, keeping: keeping, pool: pool)
        }
    }

    /// Puts rows behind the last one, [rows, dimensions].
    package mutating func append(_ more: [Float]) {
        switch self {
        case .exact(var index):
            self = .exact(ExactIndex(vectors: [], dimensions: index.dimensions))
            index.append(more)
            self = .exact(index)
        case .lists(var index, let probes):
            self = .exact(ExactIndex(vectors: [], dimensions: index.dimensions))
            for start in stride(from: 0, to: more.count, by: index.dimensions) {
                index.append(Array(more[start..<start + index.dimensions]))
            }
            self = .lists(index, probes: probes)
        }
    }

    /// Takes a row out of all later answers.
    package mutating func remove(_ row: Int) {
        switch self {
        case .exact(var index):
            self = .exact(ExactIndex(vectors: [], dimensions: index.dimensions))
            index.remove(row)
            self = .exact(index)
        case .lists(var index, let probes):
            self = .exact(ExactIndex(vectors: [], dimensions: index.dimensions))
            index.remove(row)
            self = .lists(index, probes: probes)
        }
    }

    /// The share of the ten best that a search finds for some rows of [rows, stride] as queries, evenly spread; `exact`
    /// has the same rows. 1 where there is nothing to find.
    package func recallAt10(
        of rows: [Float], stride: Int, queries wanted: Int, against exact: ExactIndex, pool: ComputePool
    ) -> Double {
        precondition(stride >= exact.dimensions && rows.count % stride == 0, "queries have the index's dimensions")
        let total = rows.count / stride
        let asked = (0..<min(wanted, total)).flatMap { index -> ArraySlice<Float> in
            let start = index * total / min(wanted, total) * stride
            return rows[start..<start + exact.dimensions]
        }
        let best = exact.plainSearch(asked, count: 10, pool: pool)
        let found = search(queries: asked.span, count: 10, pool: pool)
        var (hits, all) = (0, 0)
        for (ours, theirs) in zip(found, best) {
            guard let least = theirs.last?.score else { continue }
            hits += ours.count { $0.score >= least }
            all += theirs.count
        }
        return all == 0 ? 1 : Double(hits) / Double(all)
    }
}
