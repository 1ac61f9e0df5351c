// The cities of a job and how far each is in the job's present step (a round, a publication, a plan).
// Training and planning share it: both ask every city for something, ask again whoever came back without having
// answered, and wait for the absent only so long.
//
// A seat is settled (it gave what was asked), at fault (it cannot in this step), at work, or away. The step is
// complete when nobody is left to wait for. A city that comes back before the step is over is waited for again.
//
// Time comes as ticks from outside and is only compared: a span begins at the first tick after what began it.

import Basics

/// How patient a job is. All spans in ticks.
package struct JobPatience: Equatable, Sendable {
    /// A city without a home for longer than this is not waited for.
    package var absence: UInt64
    /// A city at home that has not answered for so long is asked again; the message may have been lost.
    package var answer: UInt64
    /// So many losses of its worker in one step, and the city sits that step out: it may be what kills it.
    package var losses: UInt32

    package init(absence: UInt64 = 60, answer: UInt64 = 60, losses: UInt32 = 5) {
        self.absence = absence
        self.answer = answer
        self.losses = losses
    }
}

struct Roster: Equatable, Sendable {
    struct Seat: Equatable, Sendable {
        let city: CityID
        var isHome = false
        var isSettled = false
        /// Asked in this step, by the worker that is its home now.
        var isAsked = false
        /// Not to be asked again before the next tick.
        var isHeld = false
        /// Not asked in this step at all: it is another's turn.
        var isOut = false
        /// Away for longer than we wait, or at home where nobody reaches it.
        var isGone = false
        /// Since when it is away, or asked. nil: the next tick will say.
        var since: Tick?
        var losses: UInt32 = 0
        /// Why it sits this step out.
        var fault: String?

        var isWaitedFor: Bool { !isOut && !isSettled && fault == nil && !isGone }
        var isToAsk: Bool { !isOut && isHome && !isSettled && !isGone && fault == nil && !isAsked && !isHeld }

        init(city: CityID) { self.city = city }
    }

    let patience: JobPatience
    /// Ascending by city, no city twice.
    private(set) var seats: [Seat]

    init(cities: [CityID], patience: JobPatience) {
        self.patience = patience
        seats = Set(cities).sorted().map { Seat(city: $0) }
    }

    var settledCount: Int { seats.count { $0.isSettled } }
    var isComplete: Bool { !seats.contains { $0.isWaitedFor } }
    /// Everybody is at home but those whom nobody waits for any more.
    var isAssembled: Bool { !seats.contains { !$0.isHome && !$0.isGone } }
    /// Somebody may come back who could still give what this step lacks.
    var hasAbsent: Bool { seats.contains { $0.isGone && !$0.isOut && !$0.isSettled && $0.fault == nil } }

    /// O(log cities).
    func index(of city: CityID) -> Int? {
        var low = 0
        var high = seats.count
        while low < high {
            let middle = (low + high) / 2
            if seats[middle].city < city { low = middle + 1 } else { high = middle }
        }
        return low < seats.count && seats[low].city == city ? low : nil
    }

    /// The next step: nobody has given anything, nobody is asked, faults are forgiven. With `turn`, it is that seat's
    /// alone.
    mutating func begin(only turn: Int?) {
        leaveOut(allBut: turn)
        for index in seats.indices {
            seats[index].isSettled = false
            seats[index].isAsked = false
            seats[index].isHeld = false
            seats[index].losses = 0
            seats[index].fault = nil
            if seats[index].isHome { seats[index].since = nil }
        }
    }

    /// Whose step it is; nil: everybody's.
    mutating func leaveOut(allBut turn: Int?) {
        for index in seats.indices { seats[index].isOut = turn.map { $0 != index } ?? false }
    }

    /// The world anew: exactly these are at home, whatever was under way is forgotten, patience begins again.
    mutating func assemble(home: [CityID]) {
        let home = Set(home)
        for index in seats.indices {
            seats[index].isHome = home.contains(seats[index].city)
            seats[index].isAsked = false
            seats[index].isHeld = false
            seats[index].isGone = false
            seats[index].since = nil
        }
    }

    /// The city has a worker that knows nothing of what was asked before.
    mutating func reached(_ city: CityID) {
        guard let index = index(of: city) else { return }
        seats[index].isHome = true
        seats[index].isAsked = false
        seats[index].isHeld = false
        seats[index].isGone = false
        seats[index].since = nil
    }

    mutating func lost(_ city: CityID) {
        guard let index = index(of: city), seats[index].isHome else { return }
        seats[index].isHome = false
        seats[index].since = nil
        if seats[index].isAsked, !seats[index].isSettled, seats[index].fault == nil {
            seats[index].losses += 1
            if seats[index].losses >= patience.losses {
                seats[index].fault = "its worker was lost \(patience.losses) times at this work"
            }
        }
        seats[index].isAsked = false
        seats[index].isHeld = false
    }

    /// The city gave what was asked; where it comes from and how late does not matter.
    mutating func settle(_ city: CityID) {
        guard let index = index(of: city) else { return }
        seats[index].isSettled = true
        seats[index].fault = nil
    }

    /// What the city gave is lost, and has to be given again.
    mutating func unsettle(_ city: CityID) {
        guard let index = index(of: city) else { return }
        seats[index].isSettled = false
        seats[index].isAsked = false
    }

    /// The step begins anew, but for what went wrong in it.
    mutating func reopen() {
        for index in seats.indices {
            seats[index].isSettled = false
            seats[index].isAsked = false
            seats[index].isHeld = false
        }
    }

    /// The step goes on without those that are still waited for, because of `reason`.
    mutating func passOver(_ reason: String) {
        for index in seats.indices where seats[index].isWaitedFor { seats[index].fault = reason }
    }

    /// Others wait for it no more, as if it were away.
    mutating func giveUp(_ city: CityID) {
        if let index = index(of: city) { seats[index].isGone = true }
    }

    /// Those at home are to be asked again, also who was given up.
    mutating func readmit() {
        for index in seats.indices where seats[index].isHome && seats[index].isGone {
            seats[index].isGone = false
            seats[index].isAsked = false
        }
    }

    /// The city cannot: now (then it is asked again after the next tick), or not in this step.
    mutating func fail(_ city: CityID, detail: String, retry: Bool) {
        guard let index = index(of: city), !seats[index].isSettled else { return }
        if retry {
            seats[index].isAsked = false
            seats[index].isHeld = true
            seats[index].since = seats[index].isHome ? nil : seats[index].since
        } else {
            seats[index].fault = detail
        }
    }

    mutating func tick(at tick: Tick) {
        for index in seats.indices {
            seats[index].isHeld = false
            guard seats[index].isAsked || !seats[index].isHome else { continue }
            guard let since = seats[index].since else {
                seats[index].since = tick
                continue
            }
            let span = tick.elapsed(since: since)
            if !seats[index].isHome {
                seats[index].isGone = seats[index].isGone || span > patience.absence
            } else if span >= patience.answer {
                seats[index].isAsked = false
                seats[index].since = nil
            }
        }
    }

    /// Those to ask now, ascending; they count as asked from here on.
    mutating func ask() -> [CityID] {
        var cities: [CityID] = []
        for index in seats.indices where seats[index].isToAsk {
            seats[index].isAsked = true
            seats[index].since = nil
            cities.append(seats[index].city)
        }
        return cities
    }

    /// What is not as it should be, for people: the first few cities by number. Empty when all is well. `hearsAll`: a
    /// turn needs the others too.
    func complaint(hearsAll: Bool = false, name: (CityID) -> String) -> String {
        let troubled = seats.filter {
            (hearsAll || !$0.isOut) && !$0.isSettled && ($0.fault != nil || !$0.isHome || $0.isGone)
        }
        guard !troubled.isEmpty else { return "" }
        let shown = troubled.prefix(4).map { seat in
            let why = seat.fault ?? (seat.isHome ? "other workers cannot reach its worker" : "its worker is away")
            return "\(name(seat.city)): \(why)"
        }
        let more = troubled.count > shown.count ? ["\(troubled.count - shown.count) more cities"] : []
        return (shown + more).joined(separator: "; ")
    }
}

// Whose turn it is follows from what owns the roster, and is not written.
extension Roster {
    func encode(into writer: inout ByteWriter) {
        writer.put(patience.absence)
        writer.put(patience.answer)
        writer.put(patience.losses)
        writer.put(UInt32(seats.count))
        for seat in seats {
            writer.put(seat.city.number)
            for flag in [seat.isHome, seat.isSettled, seat.isAsked, seat.isHeld, seat.isGone] { writer.put(flag) }
            writer.put(optional: seat.since?.number)
            writer.put(seat.losses)
            writer.put(seat.fault != nil)
            if let fault = seat.fault { writer.put(fault) }
        }
    }

    init(from reader: inout ByteReader) throws(ByteError) {
        patience = JobPatience(
            absence: try reader.get(), answer: try reader.get(), losses: try reader.get())
        seats = []
        for _ in 0..<(try reader.get(UInt32.self)) {
            var seat = Seat(city: CityID(try reader.get()))
            if let last = seats.last, last.city >= seat.city { throw .invalid("cities out of order") }
            seat.isHome = try reader.getBool()
            seat.isSettled = try reader.getBool()
            seat.isAsked = try reader.getBool()
            seat.isHeld = try reader.getBool()
            seat.isGone = try reader.getBool()
            seat.since = (try reader.getOptional() as UInt64?).map { Tick($0) }
            seat.losses = try reader.get()
            seat.fault = try reader.getBool() ? try reader.getString() : nil
            seats.append(seat)
        }
    }
}
