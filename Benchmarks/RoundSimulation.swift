import Basics

/// What rounds take on so many workers, from what their parts were measured to cost: a simulation of events, in the
/// order in which the state machine and the sockets would let them happen.
///
/// The coordinator sends the weights to one city after the other, as its network card lets it; a worker computes its
/// cities in that order; deltas come back in the order of the cities, two under way at a time, and each is summed when
/// its turn has come. So a round ends when the last delta is summed. Parts are placed longest first.
struct RoundSimulation {
    struct Outcome {
        /// Of all rounds.
        var seconds = 0.0
        /// Of the slowest worker of each round.
        var compute = 0.0
        /// Until the last delta is summed, after that.
        var wire = 0.0
        var average = 0.0
        /// What workers wait for each other: idle seconds a worker.
        var wait = 0.0
    }

    /// Seconds by round and part.
    let parts: [[Double]]
    let weightBytes: Int
    /// Of all rounds and parts.
    let averageSeconds: Double
    /// Done by one after the other, whatever the number of workers.
    let serialSeconds: Double
    private let bytesPerSecond: Double
    private let latency: Double

    init(
        parts: [[Double]], weightBytes: Int, averageSeconds: Double, serialSeconds: Double, _ settings: Settings
    ) {
        self.init(
            parts: parts, weightBytes: weightBytes, averageSeconds: averageSeconds, serialSeconds: serialSeconds,
            bytesPerSecond: settings.number("gigabits") * 1e9 / 8, latency: settings.number("latency") / 1000)
    }

    private init(
        parts: [[Double]], weightBytes: Int, averageSeconds: Double, serialSeconds: Double, bytesPerSecond: Double,
        latency: Double
    ) {
        (self.parts, self.weightBytes, self.averageSeconds) = (parts, weightBytes, averageSeconds)
        (self.serialSeconds, self.bytesPerSecond, self.latency) = (serialSeconds, bytesPerSecond, latency)
    }

    func outcome(workers: Int) -> Outcome {
        guard let first = parts.first, !first.isEmpty else { return Outcome() }
        let owners = place(workers: workers)
        let transfer = Double(weightBytes) / bytesPerSecond
        let fold = averageSeconds / Double(parts.count * first.count)
        var total = Outcome()
        for costs in parts {
            var free = [Double](repeating: 0, count: workers)
            var ends: [Double] = []
            for (part, cost) in costs.enumerated() {
                let arrives = latency + Double(part + 1) * transfer
                free[owners[part]] = max(free[owners[part]], arrives) + cost
                ends.append(free[owners[part]])
            }
            // The first delta's way is its own; while one is summed the next is under way.
            var clock = 0.0
            var received = 0.0
            for end in ends {
                received = max(received, end + 2 * latency) + transfer
                clock = max(clock, received) + fold
            }
            var busy = [Double](repeating: 0, count: workers)
            for (part, cost) in costs.enumerated() { busy[owners[part]] += cost }
            let slowest = busy.max() ?? 0
            total.seconds += clock
            total.compute += slowest
            total.average += fold * Double(costs.count)
            total.wire += max(0, clock - slowest - fold * Double(costs.count))
            total.wait += clock - busy.reduce(0, +) / Double(workers)
        }
        total.seconds += serialSeconds
        return total
    }

    /// The owner of each part: the longest first, each to whom has least.
    private func place(workers: Int) -> [Int] {
        let lengths = parts[0].indices.map { part in parts.reduce(0) { $0 + $1[part] } }
        var loads = [Double](repeating: 0, count: workers)
        var owners = [Int](repeating: 0, count: lengths.count)
        for part in lengths.indices.sorted(by: { lengths[$0] > lengths[$1] }) {
            let least = loads.indices.min { loads[$0] < loads[$1] } ?? 0
            owners[part] = least
            loads[least] += lengths[part]
        }
        return owners
    }

    /// 1, 2, 4 ... workers: seconds, and how much faster than one.
    func byWorkers(upTo workers: Int) -> [String: Figure] {
        let one = outcome(workers: 1).seconds
        var figures: [String: Figure] = [:]
        var count = 1
        while count <= workers {
            let seconds = outcome(workers: count).seconds
            figures[String(count)] = .object(["seconds": .real(seconds), "speed_up": .real(one / max(seconds, 1e-9))])
            count *= 2
        }
        return figures
    }

    /// A country of four cities a worker, each costing what one of the measured cities did: rounds a second lose how
    /// much to the wire and to waiting. Efficiency is the share of the workers' time that is computing.
    func larger(seed: UInt64) -> [String: Figure] {
        var figures: [String: Figure] = [:]
        for workers in [8, 32, 100, 316, 1000] {
            var random = SeededRandom(seed: seed).child("simulated", UInt64(workers))
            let round = parts[parts.count / 2]
            let costs = (0..<4 * workers).map { _ in round[random.below(round.count)] }
            let fold = averageSeconds / Double(parts.count * round.count)
            let country = RoundSimulation(
                parts: [costs], weightBytes: weightBytes, averageSeconds: fold * Double(costs.count), serialSeconds: 0,
                bytesPerSecond: bytesPerSecond, latency: latency)
            let outcome = country.outcome(workers: workers)
            figures[String(workers)] = .object([
                "seconds_per_round": .real(outcome.seconds),
                "efficiency": .real(costs.reduce(0, +) / Double(workers) / max(outcome.seconds, 1e-9)),
            ])
        }
        return figures
    }
}
