import Basics
import Testing

@testable import Learn

@Suite struct ItemFilterTests {
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

    private func entry(_ user: Int, _ item: Int) -> Double {
        let users = Double(known.usersPerItem[item])
        return known[user].contains(UInt32(item)) ? 1 / (Double(known[user].count) * users).squareRoot() : 0
    }

    /// One more pass of the filter over the scores of all items.
    private func again(_ scores: [Double]) -> [Double] {
        let ofUsers = (0..<known.userCount).map { user in
            (0..<known.itemCount).reduce(0.0) { $0 + entry(user, $1) * scores[$1] }
        }
        return (0..<known.itemCount).map { item in
            (0..<known.userCount).reduce(0.0) { $0 + entry($1, item) * ofUsers[$1] }
        }
    }

    /// The filter as the paper writes it, densely and in Double.
    private func dense(_ user: Int) -> [Double] {
        (0..<known.itemCount).map { item in
            var sum = 0.0
            for own in known[user] {
                for other in 0..<known.userCount { sum += entry(other, Int(own)) * entry(other, item) }
            }
            return known[user].isEmpty ? 0 : sum / Double(known[user].count).squareRoot()
        }
    }

    @Test(arguments: [Float(0), 0.6])
    func itIsTheFilterHoweverItIsCut(sharpness: Float) {
        let graph = InteractionGraph(known)
        let filter = ItemFilter(graph, sharpness: sharpness, popularity: 0.25)
        let (whole, cut) = (scores(filter, cuts: [0, 50]), scores(filter, cuts: [0, 1, 17, 50]))
        #expect(whole == cut)
        let users = known.usersPerItem.map(Double.init)
        for user in 0..<known.userCount {
            let (once, twice) = (dense(user), again(dense(user)))
            for item in 0..<known.itemCount {
                let power = users[item].squareRoot().squareRoot()
                let expected = power * (once[item] - Double(sharpness) * twice[item])
                #expect(abs(Double(whole[user][item]) - expected) < 1e-5)
            }
        }
        #expect(whole[7].allSatisfy { $0 == 0 })
        #expect(whole[0].contains { $0 > 0 })
    }

    @Test func whoElseIsAskedForDoesNotShow() {
        let filter = ItemFilter(InteractionGraph(known), sharpness: 0.6, popularity: 0)
        let all = scores(filter, cuts: [0, 50])
        let ranked = topItems(
            of: [3, 58], by: filter, without: ItemLists(users: 60, items: 50, pairs: []), count: 5,
            pool: ComputePool(threads: 2))
        for (user, list) in zip([3, 58], ranked) {
            let best = (0..<UInt32(50)).sorted { (all[user][Int($1)], $0) < (all[user][Int($0)], $1) }
            #expect(list == Array(best.prefix(5)))
        }
    }

    @Test func aSumIsOneRankingAndSoMuchOfAnother() {
        let popular = PopularityScorer(known)
        let near = ItemFilter(InteractionGraph(known), sharpness: 0, popularity: 0)
        let sum = scores(SumScorer(popular, near, weight: 3), cuts: [0, 20, 50])
        let (first, second) = (scores(popular, cuts: [0, 50]), scores(near, cuts: [0, 50]))
        for user in sum.indices {
            for item in 0..<50 { #expect(sum[user][item] == first[user][item] + 3 * second[user][item]) }
        }
    }
}
