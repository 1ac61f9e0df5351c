import Basics
package import Events
import Plans
import Store
import Synchronization
package import Wire
import World

// Signals come in, from a stream or from a request. Either way a batch of them becomes one synced write: rows, answers,
// events that follow, and the account of how far the city has got. So a signal that comes again finds itself behind
// the offset and changes nothing, and one that was never written comes again.

/// A signal as it came through a door.
package struct SignalTicket: Sendable {
    package var fields: Result<SignalFields, SignalFault>
    /// When it came, for a signal that does not say when it happened. Milliseconds since 1970.
    package var arrival: Int64
    /// What names it in `causationid`: an entry's id, or a request's key and a number.
    package var id: String

    package init(fields: Result<SignalFields, SignalFault>, arrival: Int64, id: String) {
        self.fields = fields
        self.arrival = arrival
        self.id = id
    }
}

/// Why one of several signals had no effect.
package struct SignalRefusal: Equatable, Sendable {
    /// Place among those that were given, from 0.
    package var index: Int
    package var fault: SignalFault
}

extension CityShard {
    /// How far the city has got. Cheap.
    package func signalAccount() throws -> SignalAccount { try signals.withLock { try account(&$0) } }

    /// Takes entries of the city's stream, which follow each other, all or none. Those at or before the offset change
    /// nothing and count as replayed. `refusing` is told which are refused before anything is written; when it throws,
    /// nothing is. Durable when it returns. Throws `outboxFull` where an answer would make an event for which there
    /// is no room.
    package func take(
        entries: [(id: EntryID, ticket: SignalTicket)], now: Int64, refusing: ([SignalRefusal]) throws -> Void
    ) throws {
        guard let last = entries.last?.id else { return }
        try signals.withLock { known in
            var account = try account(&known)
            let fresh = entries.firstIndex { $0.id > account.offset } ?? entries.endIndex
            account.replayed += UInt64(fresh)
            account.offset = max(account.offset, last)
            try apply(entries[fresh...].map(\.ticket), &account, now: now) { refusals, _ in
                try refusing(refusals.map { SignalRefusal(index: $0.index + fresh, fault: $0.fault) })
            }
            known = account
        }
    }

    /// Takes the signals of a request. A key that was used before gives the answer of before. Durable when it returns.
    package func take(_ request: PostSignals, json: [UInt8], now: Int64) throws -> SignalsTaken {
        let list: [Result<SignalFields, SignalFault>]
        do throws(SignalsError) { list = try SignalFields.list(json: json) } catch {
            throw ShardError.unreadableSignals(city: name, tooMany: error == .tooMany)
        }
        return try signals.withLock { known in
            let key = ShardKeys.signal("key/") + Array(request.key.utf8)
            if !request.key.isEmpty, let stored = try store.database.get(.signals, key: key) {
                var reader = ByteReader(stored)
                _ = try reader.get(UInt64.self)
                return try SignalsTaken(from: &reader)
            }
            var account = try account(&known)
            account.requests += 1
            let number = account.requests
            let name = request.key.isEmpty ? "request \(number)" : request.key
            let tickets = list.enumerated().map { index, fields in
                SignalTicket(fields: fields, arrival: now, id: "\(name)/\(index)")
            }
            var answer = SignalsTaken(taken: 0, refused: [])
            try apply(tickets, &account, now: now) { refusals, batch in
                answer.taken = UInt32(tickets.count - refusals.count)
                answer.refused = refusals.map {
                    RowReject(index: UInt32($0.index), reason: $0.fault.rawValue)
                }
                if !request.key.isEmpty { remember(answer, key: key, number: number, in: &batch) }
            }
            known = account
            return answer
        }
    }

    /// Keeps the answer to a request, and forgets the one that is too old.
    private func remember(_ answer: SignalsTaken, key: [UInt8], number: UInt64, in batch: inout WriteBatch) {
        var value = ByteWriter()
        value.put(number)
        answer.encode(into: &value)
        batch.put(.signals, key: key, value: value.bytes)
        batch.put(.signals, key: ShardKeys.signal("request/", number), value: key)
        guard number > Self.requestsKept else { return }
        let old = ShardKeys.signal("request/", number - Self.requestsKept)
        if let forgotten = try? store.database.get(.signals, key: old) {
            batch.delete(.signals, key: forgotten)
            batch.delete(.signals, key: old)
        }
    }

    private static let requestsKept: UInt64 = 100_000

    private func account(_ known: inout SignalAccount?) throws -> SignalAccount {
        if let known { return known }
        var account = SignalAccount()
        if let bytes = try store.database.get(.signals, key: ShardKeys.signal("account")) {
            account = try SignalAccount(decoding: bytes)
        }
        known = account
        return account
    }

    /// Writes the effects of tickets and the account, in one step.
    private func apply(
        _ tickets: [SignalTicket], _ account: inout SignalAccount, now: Int64,
        alongside: ([SignalRefusal], inout WriteBatch) throws -> Void
    ) throws {
        let (taken, refusals) = try judged(tickets, now: now)
        var effects = SignalEffects()
        for (signal, cause) in taken { effects.add(signal, cause: cause) }
        var change = effects.change()
        var drafts: [EventDraft] = []
        if !effects.forLives.isEmpty {
            try requireOutboxRoom()
            drafts = try follow(effects.forLives, now: now, in: &change.alongside)
        }
        account.taken += UInt64(taken.count)
        account.refused += UInt64(refusals.count)
        change.alongside.put(.signals, key: ShardKeys.signal("account"), value: account.encoded())
        try alongside(refusals, &change.alongside)
        change.events = outboxEvents(drafts)
        try store.apply(change)
        if !change.visits.isEmpty || !change.friendships.isEmpty || !change.ended.isEmpty {
            view.withLock { $0.changed(change.visits, change.friendships.map { .friendship($0) }) }
        }
    }

    private func judged(
        _ tickets: [SignalTicket], now: Int64
    ) throws -> (taken: [(signal: Signal, cause: String)], refusals: [SignalRefusal]) {
        var read: [(index: Int, signal: Signal)] = []
        var refusals: [SignalRefusal] = []
        for (index, ticket) in tickets.enumerated() {
            do throws(SignalFault) {
                let reading = SignalReading(city: name, arrival: ticket.arrival, now: now)
                read.append((index, try Signal(try ticket.fields.get(), reading)))
            } catch {
                refusals.append(SignalRefusal(index: index, fault: error))
            }
        }
        let signals = read.map(\.signal)
        let people = try unknown(.people, signals.map { $0.people.map(\.number) })
        let places = try unknown(.places, signals.map { $0.place.map { [$0.number] } ?? [] })
        let seeds = try unknown(.seeds, signals.map { $0.seed.map { [$0.number] } ?? [] })
        var taken: [(Signal, String)] = []
        taken.reserveCapacity(read.count)
        for (row, (index, signal)) in read.enumerated() {
            let fault: SignalFault? =
                people[row] ? .unknownPerson : places[row] ? .unknownPlace : seeds[row] ? .unknownSeed : nil
            if let fault {
                refusals.append(SignalRefusal(index: index, fault: fault))
            } else {
                taken.append((signal, tickets[index].id))
            }
        }
        refusals.sort { $0.index < $1.index }
        return (taken, refusals)
    }

    /// For each list of ids, whether one of them is no key of the family.
    private func unknown(_ family: Family, _ lists: [[UInt64]]) throws -> [Bool] {
        let held = try store.holds(family, lists.flatMap { $0 })
        var next = 0
        return lists.map { list in
            defer { next += list.count }
            return held[next..<next + list.count].contains(false)
        }
    }
}
