// Directed Chung-Lu graphs: each edge's ends are drawn by a weight of their rank, (rank + 10)^(-1 / (gamma - 1)), which
// gives degrees a power-law tail of exponent gamma. In half of the vertices the rank as a target is dealt anew, so that
// who is followed and who follows are half alike. No loops and no edge twice; vertices without edges stay.

import Basics
import Glibc
import Influence

/// A made-up graph. The same for the same numbers and seed. O(edges log edges).
func powerLawGraph(vertices: Int, edges: Int, gamma: Double, seed: UInt64) throws -> InfluenceEdges {
    var random = SeededRandom(seed: seed).child("power law")
    let weights = (0..<vertices).map { Float(pow(Double($0) + 10, -1 / (gamma - 1))) }
    let ranks = try RootTable(values: weights)
    var targetOfRank = (0..<UInt32(vertices)).map { $0 }
    let moved = (0..<vertices).filter { _ in random.uniform() < 0.5 }
    var dealt = moved.map { UInt32($0) }
    random.shuffle(&dealt)
    for (vertex, target) in zip(moved, dealt) { targetOfRank[vertex] = target }
    var keys: [UInt64] = []
    keys.reserveCapacity(edges)
    while keys.count < edges {
        while keys.count < edges {
            let source = ranks.draw(&random), target = targetOfRank[Int(ranks.draw(&random))]
            if source != target { keys.append(UInt64(target) << 32 | UInt64(source)) }
        }
        keys.sort()
        var count = 0
        for index in keys.indices where index == 0 || keys[index] != keys[index - 1] {
            keys[count] = keys[index]
            count += 1
        }
        keys.removeLast(keys.count - count)
    }
    var offsets = [UInt32](repeating: 0, count: vertices + 1)
    for key in keys { offsets[Int(key >> 32) + 1] += 1 }
    for vertex in 0..<vertices { offsets[vertex + 1] += offsets[vertex] }
    return InfluenceEdges(offsets: offsets, sources: keys.map { UInt32(truncatingIfNeeded: $0) })
}
