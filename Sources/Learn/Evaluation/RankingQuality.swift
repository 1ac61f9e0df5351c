// Full ranking, as the papers on collaborative filtering report it: every item competes, those a user had in training
// are masked, and the list is held against what was held out. The definitions are LightGCN's (He et al., SIGIR 2020)
// and SocialLGN's (Liao et al., 2022): an ideal list of K has min(K, held out) hits on top.

package import Basics
import Glibc

/// What a ranking is held against.
package struct RankingTask: Sendable {
    /// What users had: masked.
    package let known: ItemLists
    /// What they should be shown.
    package let wanted: ItemLists
    /// Users with something wanted, ascending: the others are not judged.
    package let judged: [UInt32]

    package init(known: ItemLists, wanted: ItemLists) {
        precondition(known.userCount == wanted.userCount, "both lists are about the same users")
        precondition(known.itemCount == wanted.itemCount, "both lists are about the same items")
        (self.known, self.wanted) = (known, wanted)
        judged = (0..<UInt32(known.userCount)).filter { !wanted[Int($0)].isEmpty }
    }

    /// The same task with at most `count` users judged, evenly spread: enough to compare settings by.
    package func judging(atMost count: Int) -> RankingTask {
        RankingTask(self, judged: spread(judged, count))
    }

    private init(_ task: RankingTask, judged: [UInt32]) {
        (known, wanted, self.judged) = (task.known, task.wanted, judged)
    }
}

private func spread(_ users: [UInt32], _ count: Int) -> [UInt32] {
    if users.count <= count { return users }
    return (0..<count).map { users[$0 * users.count / count] }
}

/// How good rankings are at one cutoff K. Shares in 0...1, means over the judged users.
package struct RankingQuality: Sendable, Equatable {
    package var cutoff: Int
    /// Judged users.
    package var users: Int
    /// Share of the wanted items that are among the first K.
    package var recall: Double
    /// Share of the first K that is wanted; K counts whole even where a list is shorter.
    package var precision: Double
    /// Discounted cumulative gain over that of the best list of K: gain 1 / log2(rank + 1), rank from 1.
    package var ndcg: Double
    /// Share of users with at least one wanted item among the first K.
    package var hitRate: Double
    /// Share of all items that are among somebody's first K.
    package var coverage: Double
}

extension RankingTask {
    /// Ranks all items for all judged users and measures the result at each cutoff, in the order given.
    package func quality(of scorer: some Scorer, at cutoffs: [Int], pool: ComputePool) -> [RankingQuality] {
        let longest = cutoffs.max() ?? 0
        if longest == 0 { return [] }
        let ranked = topItems(of: judged, by: scorer, without: known, count: longest, pool: pool)
        return quality(of: ranked, at: cutoffs)
    }

    /// Measures rankings made elsewhere; `ranked[i]` belongs to `judged[i]`, best first, known items left out.
    package func quality(of ranked: [[UInt32]], at cutoffs: [Int]) -> [RankingQuality] {
        precondition(ranked.count == judged.count, "one ranking per judged user")
        return cutoffs.map { quality(of: ranked, at: $0) }
    }

    private func quality(of ranked: [[UInt32]], at cutoff: Int) -> RankingQuality {
        precondition(cutoff > 0, "a cutoff counts items")
        let discounts = (0..<cutoff).map { 1 / log2(Double($0 + 2)) }
        let ideals = discounts.reduce(into: [0.0]) { $0.append($0[$0.count - 1] + $1) }
        var sums = RankingQuality(
            cutoff: cutoff, users: judged.count, recall: 0, precision: 0, ndcg: 0, hitRate: 0, coverage: 0)
        var isShown = [Bool](repeating: false, count: known.itemCount)
        for (user, ranking) in zip(judged, ranked) {
            let wanted = wanted[Int(user)]
            var (hits, gain) = (0, 0.0)
            for (rank, item) in ranking.prefix(cutoff).enumerated() {
                isShown[Int(item)] = true
                if holds(wanted, item) {
                    hits += 1
                    gain += discounts[rank]
                }
            }
            sums.recall += Double(hits) / Double(wanted.count)
            sums.precision += Double(hits) / Double(cutoff)
            sums.ndcg += gain / ideals[min(cutoff, wanted.count)]
            sums.hitRate += hits > 0 ? 1 : 0
        }
        let count = Double(max(judged.count, 1))
        sums.recall /= count
        sums.precision /= count
        sums.ndcg /= count
        sums.hitRate /= count
        sums.coverage = Double(isShown.count { $0 }) / Double(max(known.itemCount, 1))
        return sums
    }
}

/// Whether an ascending list has the item. O(log of its length).
func holds(_ list: ArraySlice<UInt32>, _ item: UInt32) -> Bool {
    var (low, high) = (list.startIndex, list.endIndex)
    while low < high {
        let middle = (low + high) / 2
        if list[middle] < item { low = middle + 1 } else { high = middle }
    }
    return low < list.endIndex && list[low] == item
}
