// Drawing sets with all threads. Chunk c is drawn by thread c modulo the number of threads; what a chunk holds
// depends on the stream and the chunk alone, so the answer is the same for any number of threads.

package import Basics

/// A graph made ready for searching: per thread a copy of its rows (16 bytes a vertex) with marks of its own. Made once
/// per graph and used for any number of questions, one at a time.
/// SAFETY: thread t of a loop touches searcher t only, and one loop runs at a time (`ComputePool.forEach` blocks).
package final class SetSampler: @unchecked Sendable {
    package let graph: InfluenceGraph
    private let searchers: [Searcher]

    /// O(vertices) per thread.
    package init(_ graph: InfluenceGraph, threads: Int) {
        self.graph = graph
        searchers = (0..<threads).map { _ in Searcher(graph.coins) }
    }

    /// Adds sets of the stream until there are `count`. A pool that grows holds whole chunks before it grows. Sets that
    /// reach one of `goals` end there and stay empty.
    func extend(
        _ pool: inout SetPool, to count: Int, _ stream: SetStream, goals: [UInt32] = [], on threads: ComputePool?
    ) {
        pool.append(draw(pool.count..<max(count, pool.count), of: stream, goals: goals, on: threads))
    }

    /// These sets of the stream, which begin at a whole chunk. Those that reach one of `goals` end there and stay
    /// empty.
    func draw(
        _ range: Range<Int>, of stream: SetStream, goals: [UInt32] = [], on threads: ComputePool?
    ) -> SetPool {
        if range.isEmpty { return SetPool() }
        precondition(range.lowerBound % setsPerChunk == 0, "shares begin at whole chunks")
        for searcher in searchers { searcher.setGoals(goals) }
        defer { for searcher in searchers { searcher.clearGoals(goals, graph.coins) } }
        let first = range.lowerBound / setsPerChunk
        let total = (range.upperBound + setsPerChunk - 1) / setsPerChunk
        var drawn = [SetChunk?](repeating: nil, count: total - first)
        drawn.withUnsafeMutableBufferPointer { buffer in
            // SAFETY: each chunk is written once, by the thread that draws it.
            nonisolated(unsafe) let out = buffer.baseAddress!
            share(first..<total, on: threads) { searcher, chunk in
                let start = chunk * setsPerChunk
                out[chunk - first] = self.draw(searcher, stream, start..<min(start + setsPerChunk, range.upperBound))
            }
        }
        return SetPool(chunks: drawn.map { $0! })
    }

    /// How many of these sets of the stream reach one of `goals`, and the vertices looked at to find out. A set ends
    /// where it reaches a goal, which is soon: long sets reach one early. Nothing is kept.
    func countHits(
        _ goals: [UInt32], in sets: Range<Int>, of stream: SetStream, on threads: ComputePool?
    ) -> (hits: Int, looked: Int) {
        for searcher in searchers { searcher.setGoals(goals) }
        defer { for searcher in searchers { searcher.clearGoals(goals, graph.coins) } }
        let chunks = (sets.count + setsPerChunk - 1) / setsPerChunk
        var found = [(hits: Int, looked: Int)](repeating: (0, 0), count: chunks)
        found.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            // SAFETY: as in `draw`.
            nonisolated(unsafe) let out = base
            share(0..<chunks, on: threads) { searcher, chunk in
                let start = sets.lowerBound + chunk * setsPerChunk
                out[chunk] = self.search(
                    searcher, stream, start..<min(start + setsPerChunk, sets.upperBound), keepsMembers: false)
            }
        }
        return found.reduce(into: (hits: 0, looked: 0)) { sum, part in
            sum.hits += part.hits
            sum.looked += part.looked
        }
    }

    private func share(
        _ chunks: Range<Int>, on threads: ComputePool?, _ body: @Sendable (Searcher, Int) -> Void
    ) {
        let parts = min(searchers.count, threads?.threads ?? 1)
        @Sendable func work(_ part: Int) {
            for chunk in stride(from: chunks.lowerBound + part, to: chunks.upperBound, by: parts) {
                body(searchers[part], chunk)
            }
        }
        guard parts > 1, let threads else { return work(0) }
        threads.forEach(parts) { work($0) }
    }

    private func draw(_ searcher: Searcher, _ stream: SetStream, _ sets: Range<Int>) -> SetChunk {
        let (hits, _) = search(searcher, stream, sets, keepsMembers: true)
        var members = 0
        for place in 0..<sets.count { members += searcher.counts[place] }
        let offsets = [UInt32](unsafeUninitializedCapacity: sets.count + 1) { buffer, count in
            var end = 0
            buffer[0] = 0
            for place in 0..<sets.count {
                end += searcher.counts[place]
                buffer[place + 1] = UInt32(end)
            }
            count = sets.count + 1
        }
        let list = [UInt32](unsafeUninitializedCapacity: members + Searcher.unroll) { buffer, count in
            // SAFETY: the sets' sizes sum to `members`, and a copy writes less than `unroll` more.
            for place in 0..<sets.count {
                copyMembers(
                    from: searcher.finished.base + searcher.starts[place],
                    to: buffer.baseAddress! + Int(offsets[place]), count: searcher.counts[place])
            }
            count = members
        }
        return SetChunk(offsets: offsets, members: list, hits: hits)
    }

    private func search(
        _ searcher: Searcher, _ stream: SetStream, _ sets: Range<Int>, keepsMembers: Bool
    ) -> (hits: Int, looked: Int) {
        graph.coins.heads.withUnsafeBufferPointer { heads in
            graph.coins.tails.withUnsafeBufferPointer { tails in
                func run<Edges: CascadeEdges>(_ edges: Edges) -> (hits: Int, looked: Int) {
                    var search = Search(
                        searcher, edges, heads: heads.baseAddress!, tails: tails.baseAddress!, stream: stream,
                        sets: sets, keepsMembers: keepsMembers)
                    search.run()
                    return (search.hits, search.members)
                }
                if case .each = graph.chances {
                    return graph.coins.slots.withUnsafeBufferPointer { slots in
                        run(WeightedEdges(slots: slots.baseAddress ?? .somewhere))
                    }
                }
                return graph.sources.withUnsafeBufferPointer { sources in
                    run(EqualEdges(sources: sources.baseAddress ?? .somewhere))
                }
            }
        }
    }
}

/// Draws `count` reverse-reachable sets. The result depends on graph, count, roots and seed only. Without a pool the
/// caller's thread does it all (for callers that are themselves in a pool's loop). O(members).
package func drawSets(
    _ sampler: SetSampler, count: Int, roots: RootRule = .uniform, seed: UInt64, pool: ComputePool? = nil
) -> SetPool {
    var sets = SetPool()
    guard sampler.graph.count > 0, count > 0 else { return sets }
    let stream = SetStream(seed: seed, purpose: "sets", vertices: sampler.graph.count, roots: roots)
    sampler.extend(&sets, to: count, stream, on: pool)
    return sets
}

/// Draws `count` sets of a graph and indexes them. O(vertices + members).
package func generateSets(
    _ graph: InfluenceGraph, count: Int, roots: RootRule = .uniform, seed: UInt64, pool: ComputePool? = nil
) -> RRCollection {
    let sampler = SetSampler(graph, threads: pool?.threads ?? 1)
    return RRCollection(
        drawSets(sampler, count: count, roots: roots, seed: seed, pool: pool), vertices: graph.count, pool: pool)
}
