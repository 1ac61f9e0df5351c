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

    mutating func gave(_ city: CityID, to other: CityID, stage: Int, _ part: [UInt8]) -> [Action] {
        guard let seat = exchanging(city), let otherSeat = exchanging(other) else { return [] }
        openBytes += UInt64(part.count)
        guard exchange.gave(seat, to: otherSeat, stage: stage) else {
            ignored.unexpected += 1
            return []
        }
        openBytes += UInt64(part.count)
        return [.hand(other, from: city, stage: stage, part: part)]
    }

    mutating func took(_ city: CityID, from other: CityID, stage: Int) {
        guard let seat = exchanging(city), let otherSeat = exchanging(other) else { return }
        if !exchange.took(seat, from: otherSeat, stage: stage) { ignored.unexpected += 1 }
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
        let prepared = roster.ask().map { Action.prepare($0) }
        let seats = roster.seats
        return prepared
            + exchange.orders { seats[$0].isGone || seats[$0].fault != nil }.map { order in
                switch order {
                case .give(let seat, let to, let stage): .give(seats[seat].city, to: seats[to].city, stage: stage)
                case .advance(let seat, let stage, let from):
                    .advance(seats[seat].city, stage: stage, from: from.map { seats[$0].city })
                }
            }
    }
}
