// Chances of edges from what happened: who went somewhere, and which friends went there after them (Goyal, Bonchi and
// Lakshmanan 2010). Per edge v -> u two numbers are enough: how often v acted, and how often u followed within a
// window (section 4.1, static Bernoulli with the discrete-time window of section 4.3). Most edges have been seen once
// or twice or never, so the ratio is drawn towards that of all edges together by a few observations' weight: a Beta
// prior.

package import Graph

/// Somebody did something others may follow: went to a place, saved it.
package struct FollowableAction: Sendable, Equatable {
    package var person: UInt32
    package var item: UInt32
    /// In any unit, ascending or not.
    package var time: Int64

    package init(person: UInt32, item: UInt32, time: Int64) {
        self.person = person
        self.item = item
        self.time = time
    }
}

/// What was observed of every edge of a graph.
package struct FollowCounts: Sendable, Equatable {
    /// Per edge: items its source acted on.
    package private(set) var trials: [UInt32]
    /// Per edge: items its target acted on after the source, within the window.
    package private(set) var follows: [Float]

    /// Counts over in-edges in CSR (`offsets`, `sources`). Only a person's first action on an item counts. With
    /// `sharesCredit`, a follower of several friends gives each an equal part (section 4.2, partial credits); chances
    /// then do not count one visit several times. O(actions · log + in-edges of those who act).
    package init(
        offsets: [UInt32], sources: [UInt32], actions: [FollowableAction], window: Int64, sharesCredit: Bool = true
    ) {
        precondition(window > 0, "a window has a length")
        trials = [UInt32](repeating: 0, count: sources.count)
        follows = [Float](repeating: 0, count: sources.count)
        var actors = [UInt32](repeating: 0, count: max(offsets.count - 1, 0))
        // When each person first acted on the present item; the rest is never looked at.
        var first = [Int64](repeating: .max, count: actors.count)
        let sorted = actions.sorted { ($0.item, $0.time, $0.person) < ($1.item, $1.time, $1.person) }
        var start = 0
        while start < sorted.count {
            var end = start
            while end < sorted.count, sorted[end].item == sorted[start].item { end += 1 }
            for action in sorted[start..<end] where first[Int(action.person)] == .max {
                first[Int(action.person)] = action.time
                actors[Int(action.person)] += 1
                credit(action, offsets, sources, first, window, sharesCredit)
            }
            for action in sorted[start..<end] { first[Int(action.person)] = .max }
            start = end
        }
        for edge in sources.indices { trials[edge] = actors[Int(sources[edge])] }
    }

    private mutating func credit(
        _ action: FollowableAction, _ offsets: [UInt32], _ sources: [UInt32], _ first: [Int64], _ window: Int64,
        _ sharesCredit: Bool
    ) {
        let row = Int(offsets[Int(action.person)])..<Int(offsets[Int(action.person) + 1])
        func leads(_ edge: Int) -> Bool {
            let before = first[Int(sources[edge])]
            return before < action.time && action.time - before <= window
        }
        let leaders = row.count(where: leads)
        guard leaders > 0 else { return }
        let share = sharesCredit ? 1 / Float(leaders) : 1
        for edge in row where leads(edge) { follows[edge] += share }
    }

    /// Chances in 0...1: (follows + weight · mean) / (trials + weight), where the mean is that of all edges. `weight`
    /// is positive: so many observations an edge's own must outweigh.
    package func chances(weight: Double = 4) -> [Float] {
        precondition(weight > 0, "edges never seen need a prior")
        let seen = trials.reduce(0.0) { $0 + Double($1) }
        let mean = seen > 0 ? follows.reduce(0.0) { $0 + Double($1) } / seen : 0
        return trials.indices.map { edge in
            Float(min((Double(follows[edge]) + weight * mean) / (Double(trials[edge]) + weight), 1))
        }
    }

    /// What these counts say against chances: nats a trial, lower is better. No chance is taken to be nearer to 0 or 1
    /// than a millionth. 0 without trials.
    package func loss(of chances: [Float]) -> Double {
        precondition(chances.count == trials.count, "one chance per edge")
        var sum = 0.0, seen = 0.0
        for edge in trials.indices where trials[edge] > 0 {
            let chance = min(max(Double(chances[edge]), 1e-6), 1 - 1e-6)
            let (trials, follows) = (Double(trials[edge]), Double(follows[edge]))
            sum -= follows * naturalLogarithm(chance) + (trials - follows) * logarithmOfOnePlus(-chance)
            seen += trials
        }
        return seen > 0 ? sum / seen : 0
    }

    /// Follows seen over follows foretold; nil where none were foretold.
    package func ratio(to chances: [Float]) -> Double? {
        precondition(chances.count == trials.count, "one chance per edge")
        let foretold = trials.indices.reduce(0.0) { $0 + Double(trials[$1]) * Double(chances[$1]) }
        return foretold > 0 ? follows.reduce(0.0) { $0 + Double($1) } / foretold : nil
    }

    /// How well chances foretell these counts: edges in `bins` groups of equal size by chance, and for each the mean
    /// chance and the share of follows, both per trial.
    package func calibration(of chances: [Float], bins: Int) -> [(foretold: Double, observed: Double)] {
        precondition(chances.count == trials.count && bins > 0, "one chance per edge, one bin at least")
        let order = chances.indices.filter { trials[$0] > 0 }.sorted { (chances[$0], $0) < (chances[$1], $1) }
        return (0..<bins).compactMap { bin in
            let part = order[bin * order.count / bins..<(bin + 1) * order.count / bins]
            let seen = part.reduce(0.0) { $0 + Double(trials[$1]) }
            guard seen > 0 else { return nil }
            return (
                foretold: part.reduce(0.0) { $0 + Double(chances[$1]) * Double(trials[$1]) } / seen,
                observed: part.reduce(0.0) { $0 + Double(follows[$1]) } / seen
            )
        }
    }
}

/// How long after a friend somebody's visit to the same place still counts as following them: a week of milliseconds.
package let followWindow: Int64 = 7 * 24 * 3600 * 1000

/// The chances of a city's friendships, by who followed whom within a week. Times are milliseconds. How many
/// observations the mean counts as is decided by these visits themselves: the first seven tenths of them foretell the
/// rest, as far as person and place had not met, and the weight that does it best is taken. What it then foretold too
/// much or too little of in all is made good by a factor: people meet fewer new places as time goes on.
/// O((visits · log + friendships) · weights).
package func learnedChances(of graph: CityGraph, _ visits: [FollowableAction]) -> [Float] {
    func counts(_ actions: [FollowableAction]) -> FollowCounts {
        FollowCounts(
            offsets: graph.socialOffsets, sources: graph.socialNeighbors, actions: actions, window: followWindow)
    }
    func meeting(_ action: FollowableAction) -> UInt64 { UInt64(action.person) << 32 | UInt64(action.item) }
    let sorted = visits.sorted { ($0.time, $0.person, $0.item) < ($1.time, $1.person, $1.item) }
    let cut = sorted.count * 7 / 10
    let known = Set(sorted[..<cut].map(meeting))
    let early = counts(Array(sorted[..<cut]))
    let late = counts(sorted[cut...].filter { !known.contains(meeting($0)) })
    let losses = priorWeights.map { (weight: $0, loss: late.loss(of: early.chances(weight: $0))) }
    let best = losses.min { $0.loss < $1.loss }?.weight ?? priorWeights[0]
    let factor = late.ratio(to: early.chances(weight: best)) ?? 1
    return counts(visits).chances(weight: best).map { min(Float(factor) * $0, 1) }
}

/// The first of those that do equally well is taken.
private let priorWeights: [Double] = [16, 4, 64, 256, 1024, 4096, 16_384, 65_536]
