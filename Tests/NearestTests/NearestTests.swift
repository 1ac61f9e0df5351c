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
