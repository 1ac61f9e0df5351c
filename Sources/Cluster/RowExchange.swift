// Before a version goes live its cities embed themselves together: what one lacks of its guests and of where its people
// went is told by the cities where those are at home (`Learn/Training/CityInference.swift`). This says who has to tell
// whom what, and when.
//
// All cities prepare, and say where their guests live; those that know people of each other are neighbors. Then each
// goes through stages, at its own pace: it gathers a part of every neighbor, and advances. A neighbor can give its part
// of a stage when it has advanced through those before. A part is fetched by the worker that needs it from the one that
// has it, at most `window` of them at a time.
//
// Nothing of this is durable and everything can be asked twice: cities keep what they gave until the version is live,
// and give the same again. A city whose worker is lost prepares anew and goes through its stages again, while others
// wait where they need it. A city that is given up is waited for no more: others go on without its parts, it is left
// out of what they hear, and it does not come in again, or some would have heard it and some not. A fetch that fails is
// nobody's fault at first, and is asked again after a tick; where that goes on for as long as an absent city is waited
// for, the city that has failed with most others is given up, asked or asking.

import Basics

struct RowExchange: Equatable, Sendable {
    /// What to ask for, cities as seats.
    enum Order: Equatable {
        case fetch(Int, from: Int, stage: Int)
        case advance(Int, stage: Int, from: [Int])
    }

    /// Fetches that are under way at the same time: fewer than one worker can have waiting.
    private static let window = 64

    private struct Seat: Equatable {
        /// Where its guests live; nil: it has not said so yet.
        var homes: [Int]?
        /// Whether its worker has what it needs to fetch and to be asked.
        var isReady = false
        /// Stages it has advanced through.
        var stage = 0
        /// Whose parts of the present stage it has.
        var taken: Set<Int> = []
        /// Since when it is advancing; the inner nil: the next tick will say.
        var advancing: Tick??
    }

    private struct Flight: Equatable {
        let from: Int
        let to: Int
        let stage: Int
        var since: Tick?
    }

    /// A part that could not be fetched.
    private struct Miss: Equatable {
        let from: Int
        let to: Int
        /// Not to be asked for again before the next tick.
        var isHeld = true
        /// Of the first time; nil: the next tick will say.
        var since: Tick?
        /// Of the last time; the inner nil as above.
        var last: Tick??

        func isLasting(_ absence: UInt64) -> Bool {
            guard let since, let last = last ?? nil else { return false }
            return last.elapsed(since: since) > absence
        }
    }

    private var seats: [Seat]
    private var neighbors: [[Int]] = []
    private var flights: [Flight] = []
    private var misses: [Miss] = []
    /// Seats without which others have gone on.
    private var leftOut: Set<Int> = []
    private var layers = 0

    init(seats: Int) { self.seats = Array(repeating: Seat(), count: seats) }

    private func isDone(_ seat: Int) -> Bool { seats[seat].stage > layers }

    private func isWaiting(_ seat: Int) -> Bool { seats[seat].isReady && !isDone(seat) && seats[seat].advancing == nil }

    /// Whether somebody is on the way, who may need what any other has.
    var isOpen: Bool { seats.contains { $0.homes != nil && $0.stage <= layers } }

    /// Whether others go on with what this city does not have yet, or not any more.
    func lacks(_ seat: Int) -> Bool { isOpen && !seats[seat].isReady }

    /// The city can give its parts of stage 0. False where it contradicts others.
    mutating func prepared(_ seat: Int, homes: [Int], layers: Int) -> Bool {
        guard seats.allSatisfy({ $0.homes == nil }) || layers == self.layers else { return false }
        self.layers = layers
        seats[seat].isReady = true
        if seats[seat].homes == homes { return true }
        seats[seat].homes = homes
        var pairs = [Set<Int>](repeating: [], count: seats.count)
        for (guest, seat) in seats.enumerated() {
            for home in seat.homes ?? [] where home != guest {
                pairs[guest].insert(home)
                pairs[home].insert(guest)
            }
        }
        neighbors = pairs.map { $0.sorted() }
        return true
    }

    /// The city's worker knows nothing any more.
    mutating func lose(_ seat: Int) {
        let homes = seats[seat].homes
        seats[seat] = Seat()
        seats[seat].homes = homes
        giveUp(seat)
    }

    /// Nothing of what it has, or lacks, is waited for. Nobody asks it, nor is it asked, as long as it is given up.
    mutating func giveUp(_ seat: Int) {
        flights.removeAll { $0.from == seat || $0.to == seat }
        misses.removeAll { $0.from == seat || $0.to == seat }
    }

    /// Whether that was waited for.
    mutating func took(_ to: Int, from: Int, stage: Int) -> Bool {
        guard land(from, to, stage) else { return false }
        misses.removeAll { $0.from == from && $0.to == to }
        seats[to].taken.insert(from)
        return true
    }

    /// The part could not be fetched. Whether that was waited for.
    mutating func missed(_ to: Int, from: Int, stage: Int) -> Bool {
        guard land(from, to, stage) else { return false }
        if let known = misses.firstIndex(where: { $0.from == from && $0.to == to }) {
            misses[known].isHeld = true
            misses[known].last = .some(nil)
        } else {
            misses.append(Miss(from: from, to: to))
        }
        return true
    }

    private mutating func land(_ from: Int, _ to: Int, _ stage: Int) -> Bool {
        guard let found = flights.firstIndex(where: { $0.from == from && $0.to == to && $0.stage == stage }) else {
            return false
        }
        flights.remove(at: found)
        return true
    }

    /// Of the cities between which fetches have failed for more than `absence` ticks, the one with most others; where
    /// that does not tell, one that was asked, and the first of those.
    func unreachable(absence: UInt64) -> Int? {
        var others: [Int: Set<Int>] = [:]
        let lasting = misses.filter { $0.isLasting(absence) }
        for miss in lasting {
            others[miss.from, default: []].insert(miss.to)
            others[miss.to, default: []].insert(miss.from)
        }
        guard let most = others.values.map(\.count).max() else { return nil }
        let worst = others.keys.filter { others[$0]?.count == most }.sorted()
        return worst.first { seat in lasting.contains { $0.from == seat } } ?? worst.first
    }

    /// Whether others have gone on without it.
    func isLeftOut(_ seat: Int) -> Bool { leftOut.contains(seat) }

    /// Nobody asks for a while, so the time that somebody could not be reached begins again.
    mutating func forgetMisses() { misses = [] }

    /// Whether that was waited for.
    mutating func advanced(_ seat: Int, stage: Int) -> Bool {
        guard seats[seat].advancing != nil, seats[seat].stage == stage else { return false }
        seats[seat].stage += 1
        seats[seat].taken = []
        seats[seat].advancing = nil
        return true
    }

    /// The city has its version, however it came to it.
    mutating func finished(_ seat: Int) {
        if seats[seat].homes != nil { _ = advanced(seat, stage: layers) }
    }

    /// What has not come for `patience` ticks is asked for again.
    mutating func tick(at tick: Tick, patience: UInt64) {
        for index in flights.indices where flights[index].since == nil { flights[index].since = tick }
        flights.removeAll { tick.elapsed(since: $0.since ?? tick) >= patience }
        for index in misses.indices {
            misses[index].isHeld = false
            misses[index].since = misses[index].since ?? tick
            if misses[index].last == .some(nil) { misses[index].last = .some(tick) }
        }
        for index in seats.indices {
            guard let since = seats[index].advancing else { continue }
            guard let since else {
                seats[index].advancing = .some(tick)
                continue
            }
            if tick.elapsed(since: since) >= patience { seats[index].advancing = nil }
        }
    }

    /// What is to be asked for now; it counts as asked from here on. Nothing before every city that is not given up
    /// has said where its guests live.
    mutating func orders(isGivenUp: (Int) -> Bool) -> [Order] {
        let gone = seats.indices.map { isGivenUp($0) || leftOut.contains($0) }
        guard seats.indices.allSatisfy({ seats[$0].homes != nil || gone[$0] }) else { return [] }
        leftOut.formUnion(seats.indices.filter { gone[$0] })
        var orders: [Order] = []
        for seat in seats.indices where isWaiting(seat) && !gone[seat] {
            let stage = seats[seat].stage
            let missing = missing(seat, gone)
            if missing.isEmpty {
                seats[seat].advancing = .some(nil)
                orders.append(.advance(seat, stage: stage, from: seats[seat].taken.sorted()))
            }
            for other in missing where seats[other].isReady && seats[other].stage >= stage {
                guard flights.count < Self.window else { break }
                if flights.contains(where: { $0.from == other && $0.to == seat }) { continue }
                if misses.contains(where: { $0.from == other && $0.to == seat && $0.isHeld }) { continue }
                flights.append(Flight(from: other, to: seat, stage: stage))
                orders.append(.fetch(seat, from: other, stage: stage))
            }
        }
        return orders
    }

    /// Whose parts of the present stage a city still waits for.
    private func missing(_ seat: Int, _ gone: [Bool]) -> [Int] {
        let taken = seats[seat].taken
        return neighbors[seat].filter { !taken.contains($0) && !gone[$0] }
    }
}
