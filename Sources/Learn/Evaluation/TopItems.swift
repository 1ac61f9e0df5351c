// The best K items of many users without ever holding a users-times-items matrix. A block of users meets the items
// tile by tile: scores of a tile (one matrix product, about half a megabyte, so still in the second-level cache), known
// items overwritten with minus infinity, and one pass that compares 16 scores at a time with the worst of the best so
// far. Nearly all lanes fail that test, so ranking costs little more than the product.

package import Basics

private let usersPerBlock = 128
private let itemsPerTile = 1024

/// The `count` best items of each user of `users`, best first, ties to the lower number; row i belongs to users[i].
/// Items in `known` are never chosen. Lists are shorter only where fewer items are left. NaN is never chosen.
/// Costs one product of users and items; the result does not depend on the number of threads.
package func topItems(
    of users: [UInt32], by scorer: some Scorer, without known: ItemLists, count: Int, pool: ComputePool
) -> [[UInt32]] {
    precondition(count > 0, "a ranking has a length")
    precondition(users.allSatisfy { Int($0) < known.userCount }, "a ranked user exists")
    let blocks = (users.count + usersPerBlock - 1) / usersPerBlock
    let parts = pool.map(blocks, chunks: blocks) { block in
        let rows = block * usersPerBlock..<min((block + 1) * usersPerBlock, users.count)
        return topItems(ofBlock: Array(users[rows]), by: scorer, without: known, count: count)
    }
    return parts.flatMap { $0 }
}

private func topItems(
    ofBlock users: [UInt32], by scorer: some Scorer, without known: ItemLists, count: Int
) -> [[UInt32]] {
    let scorer = scorer.prepared(for: users)
    var best = users.map { _ in BestItems(count: count) }
    var next = users.map { known.range(of: Int($0)).lowerBound }
    var scores = [Float](repeating: 0, count: users.count * min(itemsPerTile, known.itemCount))
    for start in stride(from: 0, to: known.itemCount, by: itemsPerTile) {
        let tile = start..<min(start + itemsPerTile, known.itemCount)
        var whole = scores.mutableSpan
        var used = whole._mutatingExtracting(0..<users.count * tile.count)
        scorer.score(users.span, tile, into: &used)
        for row in users.indices {
            let end = known.range(of: Int(users[row])).upperBound
            while next[row] < end, known.items[next[row]] < tile.upperBound {
                used[row * tile.count + Int(known.items[next[row]]) - start] = -.infinity
                next[row] += 1
            }
            let part = used.span.extracting(row * tile.count..<(row + 1) * tile.count)
            best[row].offer(part, from: UInt32(start))
        }
    }
    return best.map(\.items)
}

/// The best so far, best first. Offers come in ascending order of items, so that on a tie the earlier one stays.
private struct BestItems {
    private(set) var items: [UInt32] = []
    private var scores: [Float] = []
    private let count: Int

    init(count: Int) {
        self.count = count
        items.reserveCapacity(count + 1)
        scores.reserveCapacity(count + 1)
    }

    /// What an offer must exceed; minus infinity marks what may not be chosen at all.
    private var bar: Float { scores.count < count ? -.infinity : scores[count - 1] }

    mutating func offer(_ part: Span<Float>, from first: UInt32) {
        part.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            var threshold = SIMD16<Float>(repeating: bar)
            var index = 0
            while index + 16 <= buffer.count {
                let lanes = UnsafeRawPointer(base + index).loadUnaligned(as: SIMD16<Float>.self)
                if any(lanes .> threshold) {
                    for lane in index..<index + 16 { offer(base[lane], first + UInt32(lane)) }
                    threshold = SIMD16(repeating: bar)
                }
                index += 16
            }
            while index < buffer.count {
                offer(base[index], first + UInt32(index))
                index += 1
            }
        }
    }

    private mutating func offer(_ score: Float, _ item: UInt32) {
        if !(score > bar) { return }
        var position = scores.count
        while position > 0, scores[position - 1] < score { position -= 1 }
        scores.insert(score, at: position)
        items.insert(item, at: position)
        if scores.count > count {
            scores.removeLast()
            items.removeLast()
        }
    }
}
