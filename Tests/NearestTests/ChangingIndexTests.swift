import Basics
import Testing

@testable import Nearest

/// Rows that come and go, against an index built anew from those that are left.
@Suite struct ChangingIndexTests {
    private let dimensions = 12
    private let pool = ComputePool(threads: 2)

    /// Points of some clusters, which is what lists are for.
    private func draw(_ count: Int, _ random: inout SeededRandom) -> [Float] {
        var source = SeededRandom(seed: 99)
        let centers = (0..<20 * dimensions).map { _ in Float(source.normal()) }
        return (0..<count).flatMap { _ -> [Float] in
            let center = random.below(20) * dimensions
            return (0..<dimensions).map { centers[center + $0] + 0.3 * Float(random.normal()) }
        }
    }

    /// Answers of both in terms of a row's number in the changed index; `left` are the rows that are left.
    private func expectSame(_ changed: [[Neighbor]], _ fresh: [[Neighbor]], left: [UInt32]) {
        for (ours, theirs) in zip(changed, fresh) {
            #expect(ours.map(\.row) == theirs.map { left[Int($0.row)] })
            #expect(ours.map(\.score) == theirs.map(\.score))
        }
    }

    @Test func tenThousandInsertionsAndDeletionsFindWhatAFreshIndexFinds() {
        var random = SeededRandom(seed: 4)
        var rows = draw(3000, &random)
        var exact = ExactIndex(vectors: rows, dimensions: dimensions)
        var lists = InvertedFile(vectors: rows, dimensions: dimensions, pool: pool)
        var isLeft = [Bool](repeating: true, count: 3000)
        for _ in 0..<10_000 {
            if random.below(2) == 0 {
                let row = draw(1, &random)
                exact.append(row)
                #expect(lists.append(row) == isLeft.count)
                rows += row
                isLeft.append(true)
            } else {
                let row = random.below(isLeft.count)
                if !isLeft[row] { continue }
                exact.remove(row)
                lists.remove(row)
                isLeft[row] = false
            }
        }
        let left = isLeft.indices.filter { isLeft[$0] }.map { UInt32($0) }
        let kept = left.flatMap { rows[Int($0) * dimensions..<(Int($0) + 1) * dimensions] }
        let queries = draw(60, &random)
        let fresh = ExactIndex(vectors: kept, dimensions: dimensions)
        let best = fresh.search(queries: queries.span, count: 10, excluding: { _ in [] }, pool: pool)
        let found = exact.search(queries: queries.span, count: 10, excluding: { _ in [] }, pool: pool)
        expectSame(found, best, left: left)
        // The masked path, which scores rows one by one, must not meet removed ones either.
        let mask = RowMask(rows: isLeft.count) { $0 % 50 == 0 }
        let few = exact.search(
            queries: queries.span, count: 1000, excluding: { _ in [] }, keeping: { _ in mask }, pool: pool)
        #expect(few.allSatisfy { $0.count == isLeft.indices.count { isLeft[$0] && $0 % 50 == 0 } })

        func recall(_ answers: [[Neighbor]], _ name: (UInt32) -> UInt32) -> Double {
            let hits = zip(answers, best).map { ours, theirs in
                Set(ours.map { name($0.row) }).intersection(theirs.map { left[Int($0.row)] }).count
            }
            return Double(hits.reduce(0, +)) / Double(10 * best.count)
        }
        let drifted = recall(lists.search(queries: queries.span, count: 10, probes: 40, pool: pool)) { $0 }
        let anew = InvertedFile(vectors: kept, dimensions: dimensions, pool: pool)
        let asBuilt = recall(anew.search(queries: queries.span, count: 10, probes: 40, pool: pool)) { left[Int($0)] }
        #expect(drifted > asBuilt - 0.01 && asBuilt > 0.97, "\(drifted) after changes, \(asBuilt) built anew")
    }

    @Test func aCopyIsNotDisturbedByItsOriginal() {
        var random = SeededRandom(seed: 5)
        let rows = draw(500, &random)
        var index = ExactIndex(vectors: rows, dimensions: dimensions)
        var lists = InvertedFile(vectors: rows, dimensions: dimensions, pool: pool)
        let queries = draw(5, &random)
        let (copy, copiedLists) = (index, lists)
        let before = copy.search(queries: queries.span, count: 5, excluding: { _ in [] }, pool: pool)
        let listsBefore = copiedLists.search(queries: queries.span, count: 5, probes: 9, pool: pool)
        index.append(queries)
        for row in 0..<5 { lists.append(Array(queries[row * dimensions..<(row + 1) * dimensions])) }
        for answer in before { index.remove(Int(answer[0].row)) }
        for row in Set(before.map { $0[0].row }) { lists.remove(Int(row)) }
        #expect(copy.search(queries: queries.span, count: 5, excluding: { _ in [] }, pool: pool) == before)
        #expect(copiedLists.search(queries: queries.span, count: 5, probes: 9, pool: pool) == listsBefore)
        #expect(index.search(queries: queries.span, count: 5, excluding: { _ in [] }, pool: pool) != before)
    }

    @Test func allListsFindWhatAScanFinds() {
        var random = SeededRandom(seed: 6)
        let rows = draw(4000, &random)
        let queries = draw(50, &random)
        let exact = ExactIndex(vectors: rows, dimensions: dimensions)
        let lists = InvertedFile(vectors: rows, dimensions: dimensions, pool: pool)
        let filters = [RowMask(rows: 4000) { $0 % 3 == 0 }, RowMask(rows: 4000) { $0 % 97 == 0 }]
        for filter in [nil] + filters.map({ Optional($0) }) {
            let excluded = (0..<50).map { [UInt32($0), UInt32(3 * $0 + 100)] }
            let best = exact.search(
                queries: queries.span, count: 10, excluding: { excluded[$0] }, keeping: { _ in filter }, pool: pool)
            let found = lists.search(
                queries: queries.span, count: 10, probes: 65_535, excluding: { excluded[$0] }, keeping: { _ in filter },
                pool: pool)
            #expect(found == best)
        }
        #expect(lists.search(queries: queries.span, count: 0, probes: 1, pool: pool).allSatisfy { $0.isEmpty })
    }

    @Test func theNumberOfThreadsChangesNothing() {
        var random = SeededRandom(seed: 7)
        let rows = draw(3000, &random)
        let built = [1, 3].map {
            InvertedFile(vectors: rows, dimensions: dimensions, pool: ComputePool(threads: $0))
        }
        let bytes = built.map { $0.encoded(vectors: rows, probes: 3) }
        #expect(bytes[0] == bytes[1])
        #expect(built[0].lists.count == 109 && built[0].lists.reduce(0) { $0 + $1.rows.count } == 3000)
        let none = InvertedFile(vectors: [], dimensions: 3, pool: pool)
        #expect(none.search(queries: [Float]([1, 2, 3]).span, count: 5, probes: 1, pool: pool) == [[]])
        let one = InvertedFile(vectors: [1, 2, 3], dimensions: 3, pool: pool)
        #expect(one.search(queries: [Float]([1, 2, 3]).span, count: 5, probes: 1, pool: pool)[0].map(\.score) == [14])
    }

    @Test func aRowIndexFindsWhatAScanFindsWhateverItIs() {
        var random = SeededRandom(seed: 9)
        let rows = draw(3000, &random)
        let exact = ExactIndex(vectors: rows, dimensions: dimensions)
        for listedMin in [3001, 3000] {
            var index = RowIndex(vectors: rows, dimensions: dimensions, listedMin: listedMin, pool: pool)
            if case .exact = index { #expect(listedMin == 3001) } else { #expect(listedMin == 3000) }
            let recall = index.recallAt10(of: rows, stride: dimensions, queries: 100, against: exact, pool: pool)
            #expect(recall > 0.98, "\(recall)")
            let query = draw(1, &random)
            let far = query.map { 3 * $0 }
            index.append(far + far)
            index.remove(3000)
            let found = index.search(queries: query.span, count: 1, pool: pool)[0]
            #expect(found.map(\.row) == [3001] && index.count == 3002)
        }
    }

    @Test func aKeptIndexIsTheSameAndADamagedOneIsRefused() throws {
        var random = SeededRandom(seed: 8)
        let rows = draw(300, &random)
        let index = RowIndex(vectors: rows, dimensions: dimensions, listedMin: 1, pool: pool)
        let bytes = try #require(index.encoded(vectors: rows))
        let again = try RowIndex(decoding: bytes, vectors: rows, dimensions: dimensions, pool: pool)
        let queries = draw(20, &random)
        #expect(
            again.search(queries: queries.span, count: 10, pool: pool)
                == index.search(queries: queries.span, count: 10, pool: pool))
        #expect(again.encoded(vectors: rows) == bytes)
        #expect(RowIndex(vectors: rows, dimensions: dimensions, pool: pool).encoded(vectors: rows) == nil)
        for other in [rows.map { $0 + 1 }, Array(rows.dropLast(dimensions)), []] {
            #expect(throws: ByteError.self) {
                try RowIndex(decoding: bytes, vectors: other, dimensions: dimensions, pool: pool)
            }
        }
        for number in 0..<1000 {
            var damaged = bytes
            switch number % 4 {
            case 0: damaged[random.below(bytes.count)] ^= 1 << UInt8(random.below(8))
            case 1: damaged = Array(damaged.prefix(random.below(bytes.count)))
            case 2: damaged.append(UInt8(random.below(256)))
            default:
                let (from, to) = (random.below(bytes.count - 8), random.below(bytes.count - 8))
                for offset in 0..<8 { damaged[to + offset] = bytes[from + offset] ^ 0x55 }
            }
            if damaged == bytes { continue }
            #expect(throws: ByteError.self) {
                try RowIndex(decoding: damaged, vectors: rows, dimensions: dimensions, pool: pool)
            }
        }
    }
}
