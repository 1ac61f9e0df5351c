// The slow twin: play the cascade forwards, many times, and count. It shares no code with the backward
// search, so that agreement between the two means something.

import Basics

/// Mean number of people who come when `seeds` come, over `runs` independent cascades, seeds included.
/// O(edges) to turn the graph around, then O(out-edges of those reached) a run.
package func simulateSpread(_ graph: InfluenceGraph, seeds: [UInt32], runs: Int, seed: UInt64) -> Double {
    precondition(runs > 0, "a mean needs at least one run")
    var out = [[(target: UInt32, probability: Float)]](repeating: [], count: graph.count)
    for vertex in 0..<graph.count {
        for edge in Int(graph.offsets[vertex])..<Int(graph.offsets[vertex + 1]) {
            out[Int(graph.sources[edge])].append((UInt32(vertex), graph.probabilities[edge]))
        }
    }
    var random = SeededRandom(seed: seed).child("simulate")
    var total = 0
    for _ in 0..<runs {
        var reached = [Bool](repeating: false, count: graph.count)
        var queue: [UInt32] = []
        for person in seeds where !reached[Int(person)] {
            reached[Int(person)] = true
            queue.append(person)
        }
        var next = 0
        while next < queue.count {
            for edge in out[Int(queue[next])] where random.uniform() < Double(edge.probability) {
                if reached[Int(edge.target)] { continue }
                reached[Int(edge.target)] = true
                queue.append(edge.target)
            }
            next += 1
        }
        total += queue.count
    }
    return Double(total) / Double(runs)
}
