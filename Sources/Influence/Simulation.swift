// The slow twin: play the cascade forwards, many times, and count. It shares no code with the backward
// search, so that agreement between the two means something. Also the judge of any list of people, whoever chose them.

package import Basics

/// A graph turned around, from those who influence to those who are influenced.
package struct ForwardCascade: Sendable {
    private let offsets: [UInt32]
    private let targets: [UInt32]
    private let chances: [Float]
    private let model: CascadeModel

    /// Vertices.
    package var count: Int { offsets.count - 1 }

    /// Runs with one random stream and one piece of work.
    private static let runsPerPiece = 64

    /// O(vertices + edges).
    package init(_ graph: InfluenceGraph) {
        var offsets = [UInt32](repeating: 0, count: graph.count + 1)
        for source in graph.sources { offsets[Int(source) + 1] += 1 }
        for vertex in 0..<graph.count { offsets[vertex + 1] += offsets[vertex] }
        var next = offsets
        var targets = [UInt32](repeating: 0, count: graph.sources.count)
        var chances = [Float](repeating: 0, count: graph.sources.count)
        for vertex in 0..<graph.count {
            for edge in Int(graph.offsets[vertex])..<Int(graph.offsets[vertex + 1]) {
                let place = Int(next[Int(graph.sources[edge])])
                next[Int(graph.sources[edge])] += 1
                targets[place] = UInt32(vertex)
                chances[place] = Float(graph.chance(of: edge, into: vertex))
            }
        }
        self.offsets = offsets
        self.targets = targets
        self.chances = chances
        model = graph.model
    }

    /// Mean number of people who come when `seeds` come, over `runs` (positive) independent cascades, seeds included,
    /// and its standard error. The same for any number of threads.
    /// O(out-edges of those reached) a run, O(vertices) a piece of 64 runs.
    package func spread(
        of seeds: [UInt32], runs: Int, seed: UInt64, pool: ComputePool? = nil
    ) -> (mean: Double, error: Double) {
        precondition(runs > 0, "a mean needs at least one run")
        let source = SeededRandom(seed: seed)
        let pieces = (runs + Self.runsPerPiece - 1) / Self.runsPerPiece
        let play: @Sendable (Int) -> (sum: Double, squares: Double) = { piece in
            var random = source.child("simulate", UInt64(piece))
            var players = Players(count: self.count)
            var sums = (sum: 0.0, squares: 0.0)
            for _ in piece * Self.runsPerPiece..<min((piece + 1) * Self.runsPerPiece, runs) {
                let reached = Double(self.play(seeds, &players, &random))
                sums.sum += reached
                sums.squares += reached * reached
            }
            return sums
        }
        let parts = pool?.map(pieces, play) ?? (0..<pieces).map(play)
        let sum = parts.reduce(0) { $0 + $1.sum }, squares = parts.reduce(0) { $0 + $1.squares }
        let mean = sum / Double(runs)
        let variance = max(squares / Double(runs) - mean * mean, 0)
        return (mean, (variance / Double(runs)).squareRoot())
    }

    /// Plays on in one world, whose coins are a function of `world`: who comes because `person` did, in order, `person`
    /// left out. Whoever is aboard already is passed by; those who come are marked. Under independent cascade only.
    /// O(out-edges of those who come).
    package func follow(_ person: UInt32, world: UInt64, aboard: inout [Bool]) -> [UInt32] {
        precondition(model == .independentCascade, "thresholds are not kept from call to call")
        aboard[Int(person)] = true
        var queue = [person]
        var next = 0
        while next < queue.count {
            let reached = Int(queue[next])
            next += 1
            for edge in Int(offsets[reached])..<Int(offsets[reached + 1]) where !aboard[Int(targets[edge])] {
                let coin = SeededRandom.mix(world ^ UInt64(edge) &* SetStream.stride) >> 40
                guard Float(coin) * 0x1p-24 < chances[edge] else { continue }
                aboard[Int(targets[edge])] = true
                queue.append(targets[edge])
            }
        }
        return Array(queue.dropFirst())
    }

    private func play(_ seeds: [UInt32], _ players: inout Players, _ random: inout SeededRandom) -> Int {
        players.start()
        for person in seeds { players.reach(person) }
        var next = 0
        while next < players.reached.count {
            let person = Int(players.reached[next])
            next += 1
            for edge in Int(offsets[person])..<Int(offsets[person + 1]) {
                switch model {
                case .independentCascade:
                    if random.uniform() < Double(chances[edge]) { players.reach(targets[edge]) }
                case .linearThreshold:
                    players.lean(on: targets[edge], weight: chances[edge], &random)
                }
            }
        }
        return players.reached.count
    }
}

/// Who has been reached in one cascade.
private struct Players {
    private(set) var reached: [UInt32] = []
    /// Number of the last cascade that met the vertex, and then what is left of its threshold.
    private var round: [UInt32]
    private var metIn: [UInt32]
    private var left: [Float]
    private var current: UInt32 = 0

    init(count: Int) {
        round = [UInt32](repeating: 0, count: count)
        metIn = round
        left = [Float](repeating: 0, count: count)
    }

    mutating func start() {
        reached.removeAll(keepingCapacity: true)
        current += 1
    }

    mutating func reach(_ person: UInt32) {
        if round[Int(person)] == current { return }
        round[Int(person)] = current
        reached.append(person)
    }

    /// Weight comes to bear on a person; their threshold is drawn at the first.
    mutating func lean(on person: UInt32, weight: Float, _ random: inout SeededRandom) {
        let index = Int(person)
        if metIn[index] != current {
            metIn[index] = current
            left[index] = 1 - random.uniformFloat()
        }
        left[index] -= weight
        if left[index] <= 0 { reach(person) }
    }
}
