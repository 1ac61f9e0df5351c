import Basics
import Testing

@testable import Learn

@Suite struct ItemNeighborTests {
    private let known: ItemLists = {
        var random = SeededRandom(seed: 17)
        var pairs: [(user: UInt32, item: UInt32)] = []
        for user in 0..<60 where user != 7 {
            for _ in 0..<1 + random.below(12) { pairs.append((UInt32(user), UInt32(random.below(45)))) }
        }
        return ItemLists(users: 60, items: 50, pairs: pairs)
    }()

    private func scores(_ scorer: some Scorer, cuts: [Int]) -> [[Float]] {
        let users = (0..<UInt32(known.userCount)).map { $0 }
        var rows = [[Float]](repeating: [], count: users.count)
        for (start, end) in zip(cuts, cuts.dropFirst()) {
            var part = [Float](repeating: .nan, count: users.count * (end - start))
            var span = part.mutableSpan
            scorer.score(users.span, start..<end, into: &span)
            for user in users.indices { rows[user] += part[user * (end - start)..<(user + 1) * (end - start)] }
        }
        return rows
    }

    /// The filter as the paper writes it, densely and in Double.
    private func dense(_ user: Int) -> [Double] {
        let users = known.usersPerItem.map(Double.init)
        func entry(_ user: Int, _ item: Int) -> Double {
            known[user].contains(UInt32(item)) ? 1 / (Double(known[user].count) * users[item]).squareRoot() : 0
        }
        return (0..<known.itemCount).map { item in
            var sum = 0.0
            for own in known[user] {
                for other in 0..<known.userCount { sum += entry(other, Int(own)) * entry(other, item) }
            }
            return known[user].isEmpty ? 0 : sum / Double(known[user].count).squareRoot()
        }
    }

    @Test func allNeighborsMakeTheLinearFilterHoweverItIsCut() {
        let neighbors = ItemNeighbors(known, count: 50, pool: ComputePool(threads: 2))
        let (whole, cut) = (scores(neighbors, cuts: [0, 50]), scores(neighbors, cuts: [0, 1, 17, 50]))
        #expect(whole == cut)
        for user in 0..<known.userCount {
            for (found, expected) in zip(whole[user], dense(user)) { #expect(abs(Double(found) - expected) < 1e-5) }
        }
        #expect(whole[7].allSatisfy { $0 == 0 })
        #expect(whole[0].contains { $0 > 0 })
    }

    @Test func fewNeighborsAreTheStrongest() {
        let pool = ComputePool(threads: 1)
        let lone = ItemLists(
            users: 4, items: 4, pairs: [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 2), (3, 0)])
        // Of item 0: itself in four lists, item 1 in two, item 2 in one. The second is left, the third is not.
        var kept = [Float](repeating: 0, count: 4)
        var span = kept.mutableSpan
        let users: [UInt32] = [3]
        ItemNeighbors(lone, count: 2, pool: pool).score(users.span, 0..<4, into: &span)
        #expect(kept[0] > 0 && kept[1] > 0 && kept[2] == 0 && kept[3] == 0)
        let two = ItemNeighbors(known, count: 5, pool: ComputePool(threads: 2))
        #expect(scores(two, cuts: [0, 50]) == scores(ItemNeighbors(known, count: 5, pool: pool), cuts: [0, 50]))
    }

    @Test func aSumIsOneRankingAndSoMuchOfAnother() {
        let pool = ComputePool(threads: 1)
        let (popular, near) = (PopularityScorer(known), ItemNeighbors(known, count: 9, pool: pool))
        let sum = scores(SumScorer(popular, near, weight: 3), cuts: [0, 20, 50])
        let (first, second) = (scores(popular, cuts: [0, 50]), scores(near, cuts: [0, 50]))
        for user in sum.indices {
            for item in 0..<50 { #expect(sum[user][item] == first[user][item] + 3 * second[user][item]) }
        }
    }
}
