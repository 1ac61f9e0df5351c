package import Basics
import Events
import Glibc
import Plans
import Store
import Synchronization

// The lives of a city's seeds: where they are kept, and what moves them. Open ones and those that are over lie apart,
// so that the clock looks at the open ones only.

extension CityShard {
    /// Moves seeds by answers and by what came of bookings, puts their new state into `batch`, and says what follows.
    /// `now` is in milliseconds since 1970.
    func follow(
        _ signals: [(signal: Signal, cause: String)], now: Int64, in batch: inout WriteBatch
    ) throws -> [EventDraft] {
        let desk = LivesDesk(self, now: now)
        var plans: [SeedID: LivePlan] = [:]
        var order: [SeedID] = []
        for (signal, id) in signals {
            guard let seed = signal.seed, var plan = try plans[seed] ?? livePlan(of: seed, desk) else { continue }
            if plans[seed] == nil { order.append(seed) }
            let cause = EventCause.signal(id)
            switch signal.deed {
            case .answer(let person, _, let answer):
                try plan.answer(answer, of: person, cause: cause, time: signal.time, desk: desk)
            case .booked(_, let reference):
                try plan.book(reference: reference, cause: cause, time: signal.time, desk: desk)
            case .notBooked: try plan.refuseBooking(cause: cause, time: signal.time, desk: desk)
            default: break
            }
            plans[seed] = plan
        }
        desk.write(into: &batch)
        return order.flatMap { seed in
            guard let plan = plans[seed] else { return [EventDraft]() }
            return keep(plan, in: &batch)
        }
    }

    /// Puts a plan's state into `batch` and gives what is to be told with it.
    func keep(_ plan: LivePlan, in batch: inout WriteBatch) -> [EventDraft] {
        let number = plan.seed.id.number
        let (open, over) = (ShardKeys.signal("life/", number), ShardKeys.signal("past/", number))
        batch.put(.signals, key: plan.isOver ? over : open, value: plan.encoded())
        batch.delete(.signals, key: plan.isOver ? open : over)
        return plan.drafts
    }

    /// Lets time pass for all open seeds: invitations go out that are due, and seeds whose time is over are locked in
    /// or released. `now` is in milliseconds since 1970.
    package func tick(now: Int64) throws {
        try signals.withLock { _ in
            let desk = LivesDesk(self, now: now)
            var due: [SeedID] = []
            let prefix = ShardKeys.signal("life/")
            try store.database.scan(.signals, prefix: prefix) { key, value in
                guard try LivePlan.due(Array(value)) <= desk.now else { return true }
                var reader = ByteReader(Array(key.dropFirst(prefix.count)))
                due.append(SeedID(try reader.getBigEndian(UInt64.self)))
                return true
            }
            if due.isEmpty || store.isOutboxFull { return }
            var batch = WriteBatch()
            var drafts: [EventDraft] = []
            for id in due {
                guard var plan = try livePlan(of: id, desk) else { continue }
                try plan.tick(desk: desk)
                drafts += keep(plan, in: &batch)
            }
            desk.write(into: &batch)
            _ = try store.commit(batch, events: outboxEvents(drafts))
        }
    }

    /// The seeds whose lives are not over.
    func openSeeds() throws -> [SeedID] {
        var open: [SeedID] = []
        let prefix = ShardKeys.signal("life/")
        try store.database.scan(.signals, prefix: prefix) { key, _ in
            var reader = ByteReader(Array(key.dropFirst(prefix.count)))
            open.append(SeedID(try reader.getBigEndian(UInt64.self)))
            return true
        }
        return open
    }

    /// Whom a seed has asked so far, each in whose name, in the order of asking.
    package func asked(by seed: SeedID) throws -> [(person: PersonID, friend: PersonID?)] {
        try livePlan(of: seed, LivesDesk(self, now: 0))?.asked.map { ($0.person, $0.friend) } ?? []
    }

    /// A seed and how far it is; nil, and said, where what is stored of it cannot be read: the others go on.
    func livePlan(of id: SeedID, _ desk: LivesDesk) throws -> LivePlan? {
        guard let bytes = try store.database.get(.seeds, key: ShardKeys.seed(id)) else { return nil }
        do {
            var reader = ByteReader(bytes)
            let seed = try PlanSeed(from: &reader)
            for word in ["life/", "past/"] {
                if let life = try store.database.get(.signals, key: ShardKeys.signal(word, id.number)) {
                    return try LivePlan.decoding(life, of: seed, desk: desk)
                }
            }
            return LivePlan(unwritten: seed, desk: desk)
        } catch let error as ByteError {
            Log.error("a seed cannot be read", ["city": name, "seed": id, "reason": "\(error)"])
            return nil
        }
    }
}

/// Milliseconds since 1970.
package func millisecondsNow() -> Int64 {
    var moment = timespec()
    clock_gettime(CLOCK_REALTIME, &moment)
    return Int64(moment.tv_sec) * 1000 + Int64(moment.tv_nsec) / 1_000_000
}
