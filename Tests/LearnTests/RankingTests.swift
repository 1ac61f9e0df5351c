import Basics
import Testing

@testable import Learn

@Suite struct RankingTests {
    private static func lists(users: Int, items: Int, share: Double, _ seed: UInt64) -> ItemLists {
        var random = SeededRandom(seed: seed)
        var pairs: [(user: UInt32, item: UInt32)] = []
        for user in 0..<UInt32(users) {
            for item in 0..<UInt32(items) where random.uniform() < share { pairs.append((user, item)) }
        }
        return ItemLists(users: users, items: items, pairs: pairs)
    }

    private static func scorer(users: Int, items: Int, _ seed: UInt64) -> EmbeddingScorer {
        var random = SeededRandom(seed: seed)
        let d = 5
        // Few different values, so that scores tie.
        func draw(_ rows: Int) -> [Float] { (0..<rows * d).map { _ in Float(random.below(3)) - 1 } }
        return EmbeddingScorer(users: draw(users), items: draw(items), dimensions: d)
    }

    /// One user at a time, everything sorted.
    private static func slowTop(_ user: UInt32, _ scorer: EmbeddingScorer, _ known: ItemLists, _ count: Int) -> [UInt32]
    {
        let d = scorer.dimensions
        let scores = (0..<known.itemCount).map { item in
            (0..<d).reduce(Float(0)) { $0 + scorer.users[Int(user) * d + $1] * scorer.items[item * d + $1] }
        }
        let free = (0..<UInt32(known.itemCount)).filter { !known[Int(user)].contains($0) }
        return Array(free.sorted { (scores[Int($1)], $0) < (scores[Int($0)], $1) }.prefix(count))
    }

    @Test(arguments: [(1, 1), (3, 15), (129, 16), (5, 17), (130, 1025), (2, 2200)])
    func rankingInTilesIsRankingOneByOne(users: Int, items: Int) {
        let known = Self.lists(users: users, items: items, share: 0.3, 1)
        let scorer = Self.scorer(users: users, items: items, 2)
        let numbers = (0..<UInt32(users)).filter { $0 % 3 != 1 }
        let expected = numbers.map { Self.slowTop($0, scorer, known, 12) }
        for threads in [1, 3] {
            let pool = ComputePool(threads: threads)
            #expect(topItems(of: numbers, by: scorer, without: known, count: 12, pool: pool) == expected)
        }
    }

    @Test func aScoreThatIsNoNumberIsNeverChosen() {
        let scorer = EmbeddingScorer(users: [1], items: [.nan, 2, -.infinity, 3], dimensions: 1)
        let none = ItemLists(users: 1, items: 4, pairs: [])
        let pool = ComputePool(threads: 1)
        #expect(topItems(of: [0], by: scorer, without: none, count: 4, pool: pool) == [[3, 1]])
    }

    @Test func qualityIsWhatThePapersDefine() {
        // User 0 wants 1 and 5; user 1 wants nothing; user 2 wants 4.
        let known = ItemLists(users: 3, items: 6, pairs: [(0, 0), (2, 3)])
        let wanted = ItemLists(users: 3, items: 6, pairs: [(0, 5), (0, 1), (2, 4)])
        let task = RankingTask(known: known, wanted: wanted)
        #expect(task.judged == [0, 2])
        let two = task.quality(of: [[2, 5, 1], [0, 1, 2]], at: [2])[0]
        #expect(two.users == 2 && two.recall == 0.25 && two.precision == 0.25 && two.hitRate == 0.5)
        // The hit stands second: 1 / log2(3), of 1 + 1 / log2(3).
        #expect(abs(two.ndcg - 0.5 * 0.63093 / 1.63093) < 1e-5)
        #expect(abs(two.coverage - 4.0 / 6) < 1e-12)
        let perfect = task.quality(of: [[1, 5], [4]], at: [1, 3])
        #expect(perfect.allSatisfy { $0.ndcg == 1 && $0.hitRate == 1 })
        #expect(perfect[1].recall == 1 && abs(perfect[1].precision - 0.5) < 1e-12)
    }

    @Test func popularityRanksByUsers() {
        let known = ItemLists(users: 3, items: 3, pairs: [(0, 2), (1, 2), (2, 1)])
        let pool = ComputePool(threads: 1)
        let ranked = topItems(of: [0, 2], by: PopularityScorer(known), without: known, count: 2, pool: pool)
        #expect(ranked == [[1, 0], [2, 0]])
    }

    @Test func contentRanksWhatResemblesTheHistory() {
        let known = ItemLists(users: 1, items: 4, pairs: [(0, 0)])
        let scorer = EmbeddingScorer.content(known, features: [3, 0, 0, 2, 9, 1, 0, 0], width: 2)
        let pool = ComputePool(threads: 1)
        #expect(topItems(of: [0], by: scorer, without: known, count: 3, pool: pool) == [[2, 1, 3]])
    }

    @Test func listsTurnedTwiceAreTheSame() {
        let lists = Self.lists(users: 20, items: 13, share: 0.2, 5)
        #expect(lists.transposed.transposed == lists)
        #expect(lists.transposed.offsets.last == lists.offsets.last)
        #expect(ItemLists(users: 1, items: 3, pairs: [(0, 2), (0, 1), (0, 2)]).items == [1, 2])
    }

    @Test func areaUnderTheCurveCountsPairs() {
        var random = SeededRandom(seed: 3)
        let scores = (0..<60).map { _ in Float(random.below(9)) }
        let labels = (0..<60).map { _ in random.below(3) == 0 }
        var (won, pairs) = (0.0, 0.0)
        for one in 0..<60 where labels[one] {
            for other in 0..<60 where !labels[other] {
                pairs += 1
                won += scores[one] > scores[other] ? 1 : scores[one] == scores[other] ? 0.5 : 0
            }
        }
        let area = areaUnderROC(scores: scores, isPositive: labels)
        #expect(abs((area ?? 0) - won / pairs) < 1e-12)
        #expect(areaUnderROC(scores: [1, 2], isPositive: [true, true]) == nil)
    }
}
