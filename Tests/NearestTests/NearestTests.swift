import Basics
import Nearest
import Testing

/// The slow twin: every inner product in a plain loop, a full sort, then the first k.
private func naive(
    _ vectors: [Float], _ query: ArraySlice<Float>, dimensions: Int, count k: Int, excluded: [UInt32]
) -> [Neighbor] {
    let rows = vectors.count / dimensions
    var all: [Neighbor] = []
    for row in 0..<rows where !excluded.contains(UInt32(row)) {
        var score: Float = 0
        for column in 0..<dimensions { score += vectors[row * dimensions + column] * query[query.startIndex + column] }
        if !score.isNaN { all.append(Neighbor(row: UInt32(row), score: score)) }
    }
    all.sort { $0.score != $1.score ? $0.score > $1.score : $0.row < $1.row }
    return Array(all.prefix(max(k, 0)))
}

/// Small whole numbers: their inner products are exact in any order of summation, and full of ties.
private func wholeNumbers(_ count: Int, seed: UInt64) -> [Float] {
    var random = SeededRandom(seed: seed)
    return (0..<count).map { _ in Float(random.below(7) - 3) }
}

@Suite struct ExactIndexTests {
    @Test(arguments: [1, 15, 16, 17, 1023, 1024, 1025, 2500], [1, 10, 200])
    func answersAreThoseOfTheSlowTwinTiesIncluded(rows: Int, count: Int) {
        let dimensions = 5
        let vectors = wholeNumbers(rows * dimensions, seed: UInt64(rows))
        let queries = wholeNumbers(67 * dimensions, seed: 77)
        var random = SeededRandom(seed: 3)
        let excluded = (0..<67).map { query in
            query % 3 == 0 ? [] : (0..<UInt32(rows)).filter { _ in random.below(4) == 0 }
        }
        let found = ExactIndex(vectors: vectors, dimensions: dimensions).search(
            queries: queries.span, count: count, excluding: { excluded[$0] }, pool: ComputePool(threads: 2))
        #expect(found.count == 67)
        for query in 0..<67 {
            let expected = naive(
                vectors, queries[query * dimensions..<(query + 1) * dimensions], dimensions: dimensions,
                count: count, excluded: excluded[query])
            #expect(found[query] == expected, "query \(query)")
        }
    }

    @Test func realVectorsFindTheSameRowsWithNearlyTheSameScores() {
        var random = SeededRandom(seed: 11)
        let dimensions = 65
        let vectors = (0..<3000 * dimensions).map { _ in Float(random.normal()) }
        let queries = (0..<5 * dimensions).map { _ in Float(random.normal()) }
        let found = ExactIndex(vectors: vectors, dimensions: dimensions).search(
            queries: queries.span, count: 20, excluding: { _ in [] }, pool: ComputePool(threads: 1))
        for query in 0..<5 {
            let expected = naive(
                vectors, queries[query * dimensions..<(query + 1) * dimensions], dimensions: dimensions,
                count: 20, excluded: [])
            #expect(found[query].map(\.row) == expected.map(\.row))
            for (ours, theirs) in zip(found[query], expected) { #expect(abs(ours.score - theirs.score) < 1e-3) }
        }
    }

    @Test(arguments: [10, 200, 600])
    func columnsOfUnlikeSizesChangeNothing(count: Int) {
        // Sparse tags, a large common number, and one that is far out: as places are.
        var random = SeededRandom(seed: 15)
        let (rows, dimensions) = (3000, 24)
        var vectors: [Float] = []
        for _ in 0..<rows {
            for _ in 0..<20 { vectors.append(random.below(8) == 0 ? Float(random.below(3)) : 0) }
            vectors += [Float(40 + random.below(20)), Float(random.below(2)), 100, random.below(200) == 0 ? -900 : 0]
        }
        let queries = wholeNumbers(9 * dimensions, seed: 5)
        let mask = RowMask(rows: rows) { $0 % 3 != 0 || $0 > 2000 }
        let found = ExactIndex(vectors: vectors, dimensions: dimensions).search(
            queries: queries.span, count: count, excluding: { $0 % 2 == 0 ? [5, 17, 900] : [] },
            keeping: { $0 % 3 == 0 ? mask : nil }, pool: ComputePool(threads: 1))
        for query in 0..<9 {
            let forbidden = (0..<UInt32(rows)).filter {
                (query % 2 == 0 && [5, 17, 900].contains($0)) || (query % 3 == 0 && !mask.contains(Int($0)))
            }
            let expected = naive(
                vectors, queries[query * dimensions..<(query + 1) * dimensions], dimensions: dimensions, count: count,
                excluded: forbidden)
            #expect(found[query] == expected, "query \(query)")
        }
    }

    @Test func theNumberOfThreadsChangesNothing() {
        var random = SeededRandom(seed: 5)
        let vectors = (0..<1500 * 16).map { _ in Float(random.normal()) }
        let queries = (0..<300 * 16).map { _ in Float(random.normal()) }
        let index = ExactIndex(vectors: vectors, dimensions: 16)
        let answers = [1, 2, 5].map { threads in
            index.search(
                queries: queries.span, count: 30, excluding: { [UInt32($0)] }, pool: ComputePool(threads: threads))
        }
        #expect(answers[0] == answers[1])
        #expect(answers[0] == answers[2])
    }

    @Test(arguments: [0, 0.002, 0.1, 0.5, 1])
    func aFilterIsAppliedBeforeTheBestAreChosen(share: Double) {
        let (rows, dimensions) = (1500, 12)
        var random = SeededRandom(seed: 21)
        let vectors = wholeNumbers(rows * dimensions, seed: 31)
        let queries = wholeNumbers(20 * dimensions, seed: 32)
        // Every other query has the filter, every third one excludes rows as well.
        let mask = RowMask(rows: rows) { _ in random.uniform() < share }
        let kept = (0..<UInt32(rows)).filter { mask.contains(Int($0)) }
        #expect(mask.count == kept.count)
        let excluded = (0..<20).map { $0 % 3 == 0 ? kept.filter { _ in random.below(3) == 0 } : [] }
        let found = ExactIndex(vectors: vectors, dimensions: dimensions).search(
            queries: queries.span, count: 10, excluding: { excluded[$0] }, keeping: { $0 % 2 == 0 ? mask : nil },
            pool: ComputePool(threads: 2))
        for query in 0..<20 {
            let out = (0..<UInt32(rows)).filter {
                query % 2 == 0 && !mask.contains(Int($0)) || excluded[query].contains($0)
            }
            let expected = naive(
                vectors, queries[query * dimensions..<(query + 1) * dimensions], dimensions: dimensions, count: 10,
                excluded: out)
            #expect(found[query] == expected, "query \(query)")
        }
    }

    @Test func rowsThatOnlyExactScoresTellApartAreToldApart() {
        // All rows are one direction, longer by less than a byte can say.
        let (rows, dimensions) = (3000, 16)
        let vectors = (0..<rows * dimensions).map { 1 + Float($0 / dimensions * 7 % rows) * 1e-6 }
        let query = [Float](repeating: 1, count: dimensions)
        let found = ExactIndex(vectors: vectors, dimensions: dimensions).search(
            queries: query.span, count: 5, excluding: { _ in [] }, pool: ComputePool(threads: 1))
        let expected = naive(vectors, query[...], dimensions: dimensions, count: 5, excluded: [])
        #expect(found[0].map(\.row) == expected.map(\.row))
    }

    @Test func smallVectorsAreToldApartAsWell() {
        let vectors: [Float] = [1e-24, 0.5e-24, 1.002e-24, 0.5009e-24]
        let index = ExactIndex(vectors: vectors, dimensions: 2)
        let query: [Float] = [1, 1]
        let found = index.search(queries: query.span, count: 1, excluding: { _ in [] }, pool: ComputePool(threads: 1))
        #expect(found[0].map(\.row) == [1])
    }

    @Test func anUnusualQueryIsAnsweredByLookingAtEverything() {
        let vectors: [Float] = [1, 2, -1, 3e38, .nan]
        let index = ExactIndex(vectors: vectors, dimensions: 1)
        func rows(_ query: Float) -> [UInt32] {
            let queries = [query]
            return index.search(
                queries: queries.span, count: 4, excluding: { _ in [] }, pool: ComputePool(threads: 1))[0].map(\.row)
        }
        #expect(rows(.infinity) == [0, 1, 3, 2])
        #expect(rows(1e30) == [3, 1, 0, 2])
        #expect(rows(.nan).isEmpty)
    }

    @Test func nothingToFindIsAnEmptyAnswer() {
        let pool = ComputePool(threads: 1)
        let index = ExactIndex(vectors: [1, 2, 3, 4], dimensions: 2)
        let query: [Float] = [1, 1]
        let none: [Float] = []
        #expect(index.search(queries: query.span, count: 0, excluding: { _ in [] }, pool: pool) == [[]])
        #expect(index.search(queries: query.span, count: 3, excluding: { _ in [0, 1] }, pool: pool) == [[]])
        #expect(index.search(queries: none.span, count: 3, excluding: { _ in [] }, pool: pool) == [])
        let empty = ExactIndex(vectors: [], dimensions: 2)
        #expect(empty.search(queries: query.span, count: 3, excluding: { _ in [] }, pool: pool) == [[]])
    }

    @Test func rowsThatAreNotNumbersAreNeverFoundAndInfiniteOnesAre() {
        let vectors: [Float] = [.nan, 1, -.infinity, 2, .infinity]
        let query: [Float] = [1]
        let found = ExactIndex(vectors: vectors, dimensions: 1).search(
            queries: query.span, count: 5, excluding: { _ in [] }, pool: ComputePool(threads: 1))
        #expect(found[0].map(\.row) == [4, 3, 1, 2])
    }

    @Test func scoresOrderAcrossZeroAndTheTwoZerosTie() {
        let vectors: [Float] = [-2, -0.0, 0, 1e-30, -1e-30, 3, -0.0, -2]
        let query: [Float] = [1]
        for count in [3, 8] {
            let found = ExactIndex(vectors: vectors, dimensions: 1).search(
                queries: query.span, count: count, excluding: { _ in [] }, pool: ComputePool(threads: 1))
            #expect(found[0].map(\.row) == Array([5, 3, 1, 2, 6, 4, 0, 7].prefix(count)))
        }
    }

    @Test func aMatrixThatDoesNotFitIsOurOwnFault() async {
        await #expect(processExitsWith: .failure) { _ = ExactIndex(vectors: [1, 2, 3], dimensions: 2) }
    }
}
