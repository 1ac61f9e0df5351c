// Which items go together, told without any training: with N = D_u^-1/2 R D_i^-1/2 the normalized interactions, NᵀN is
// the linear filter of the item graph, and a user's items summed over it rank what else the user's like-minded have
// (Shen et al., "How powerful is graph convolution for recommendation?", CIKM 2021, section 4: the other half of their
// ranking, beside the ideal low-pass filter of `SpectralFilter`). It sees single co-occurrences that no row of 64
// numbers can hold, so it adds to what a light model learned. Of each item only the strongest neighbors are kept.

package import Basics

/// For each item the items that share most of its users.
package struct ItemNeighbors: Scorer {
    private let known: ItemLists
    private let offsets: [UInt32]
    /// Of item i those in `offsets[i]..<offsets[i + 1]`, ascending, with their strengths.
    private let neighbors: [UInt32]
    private let strengths: [Float]

    /// Keeps the `count` strongest of each item, ties to the lower number. Costs the sum of the users' squared numbers
    /// of items; the same for any number of threads.
    package init(_ known: ItemLists, count: Int, pool: ComputePool) {
        precondition(count > 0, "an item has neighbors")
        self.known = known
        let users = known.transposed
        let roots = users.offsets.indices.dropLast().map { Self.inverseRoot(users[$0].count) }
        let blocks = (known.itemCount + Self.itemsPerBlock - 1) / Self.itemsPerBlock
        let parts = pool.map(blocks, chunks: blocks) { block in
            let items = block * Self.itemsPerBlock..<min((block + 1) * Self.itemsPerBlock, known.itemCount)
            var sums = [Float](repeating: 0, count: known.itemCount)
            return items.map { Self.strongest(count, of: $0, known, users, roots, &sums) }
        }
        var (offsets, neighbors, strengths): ([UInt32], [UInt32], [Float]) = ([0], [], [])
        for list in parts.joined() {
            for (item, strength) in list {
                neighbors.append(item)
                strengths.append(strength)
            }
            offsets.append(UInt32(neighbors.count))
        }
        (self.offsets, self.neighbors, self.strengths) = (offsets, neighbors, strengths)
    }

    private static let itemsPerBlock = 512

    private static func inverseRoot(_ count: Int) -> Float { count == 0 ? 0 : 1 / Float(count).squareRoot() }

    /// `sums` is zero for all items, before and after.
    private static func strongest(
        _ count: Int, of item: Int, _ known: ItemLists, _ users: ItemLists, _ roots: [Float], _ sums: inout [Float]
    ) -> [(item: UInt32, strength: Float)] {
        var touched: [UInt32] = []
        for user in users[item] {
            let list = known[Int(user)]
            let share = roots[item] / Float(list.count)
            for other in list {
                if sums[Int(other)] == 0 { touched.append(other) }
                sums[Int(other)] += share
            }
        }
        var found = touched.map { (item: $0, strength: sums[Int($0)] * roots[Int($0)]) }
        for other in touched { sums[Int(other)] = 0 }
        if found.count > count {
            found.sort { ($1.strength, $0.item) < ($0.strength, $1.item) }
            found.removeSubrange(count...)
        }
        found.sort { $0.item < $1.item }
        return found
    }

    /// A user's items summed over the filter, over the root of their number.
    package func score(_ numbers: Span<UInt32>, _ items: Range<Int>, into scores: inout MutableSpan<Float>) {
        for row in 0..<numbers.count {
            let list = known[Int(numbers[row])]
            let scale = Self.inverseRoot(list.count)
            var part = scores._mutatingExtracting(row * items.count..<(row + 1) * items.count)
            for column in 0..<items.count { part[column] = 0 }
            for item in list {
                var position = first(of: Int(item), from: UInt32(items.lowerBound))
                let end = Int(offsets[Int(item) + 1])
                while position < end, neighbors[position] < UInt32(items.upperBound) {
                    part[Int(neighbors[position]) - items.lowerBound] += scale * strengths[position]
                    position += 1
                }
            }
        }
    }

    /// Where the neighbors of `item` that are not below `least` begin.
    private func first(of item: Int, from least: UInt32) -> Int {
        var (low, high) = (Int(offsets[item]), Int(offsets[item + 1]))
        while low < high {
            let middle = (low + high) / 2
            if neighbors[middle] < least { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// One ranking and so much of another.
package struct SumScorer<First: Scorer, Second: Scorer>: Scorer {
    private let first: First
    private let second: Second
    private let weight: Float

    package init(_ first: First, _ second: Second, weight: Float) {
        (self.first, self.second, self.weight) = (first, second, weight)
    }

    package func score(_ users: Span<UInt32>, _ items: Range<Int>, into scores: inout MutableSpan<Float>) {
        first.score(users, items, into: &scores)
        let more = [Float](unsafeUninitializedCapacity: scores.count) { buffer, count in
            buffer.initialize(repeating: 0)
            var span = buffer.mutableSpan
            second.score(users, items, into: &span)
            count = buffer.count
        }
        for index in 0..<scores.count { scores[index] += weight * more[index] }
    }
}
