// Taking results in, closing rounds, judging averages, publishing.

import Basics

/// What one city gave to a round.
struct Contribution: Equatable, Sendable {
    var weights: [Float]
    var samples: UInt64
    var meanLoss: Double
    /// Of the weights the round began with.
    var judgement = TrainingJob.Judgement.none

    var isFinite: Bool { meanLoss.isFinite && judgement.ndcg.isFinite && weights.allSatisfy(\.isFinite) }
}

extension TrainingJob {
    mutating func accept(_ contribution: Contribution, from city: CityID, round: Int) {
        guard phase != .queued, let seat = roster.index(of: city), round >= 0, round <= self.round else {
            ignored.unexpected += 1
            return
        }
        guard phase == .running, round == self.round else {
            ignored.late += 1
            return
        }
        guard contributions[seat] == nil else {
            ignored.duplicate += 1
            return
        }
        guard contribution.isFinite, contribution.weights.isEmpty == isJudging else {
            return roster.fail(city, detail: "its result is not made of finite numbers", retry: false)
        }
        guard weights.isEmpty || isJudging || contribution.weights.count == weights.count else {
            let detail = "it gave \(contribution.weights.count) weights where \(weights.count) belong"
            return roster.fail(city, detail: detail, retry: false)
        }
        contributions[seat] = contribution
        roster.settle(city)
    }

    /// A city that was away when the others went live may follow after the job is done.
    mutating func accept(_ outcome: Outcome) -> [Action] {
        guard phase == .publishing || phase == .done, roster.index(of: outcome.city) != nil else { return [] }
        guard !outcomes.contains(where: { $0.city == outcome.city }) else { return [] }
        let place = outcomes.firstIndex { $0.city > outcome.city } ?? outcomes.endIndex
        outcomes.insert(outcome, at: place)
        roster.settle(outcome.city)
        return phase == .done ? [.checkpoint] : []
    }

    /// Goes as far as what is known allows. Called after every event.
    mutating func proceed() -> [Action] {
        guard !isPaused || phase.isOver else { return [] }
        var actions: [Action] = []
        if phase == .running, roster.isComplete { actions += isJudging ? closeJudging() : closeRound() }
        if phase == .publishing, roster.isComplete { actions += closePublishing() }
        switch phase {
        case .running: actions += roster.ask().map { .train($0, round: round) }
        case .publishing, .done: actions += roster.ask().map { .publish($0) }
        case .queued, .paused, .failed, .cancelled: break
        }
        return actions
    }

    private mutating func closeRound() -> [Action] {
        let given = compatibleContributions()
        guard !given.isEmpty else {
            if !rounds.isEmpty, roster.hasAbsent { return [] }
            return end(.failed("no city gave a result in round \(round + 1)"))
        }
        let samples = given.reduce(UInt64(0)) { $0.addingSaturated($1.samples) }
        guard samples > 0 || rounds.contains(where: { $0.samples > 0 }) else {
            return end(.failed("no city has a visit to learn from: import data first"))
        }
        judge(given)
        weights = average(given)
        rounds.append(Round(cities: given.count, samples: samples, meanLoss: averageLoss(given)))
        for seat in contributions.indices { contributions[seat] = nil }
        roster.begin()
        if round == configuration.rounds || stopping.isOver {
            if stopping.best == nil { phase = .publishing } else { isJudging = true }
        }
        return [.checkpoint]
    }

    /// The cities have said how good the present average is: the best so far is kept.
    private mutating func judge(_ given: [Contribution]) {
        if rounds.isEmpty { return }
        let people = given.reduce(0.0) { $0 + Double($1.judgement.people) }
        let sum = given.reduce(0.0) { $0 + $1.judgement.ndcg * Double($1.judgement.people) }
        validations.append(people > 0 ? sum / people : -1)
        if people > 0, stopping.judge(rounds.count, score: sum / people) { bestWeights = weights }
    }

    /// The last average is judged, by whoever is here: the best of all goes live.
    private mutating func closeJudging() -> [Action] {
        judge(contributions.compactMap { $0 })
        weights = bestWeights
        for seat in contributions.indices { contributions[seat] = nil }
        roster.begin()
        (isJudging, phase) = (false, .publishing)
        return [.checkpoint]
    }

    /// In round 0 nothing says how many weights there are but the results: the lowest city's count holds.
    private mutating func compatibleContributions() -> [Contribution] {
        let given = contributions.compactMap { $0 }
        let fitting = given.filter { $0.weights.count == given[0].weights.count }
        ignored.unexpected += UInt64(given.count - fitting.count)
        return fitting
    }

    private mutating func closePublishing() -> [Action] {
        guard !outcomes.isEmpty else {
            if roster.hasAbsent { return [] }
            return end(.failed("no city could take the model"))
        }
        return end(.done)
    }
}

/// The mean of equally long weights, weighted by samples (equally, where nobody has any), summed in the order given
/// in 32-bit floats: the same list gives the same bits everywhere.
func average(_ given: [Contribution]) -> [Float] {
    var sum = [Float](repeating: 0, count: given.first?.weights.count ?? 0)
    let shares = shares(of: given)
    for (contribution, share) in zip(given, shares) {
        precondition(contribution.weights.count == sum.count, "averaging weights of different models")
        add(contribution.weights.span, times: Float(share), to: &sum)
    }
    return sum
}

func averageLoss(_ given: [Contribution]) -> Double {
    zip(given, shares(of: given)).reduce(0) { $0 + $1.0.meanLoss * $1.1 }
}

/// Each one's part of the whole, summing to 1.
private func shares(of given: [Contribution]) -> [Double] {
    let total = given.reduce(0) { $0 + Double($1.samples) }
    guard total > 0 else { return given.map { _ in 1 / Double(given.count) } }
    return given.map { Double($0.samples) / total }
}

private func add(_ values: Span<Float>, times factor: Float, to sum: inout [Float]) {
    for index in sum.indices { sum[index] += factor * values[index] }
}

extension UInt64 {
    fileprivate func addingSaturated(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
