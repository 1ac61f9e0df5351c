// The open round's average in the making. Cities say that they have trained; their deltas stay with them and are
// fetched one by one, in the order of the cities' numbers, and summed as they come. So the coordinator holds the
// weights, one sum and at most one delta that came before its turn, whatever the number of cities and workers, and the
// order of summation depends on nothing but the cities.
//
// Deltas come from memory faster than they are multiplied, and the sum is as long as they are: so one waits for the
// next, and the two are added in one pass, in their order.
//
// A delta of an earlier round that comes late is summed at its city's next turn. Nothing of this is durable: after a
// restart cities are asked again and answer from what they keep.

import Basics

/// What a city said that it has.
struct Pledge: Equatable, Sendable {
    let round: Int
    let samples: UInt64
    let meanLoss: Double
    let seconds: Double
    /// Of the weights the round began with.
    let judgement: TrainingJob.Judgement
    var isAsked = false
    /// Since when; nil: the next tick will say.
    var since: Tick?
}

struct RoundSum: Equatable, Sendable {
    /// Deltas that are asked for at the same time: while one is summed the next is on its way.
    private static let window = 2

    private struct Turn: Equatable {
        let seat: Int
        let isLate: Bool
    }

    private struct Held: Equatable {
        let seat: Int
        let values: [Float]
        let factor: Float
    }

    private(set) var current: [Pledge?]
    private(set) var late: [Pledge?]
    /// Seats before it have had their turn.
    private var next = 0
    /// A delta that came before its turn, which is the one after the next.
    private var early: [Float]?
    /// A delta that had its turn and is not in the sum yet. Never beside an early one.
    private var held: Held?
    /// Sum of deltas times samples; empty until the first ones.
    private(set) var sum: [Float] = []
    /// The sum of the round before, whose memory the next one takes: new memory would have to be cleared by the kernel.
    private var spent: [Float] = []
    /// Samples of all that is in the sum.
    private(set) var samples: UInt64 = 0
    /// Seats whose delta of this round is in the sum, and those whose earlier one is.
    private(set) var counted: [Int] = []
    private(set) var countedLate: [Int] = []

    init(seats: Int) {
        current = Array(repeating: nil, count: seats)
        late = current
    }

    /// Deltas of the round before that may still come into this one.
    init(after former: RoundSum) {
        self.init(seats: former.current.count)
        (late, spent) = (former.late, former.sum)
        for seat in late.indices { late[seat]?.isAsked = false }
    }

    /// Whether the city's turn is over, so that what it gives now comes too late.
    func isPast(_ seat: Int) -> Bool { seat < next }

    mutating func pledge(_ pledge: Pledge, seat: Int) { current[seat] = pledge }

    /// Of an earlier round; to be said before the city's word for this round, or after its turn.
    mutating func pledgeLate(_ pledge: Pledge, seat: Int) {
        precondition(pledge.samples > 0, "a late delta without samples says nothing")
        late[seat] = pledge
    }

    /// The city is away or cannot give: nothing of it will come that is not in the sum. Whether it loses what it said
    /// for this round, and what it said for an earlier one.
    mutating func drop(seat: Int, lateToo: Bool) -> (current: Bool, late: Bool) {
        let turns = coming.prefix(Self.window)
        if early != nil, turns.contains(where: { $0.seat == seat }), let second = turns.last {
            // It may come in another order now, so it is asked for again.
            early = nil
            if second.isLate { late[second.seat]?.isAsked = false } else { current[second.seat]?.isAsked = false }
        }
        let lost = (current[seat] != nil && !counted.contains(seat), lateToo && late[seat] != nil)
        if lost.0 { current[seat] = nil }
        if lost.1 { late[seat] = nil }
        return lost
    }

    mutating func tick(at tick: Tick, patience: UInt64) {
        func waited(_ pledge: Pledge) -> Pledge {
            var pledge = pledge
            guard pledge.isAsked else { return pledge }
            guard let since = pledge.since else {
                pledge.since = tick
                return pledge
            }
            if tick.elapsed(since: since) >= patience { (pledge.isAsked, pledge.since) = (false, nil) }
            return pledge
        }
        for seat in current.indices {
            if !isPast(seat) { current[seat] = current[seat].map(waited) }
            late[seat] = late[seat].map(waited)
        }
    }

    /// The next turns, as far as they are known: up to the first city that has not said anything.
    private var coming: [Turn] {
        var turns: [Turn] = []
        for seat in next..<current.count {
            if late[seat] != nil { turns.append(Turn(seat: seat, isLate: true)) }
            if current[seat] == nil { break }
            turns.append(Turn(seat: seat, isLate: false))
            if turns.count >= Self.window { break }
        }
        return turns
    }

    private func pledge(of turn: Turn) -> Pledge? { turn.isLate ? late[turn.seat] : current[turn.seat] }

    /// Passes seats that have nothing to give: those without samples, and, once nobody is waited for, those that gave
    /// nothing.
    mutating func pass(isComplete: Bool) {
        while next < current.count, late[next] == nil {
            if let pledge = current[next] {
                guard pledge.samples == 0 else { return }
                counted.append(next)
            } else if !isComplete {
                return
            }
            next += 1
        }
    }

    /// Whether every seat has had its turn.
    var isThrough: Bool { next == current.count }

    /// Deltas to ask for now, as seats and rounds; they count as asked from here on.
    mutating func ask() -> [(seat: Int, round: Int)] {
        var asked: [(seat: Int, round: Int)] = []
        for turn in coming.prefix(Self.window) {
            guard var pledge = pledge(of: turn), !pledge.isAsked, pledge.samples > 0 else { continue }
            (pledge.isAsked, pledge.since) = (true, nil)
            if turn.isLate { late[turn.seat] = pledge } else { current[turn.seat] = pledge }
            asked.append((turn.seat, pledge.round))
        }
        return asked
    }

    /// Whether this delta is waited for: its city has the turn, or the one after.
    func expects(seat: Int, round: Int) -> Bool {
        let turns = coming.prefix(Self.window)
        guard let index = turns.firstIndex(where: { $0.seat == seat && pledge(of: $0)?.round == round }) else {
            return false
        }
        return index == 0 || early == nil
    }

    /// Takes a delta that is expected. Sums it when it is its city's turn, and then what came before its turn. A seat
    /// whose delta is not made of finite numbers has spoilt the sum: then all deltas are to be asked for again.
    mutating func take(_ values: [Float], seat: Int, round: Int) -> Int? {
        guard let first = coming.first else { return nil }
        guard first.seat == seat, pledge(of: first)?.round == round else {
            early = values
            return sumHeld()
        }
        if let spoilt = add(values, first) { return spoilt }
        guard let early, let second = coming.first else { return nil }
        self.early = nil
        return add(early, second)
    }

    /// Once every seat has had its turn nothing waits for another delta any more. As `take`.
    mutating func complete() -> Int? { isThrough ? sumHeld() : nil }

    /// Nothing is summed, everything is kept where it is.
    mutating func restart() {
        (next, early, held, sum, samples) = (0, nil, nil, [], 0)
        (counted, countedLate) = ([], [])
        for seat in current.indices {
            current[seat]?.isAsked = false
            late[seat]?.isAsked = false
        }
    }

    private mutating func add(_ values: [Float], _ turn: Turn) -> Int? {
        guard let pledge = pledge(of: turn) else { return nil }
        if sum.isEmpty { clear(count: values.count) }
        precondition(values.count == sum.count, "summing deltas of different models")
        let waiting = Held(seat: turn.seat, values: values, factor: Float(pledge.samples))
        if let first = held {
            held = nil
            let isFinite = Cluster.add(first.values, first.factor, then: values, waiting.factor, to: &sum)
            if !isFinite.first { return first.seat }
            if !isFinite.second { return turn.seat }
        } else {
            held = waiting
        }
        let (total, overflow) = samples.addingReportingOverflow(pledge.samples)
        samples = overflow ? .max : total
        if turn.isLate {
            late[turn.seat] = nil
            countedLate.append(turn.seat)
        } else {
            counted.append(turn.seat)
            next = turn.seat + 1
        }
        return nil
    }

    private mutating func clear(count: Int) {
        swap(&sum, &spent)
        spent = []
        guard sum.count == count else {
            sum = [Float](repeating: 0, count: count)
            return
        }
        sum.withUnsafeMutableBufferPointer { $0.update(repeating: 0) }
    }

    private mutating func sumHeld() -> Int? {
        guard let held else { return nil }
        self.held = nil
        return Cluster.add(held.values, times: held.factor, to: &sum) ? nil : held.seat
    }

    /// Gives up late deltas of rounds before `oldest`; how many there were.
    mutating func dropLate(before oldest: Int) -> Int {
        var dropped = 0
        for seat in late.indices {
            guard let pledge = late[seat], pledge.round < oldest else { continue }
            late[seat] = nil
            dropped += 1
        }
        return dropped
    }
}

/// Adds `factor` times `values` to `sum`, of the same length, in one pass. Whether all values are finite; where they
/// are not, the sum is spoilt.
func add(_ values: [Float], times factor: Float, to sum: inout [Float]) -> Bool {
    // An exponent of all ones is the largest there is.
    var largest: UInt32 = 0
    let values = values.span
    var sum = sum.mutableSpan
    for index in 0..<sum.count {
        let value = values[index]
        largest = max(largest, value.bitPattern & 0x7F80_0000)
        sum[index] += factor * value
    }
    return largest < 0x7F80_0000
}

/// Adds `factor` times `values` and then `nextFactor` times `next` to `sum`, all of the same length, in one pass.
/// Whether all values of each are finite.
func add(
    _ values: [Float], _ factor: Float, then next: [Float], _ nextFactor: Float, to sum: inout [Float]
) -> (first: Bool, second: Bool) {
    var (largest, largestOfNext): (UInt32, UInt32) = (0, 0)
    let (values, next) = (values.span, next.span)
    var sum = sum.mutableSpan
    for index in 0..<sum.count {
        let (one, other) = (values[index], next[index])
        largest = max(largest, one.bitPattern & 0x7F80_0000)
        largestOfNext = max(largestOfNext, other.bitPattern & 0x7F80_0000)
        sum[index] = (sum[index] + factor * one) + nextFactor * other
    }
    return (largest < 0x7F80_0000, largestOfNext < 0x7F80_0000)
}
