// Before a version goes live its cities embed themselves together: what one lacks of its guests and of where its people
// went is told by the cities where those are at home (`Learn/Training/CityInference.swift`). This says who has to tell
// whom what, and when.
//
// All cities prepare, and say where their guests live; those that know people of each other are neighbors. Then each
// goes through stages, at its own pace: it gathers a part of every neighbor, and advances. A neighbor can give its part
// of a stage when it has advanced through those before. A part goes from its city to the coordinator and on to whom it
// is for, at most `window` of them at a time, so that the coordinator holds no more than those.
//
// Nothing of this is durable and everything can be asked twice: cities keep what they gave until the version is live,
// and give the same again. A city whose worker is lost prepares anew and goes through its stages again, while others
// wait where they need it. A city that is given up is waited for no more: others go on without its parts, and it is
// left out of what they hear.

import Basics

struct RowExchange: Equatable, Sendable {
    /// What to ask for, cities as seats.
    enum Order: Equatable {
        case give(Int, to: Int, stage: Int)
        case advance(Int, stage: Int, from: [Int])
    }

    /// Parts that are under way at the same time.
    private static let window = 16

    private struct Seat: Equatable {
        /// Where its guests live; nil: it has not said so yet.
        var homes: [Int]?
        /// Whether its worker has what it needs to give and to take.
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
        var isHanded = false
        var since: Tick?
    }

    private var seats: [Seat]
    private var neighbors: [[Int]] = []
    private var flights: [Flight] = []
    private var layers = 0

    init(seats: Int) { self.seats = Array(repeating: Seat(), count: seats) }

    private func isDone(_ seat: Int) -> Bool { seats[seat].stage > layers }

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
        flights.removeAll { $0.from == seat || $0.to == seat }
    }

    /// Whether the part is to be handed on.
    mutating func gave(_ from: Int, to: Int, stage: Int) -> Bool {
        let found = flights.firstIndex { $0.from == from && $0.to == to && $0.stage == stage && !$0.isHanded }
        guard let found else { return false }
        flights[found].isHanded = true
        return true
    }

    /// Whether that was waited for.
    mutating func took(_ to: Int, from: Int, stage: Int) -> Bool {
        guard let found = flights.firstIndex(where: { $0.from == from && $0.to == to && $0.stage == stage }) else {
            return false
        }
        flights.remove(at: found)
        seats[to].taken.insert(from)
        return true
    }

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
        let gone = seats.indices.map(isGivenUp)
        guard seats.indices.allSatisfy({ seats[$0].homes != nil || gone[$0] }) else { return [] }
        var orders: [Order] = []
        for seat in seats.indices where seats[seat].isReady && !isDone(seat) && seats[seat].advancing == nil {
            let stage = seats[seat].stage
            let missing = missing(seat, gone)
            if missing.isEmpty {
                seats[seat].advancing = .some(nil)
                orders.append(.advance(seat, stage: stage, from: seats[seat].taken.sorted()))
            }
            for other in missing where seats[other].isReady && seats[other].stage >= stage {
                guard flights.count < Self.window else { break }
                if flights.contains(where: { $0.from == other && $0.to == seat }) { continue }
                flights.append(Flight(from: other, to: seat, stage: stage))
                orders.append(.give(other, to: seat, stage: stage))
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
