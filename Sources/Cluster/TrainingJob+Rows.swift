// Cities that embed themselves together, see `RowExchange`: its seats are the roster's.

import Basics

extension TrainingJob {
    mutating func prepared(_ city: CityID, homes: [CityID], layers: Int) {
        guard let seat = exchanging(city) else { return }
        // Who lives in a city that the job does not know is a stranger.
        let seats = homes.compactMap { roster.index(of: $0) }
        if !exchange.prepared(seat, homes: seats, layers: layers) {
            fail(city, detail: "its model has \(layers) layers and others' have not", retry: false)
        }
    }

    mutating func took(_ city: CityID, from other: CityID, stage: Int, bytes: UInt64) {
        openBytes = openBytes.addingSaturated(bytes)
        guard let seat = exchanging(city), let otherSeat = exchanging(other) else { return }
        if !exchange.took(seat, from: otherSeat, stage: stage) { ignored.unexpected += 1 }
    }

    mutating func missed(_ city: CityID, from other: CityID, stage: Int, isGone: Bool) {
        guard let seat = exchanging(city), let otherSeat = exchanging(other) else { return }
        guard exchange.missed(seat, from: otherSeat, stage: stage) else {
            ignored.unexpected += 1
            return
        }
        if isGone { fail(other, detail: "it keeps nothing for others any more", retry: true) }
    }

    /// Who does not reach others, or is not reached, for as long as the absent are waited for, is left out like them:
    /// it takes the version by itself when the others have it.
    mutating func giveUpUnreachable() {
        while let seat = exchange.unreachable(absence: roster.patience.absence) {
            exchange.giveUp(seat)
            roster.giveUp(roster.seats[seat].city)
        }
    }

    /// The city has a worker again. Where others have gone on without it, it is left out all the same.
    mutating func reached(_ city: CityID) {
        roster.reached(city)
        guard phase == .indexing, let seat = roster.index(of: city), exchange.isLeftOut(seat) else { return }
        roster.giveUp(city)
    }

    mutating func advanced(_ city: CityID, stage: Int) {
        guard let seat = exchanging(city) else { return }
        if !exchange.advanced(seat, stage: stage) { ignored.unexpected += 1 }
    }

    private mutating func exchanging(_ city: CityID) -> Int? {
        guard phase == .indexing, let seat = roster.index(of: city), roster.seats[seat].isHome else {
            ignored.unexpected += 1
            return nil
        }
        return seat
    }

    /// What the city knew is gone.
    mutating func loseRows(of city: CityID) {
        guard phase == .indexing, let seat = roster.index(of: city) else { return }
        exchange.lose(seat)
        if exchange.isOpen { roster.unsettle(city) }
    }

    /// Asks whoever has not prepared, also cities that have their version and are still needed by others; and for what
    /// those lack that have.
    mutating func exchangeRows() -> [Action] {
        for (index, seat) in roster.seats.enumerated() where seat.isSettled && exchange.lacks(index) {
            roster.unsettle(seat.city)
        }
        let asked = roster.ask()
        openBytes += UInt64(4 * weights.count * asked.count)
        let seats = roster.seats
        return asked.map { .prepare($0) }
            + exchange.orders { seats[$0].isGone || seats[$0].fault != nil }.map { order in
                switch order {
                case .fetch(let seat, let from, let stage):
                    .fetch(seats[seat].city, from: seats[from].city, stage: stage)
                case .advance(let seat, let stage, let from):
                    .advance(seats[seat].city, stage: stage, from: from.map { seats[$0].city })
                }
            }
    }
}
