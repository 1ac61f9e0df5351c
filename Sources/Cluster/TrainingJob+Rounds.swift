// Taking words and deltas in, closing rounds, judging averages, publishing.

import Basics
import Wire

extension TrainingJob {
    /// A city says that it has trained.
    mutating func accept(_ pledge: Pledge, from city: CityID) {
        guard phase != .queued, phase != .estimating, let seat = roster.index(of: city), roster.seats[seat].isHome,
            (0...round).contains(pledge.round), pledge.round < round || !roster.seats[seat].isOut
        else {
            ignored.unexpected += 1
            return
        }
        guard phase == .running else {
            ignored.late += 1
            return
        }
        guard pledge.round == round else { return acceptLate(pledge, seat: seat) }
        guard open.current[seat] == nil else {
            ignored.duplicate += 1
            return
        }
        guard pledge.meanLoss.isFinite, pledge.seconds.isFinite, pledge.judgement.ndcg.isFinite else {
            return roster.fail(city, detail: "its result is not made of finite numbers", retry: false)
        }
        guard !isJudging || pledge.samples == 0 else {
            return roster.fail(city, detail: "it trained where it had only to judge", retry: false)
        }
        guard !open.isPast(seat) else {
            // The round went on without it, and nothing else is waited for.
            roster.settle(city)
            return acceptLate(pledge, seat: seat)
        }
        open.pledge(pledge, seat: seat)
        roster.settle(city)
    }

    /// A delta of an earlier round, or one whose turn is over: it counts at its city's next turn, if that is not too
    /// many rounds later.
    private mutating func acceptLate(_ pledge: Pledge, seat: Int) {
        let hasTurn = open.current[seat] == nil || open.isPast(seat)
        let turnRound = open.isPast(seat) ? round + 1 : round
        guard hasTurn, pledge.samples > 0, turnRound - pledge.round <= staleness,
            (records[seat].last ?? -1) < pledge.round
        else {
            ignored.late += 1
            return
        }
        guard open.late[seat] == nil, !open.countedLate.contains(seat) else {
            ignored.duplicate += 1
            return
        }
        open.pledgeLate(pledge, seat: seat)
    }

    /// A delta that was asked for.
    mutating func take(_ values: [Float], base: [Float], from city: CityID, round: Int) {
        guard phase == .running, let seat = roster.index(of: city), open.expects(seat: seat, round: round) else {
            ignored.unexpected += 1
            return
        }
        if weights.isEmpty {
            guard !base.isEmpty, base.allSatisfy(\.isFinite) else {
                return fail(city, detail: "it did not say what its first round began with", retry: false)
            }
            weights = base
        }
        guard values.count == weights.count else {
            return fail(city, detail: "it gave \(values.count) weights where \(weights.count) belong", retry: false)
        }
        if let spoilt = open.take(values, seat: seat, round: round) { sumAnew(without: spoilt) }
    }

    private mutating func sumAnew(without spoilt: Int) {
        open.restart()
        fail(roster.seats[spoilt].city, detail: "its result is not made of finite numbers", retry: false)
        open.pass(isComplete: roster.isComplete)
    }

    /// What a city cannot do it has not done either: what it said before is void, unless it is only busy.
    mutating func fail(_ city: CityID, detail: String, retry: Bool) {
        drop(city, lateToo: !retry)
        loseRows(of: city)
        roster.fail(city, detail: detail, retry: retry)
    }

    mutating func lose(_ city: CityID) {
        roster.lost(city)
        drop(city, lateToo: true)
        loseRows(of: city)
    }

    private mutating func drop(_ city: CityID, lateToo: Bool) {
        guard phase == .running, let seat = roster.index(of: city) else { return }
        let lost = open.drop(seat: seat, lateToo: lateToo)
        if lost.current { roster.unsettle(city) }
        if lost.late { ignored.late += 1 }
    }

    /// A city that was away when the others went live may follow after the job is done.
    mutating func accept(_ outcome: Outcome) -> [Action] {
        guard phase == .indexing || isTrained, roster.index(of: outcome.city) != nil else { return [] }
        roster.settle(outcome.city)
        if let seat = roster.index(of: outcome.city) { exchange.finished(seat) }
        guard !outcomes.contains(where: { $0.city == outcome.city }) else { return [] }
        let place = outcomes.firstIndex { $0.city > outcome.city } ?? outcomes.endIndex
        outcomes.insert(outcome, at: place)
        return phase == .done ? [.checkpoint] : []
    }

    mutating func tick(_ tick: Tick) {
        roster.tick(at: tick)
        open.tick(at: tick, patience: roster.patience.answer)
        exchange.tick(at: tick, patience: roster.patience.answer)
        if !isPaused { giveUpUnreachable() }
        let deadline = UInt64(configuration.policy.deadlineSeconds)
        guard phase == .running, !isPaused, deadline > 0 else { return }
        guard let opened else {
            self.opened = tick
            return
        }
        if tick.elapsed(since: opened) >= deadline, roster.settledCount >= quorum {
            roster.passOver("it was slower than the deadline of \(deadline) s")
        }
    }

    /// Cities that may close a round after its deadline.
    private var quorum: Int {
        turn != nil ? 0 : max(1, Int((configuration.policy.quorum * Double(roster.seats.count)).rounded(.up)))
    }

    /// Goes as far as what is known allows. Called after every event.
    mutating func proceed() -> [Action] {
        guard !isPaused || phase.isOver else { return [] }
        var actions: [Action] = []
        if phase == .estimating, roster.isComplete { actions += closeSurvey() }
        if phase == .running {
            open.pass(isComplete: roster.isComplete)
            if let spoilt = open.complete() { sumAnew(without: spoilt) }
            if roster.isComplete, open.isThrough { actions += isJudging ? closeJudging() : closeRound() }
        }
        if phase == .indexing, roster.isComplete { actions += closePublishing() }
        switch phase {
        case .estimating: actions += roster.ask().map { .survey($0) }
        case .running:
            let asked = isReadyToAsk ? roster.ask() : []
            openBytes += UInt64(4 * weights.count * asked.count)
            actions += asked.map { .train($0, round: round) }
            actions += open.ask().map { .collect(roster.seats[$0.seat].city, round: $0.round) }
        case .indexing: actions += exchangeRows()
        case .done where isTrained: actions += roster.ask().map { .publish($0) }
        case .queued, .paused, .done, .failed, .cancelled: break
        }
        return actions
    }

    private mutating func closeRound() -> [Action] {
        guard !open.counted.isEmpty || !open.countedLate.isEmpty else {
            if turn != nil { return goOn() }
            if !rounds.isEmpty, roster.hasAbsent {
                open = RoundSum(after: open)
                return []
            }
            return end(.failed("no city gave a result in round \(averages(at: round) + 1)"))
        }
        guard open.samples > 0 || rounds.contains(where: { $0.samples > 0 }) else {
            return end(.failed("no city has a visit to learn from: import data first"))
        }
        if turn == nil { judge() }
        if open.samples > 0 { takeOuterStep() }
        return goOn()
    }

    /// Notes the round, and opens what comes after it.
    private mutating func goOn() -> [Action] {
        record()
        open = RoundSum(after: open)
        (openBytes, opened, refusals) = (0, nil, 0)
        let isLast = round == roundsInAll || stopping.isOver
        ignored.late += UInt64(open.dropLate(before: isLast ? round : round - staleness))
        if isLast {
            if stopping.best == nil { phase = .indexing } else { isJudging = true }
        }
        roster.begin(only: turn)
        return [.checkpoint]
    }

    /// The cities have said how good the present average is: the best so far is kept.
    private mutating func judge() {
        if rounds.isEmpty { return }
        let given = open.current.compactMap { $0?.judgement }
        let people = given.reduce(0.0) { $0 + Double($1.people) }
        let sum = given.reduce(0.0) { $0 + $1.ndcg * Double($1.people) }
        validations.append(people > 0 ? sum / people : -1)
        if people > 0, stopping.judge(rounds.count, score: sum / people) { bestWeights = weights }
    }

    /// The last average is judged, by whoever is here: the best of all goes live.
    private mutating func closeJudging() -> [Action] {
        judge()
        weights = bestWeights
        open = RoundSum(seats: roster.seats.count)
        (openBytes, opened) = (0, nil)
        roster.begin(only: nil)
        (isJudging, phase) = (false, .indexing)
        return [.checkpoint]
    }

    /// Notes what the round was made of.
    private mutating func record() {
        let pledges = open.counted.compactMap { seat in open.current[seat].map { (seat, $0) } }
        let samples = pledges.reduce(UInt64(0)) { $0.addingSaturated($1.1.samples) }
        var loss = 0.0
        for (seat, pledge) in pledges {
            loss += pledge.meanLoss * Double(pledge.samples)
            records[seat].rounds += 1
            records[seat].samples = records[seat].samples.addingSaturated(pledge.samples)
            records[seat].seconds += pledge.seconds
            records[seat].last = round
        }
        for seat in open.countedLate {
            records[seat].late += 1
            records[seat].last = max(records[seat].last ?? 0, round - 1)
        }
        rounds.append(
            Round(
                cities: pledges.count, late: open.countedLate.count, samples: samples,
                meanLoss: samples > 0 ? loss / Double(samples) : rounds.last?.meanLoss ?? 0, bytes: openBytes))
    }

    /// Moves the weights by the mean delta: wholly, or as SGD with Nesterov's momentum would, to which the delta is the
    /// negative gradient (DiLoCo, Douillard et al. 2023, algorithm 1).
    private mutating func takeOuterStep() {
        var policy = configuration.policy
        // A turn is no mean of many: it is taken as it is.
        if turn != nil { (policy.outerRate, policy.outerMomentum) = (1, 0) }
        if policy.outerMomentum > 0, momentum.isEmpty { momentum = [Float](repeating: 0, count: weights.count) }
        takeStep(&weights, &momentum, by: open.sum, over: Float(open.samples), policy)
    }

    private mutating func closePublishing() -> [Action] {
        // Whom others could not reach takes the version by itself: now that they have it, or instead of them.
        roster.readmit()
        guard !outcomes.isEmpty else {
            if roster.hasAbsent || !roster.isComplete {
                // Nobody has it, so all begin again, also those without whom others had gone on.
                exchange = RowExchange(seats: roster.seats.count)
                return []
            }
            return end(.failed("no city could take the model"))
        }
        // What cities told each other belongs to the average that goes live.
        if !rounds.isEmpty {
            rounds[rounds.count - 1].bytes = rounds[rounds.count - 1].bytes.addingSaturated(openBytes)
        }
        return [.goLive] + end(.done)
    }
}

private func takeStep(
    _ weights: inout [Float], _ momentum: inout [Float], by sum: [Float], over total: Float, _ policy: RoundPolicy
) {
    precondition(weights.count == sum.count, "a sum of deltas of another model")
    let sum = sum.span
    var weights = weights.mutableSpan
    let (rate, keep) = (policy.outerRate, policy.outerMomentum)
    if policy.isPlainAverage {
        for index in 0..<weights.count { weights[index] += sum[index] / total }
    } else if momentum.isEmpty {
        for index in 0..<weights.count { weights[index] += rate * (sum[index] / total) }
    } else {
        var momentum = momentum.mutableSpan
        for index in 0..<weights.count {
            let mean = sum[index] / total
            momentum[index] = keep * momentum[index] + mean
            weights[index] += rate * (mean + keep * momentum[index])
        }
    }
}
