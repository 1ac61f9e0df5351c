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

/// An entry of the city's stream of signals.
package struct SignalEntry: Sendable {
    package var id: EntryID
    /// What it says, or why it is refused.
    package var signal: Result<Signal, SignalFault>

    package init(id: EntryID, signal: Result<Signal, SignalFault>) {
        self.id = id
        self.signal = signal
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
    /// is no room. `now`, in milliseconds since 1970, is when people are asked who are next.
    package func take(
        _ entries: [SignalEntry], now: Int64 = millisecondsNow(), refusing: ([SignalRefusal]) throws -> Void
    ) throws {
        guard let last = entries.last?.id else { return }
        try signals.withLock { state in
            var account = try account(&state)
            let fresh = entries.firstIndex { $0.id > account.offset } ?? entries.endIndex
            account.replayed += UInt64(fresh)
            account.offset = max(account.offset, last)
            let batch = SignalBatch(
                signals: entries[fresh...].map(\.signal), cause: { "\(entries[fresh + $0].id)" })
            try apply(batch, now: now, &account, &state) { refusals, _ in
                try refusing(refusals.map { SignalRefusal(index: $0.index + fresh, fault: $0.fault) })
            }
            keep(account, in: &state)
        }
    }

    /// Takes the signals of a request. A key that was used before gives the answer of before. Durable when it returns.
    package func take(_ request: PostSignals, json: [UInt8], now: Int64) throws -> SignalsTaken {
        let list: [Result<SignalFields, SignalFault>]
        do throws(SignalsError) { list = try SignalFields.list(json: json) } catch {
            throw ShardError.unreadableSignals(city: name, tooMany: error == .tooMany)
        }
        return try signals.withLock { state in
            let key = ShardKeys.signal("key/") + Array(request.key.utf8)
            if !request.key.isEmpty, let stored = try store.database.get(.signals, key: key) {
                var reader = ByteReader(stored)
                _ = try reader.get(UInt64.self)
                return try SignalsTaken(from: &reader)
            }
            var account = try account(&state)
            account.requests += 1
            let number = account.requests
            let name = request.key.isEmpty ? "request \(number)" : request.key
            let reading = SignalReading(city: self.name, arrival: now, now: now)
            let signals = list.map { fields in
                fields.flatMap { fields in
                    Result { () throws(SignalFault) in try Signal(fields, reading) }
                }
            }
            var answer = SignalsTaken(taken: 0, refused: [])
            let given = SignalBatch(signals: signals, cause: { "\(name)/\($0)" })
            try apply(given, now: now, &account, &state) { refusals, batch in
                answer.taken = UInt32(list.count - refusals.count)
                answer.refused = refusals.map {
                    RowReject(index: UInt32($0.index), reason: $0.fault.rawValue)
                }
                if !request.key.isEmpty { remember(answer, key: key, number: number, in: &batch) }
            }
            keep(account, in: &state)
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

    private func account(_ state: inout SignalState) throws -> SignalAccount {
        if let known = state.account { return known }
        var account = SignalAccount()
        if let bytes = try store.database.get(.signals, key: ShardKeys.signal("account")) {
            account = try SignalAccount(decoding: bytes)
        }
        keep(account, in: &state)
        return account
    }

    private func keep(_ account: SignalAccount, in state: inout SignalState) {
        state.account = account
        note { $0.signals = account }
    }

    /// Writes the effects of signals and the account, in one step. Whoever is to be asked next is asked `now`.
    private func apply(
        _ given: SignalBatch, now: Int64, _ account: inout SignalAccount, _ state: inout SignalState,
        alongside: ([SignalRefusal], inout WriteBatch) throws -> Void
    ) throws {
        let (taken, refusals) = try judged(given.signals, &state)
        var effects = SignalEffects(expecting: taken.count)
        for (index, signal) in taken { effects.add(signal, cause: given.cause(index)) }
        // A block holds before it is durable, so that what follows from this batch heeds it; one that is lifted holds
        // until it is no longer written.
        apart.withLock { apart in
            for block in effects.blocks where block.isBlocked { apart.set(true, block.person, block.other) }
        }
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
        apart.withLock { apart in effects.blocks.forEach { apart.set($0.isBlocked, $0.person, $0.other) } }
        if !change.visits.isEmpty || !change.friendships.isEmpty || !change.ended.isEmpty {
            view.withLock { $0.changed(change.visits, change.friendships.map { .friendship($0) }) }
        }
    }

    /// What the city takes, with its place among the signals, and what it refuses.
    private func judged(
        _ signals: [Result<Signal, SignalFault>], _ state: inout SignalState
    ) throws -> (taken: [(index: Int, signal: Signal)], refusals: [SignalRefusal]) {
        var taken: [(index: Int, signal: Signal)] = []
        taken.reserveCapacity(signals.count)
        var faults: [Int: SignalFault] = [:]
        var (people, places, seeds) = (Questions(), Questions(), Questions())
        let nobody = KnownIDs()
        for (index, result) in signals.enumerated() {
            switch result {
            case .failure(let fault): faults[index] = fault
            case .success(let signal):
                taken.append((index, signal))
                people.ask(index, signal.person?.number, state.people)
                people.ask(index, signal.other?.number, state.people)
                places.ask(index, signal.place?.number, state.places)
                seeds.ask(index, signal.seed?.number, nobody)
            }
        }
        // Of several reasons the first is given.
        for index in try strangers(people, .people, &state.people) { faults[index] = .unknownPerson }
        for index in try strangers(places, .places, &state.places) { faults[index] = faults[index] ?? .unknownPlace }
        // Seeds go when a city is planned anew, so nothing is remembered of them.
        var forgotten = nobody
        for index in try strangers(seeds, .seeds, &forgotten) { faults[index] = faults[index] ?? .unknownSeed }
        if faults.isEmpty { return (taken, []) }
        taken.removeAll { faults[$0.index] != nil }
        return (taken, faults.sorted { $0.key < $1.key }.map { SignalRefusal(index: $0.key, fault: $0.value) })
    }

    /// Which signals ask about something that the family does not hold. What it holds is remembered.
    private func strangers(
        _ questions: Questions, _ family: Family, _ known: inout KnownIDs
    ) throws -> [Int] {
        var found: [Int] = []
        for (row, isHeld) in try store.holds(family, questions.ids).enumerated() {
            if isHeld { known.insert(questions.ids[row]) } else { found.append(questions.signals[row]) }
        }
        return found
    }
}

/// Signals that follow each other, on their way into a city.
private struct SignalBatch {
    let signals: [Result<Signal, SignalFault>]
    /// What names a signal in `causationid`, by its place: an entry's id, or a request's key and a number.
    let cause: (Int) -> String
}

/// Ids to be looked up in the store, and which signal each is of.
private struct Questions {
    private(set) var ids: [UInt64] = []
    private(set) var signals: [Int] = []

    /// Nothing is asked about what is known.
    mutating func ask(_ signal: Int, _ id: UInt64?, _ known: KnownIDs) {
        guard let id, !known.contains(id) else { return }
        ids.append(id)
        signals.append(signal)
    }
}
