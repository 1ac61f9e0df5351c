package import Basics
package import Events
import Plans
package import Store
import Synchronization
package import Wire
import World

// What leaves a city, and how that stands. An event is drafted where something happens, gets its place when it is
// committed with the state it tells of, and can be read again from the outbox or from the history of its seed.

/// What led to an event, as `causationid` says it.
package enum EventCause {
    package static func job(_ job: JobID) -> String { "job/\(job)" }
    package static func signal(_ id: String) -> String { "signal/\(id)" }
    package static let clock = "clock"
}

/// How the way out stands, as whoever carries the events last said.
package struct Delivery: Sendable {
    package var state = "nobody carries this city's events yet"
    /// Since when there has been an event that Redis does not have, in monotonic seconds; nil: there is none.
    package var waitingSince: Double?
    /// When the oldest signal came that the city has not read, when last looked; nil: there was none. Milliseconds
    /// since 1970.
    package var signalsSince: Int64?
    /// Entries of the stream of dead letters, when last looked.
    package var deadLetters = 0
    /// What became of signals; told again after each write, since the account itself is held while the disk is waited
    /// for.
    var signals = SignalAccount()

    package init() {}

    /// How long the oldest event has waited that Redis does not have. Milliseconds.
    var eventsWait: UInt64 { waitingSince.map { UInt64(max(monotonicSeconds() - $0, 0) * 1000) } ?? 0 }
}

extension SeedCreated {
    init(_ seed: PlanSeed, city: String, model: ModelVersion) {
        self.init(
            city: city, venue: Digits(seed.venue), starters: seed.starters.map { Digits($0) }, slot: seed.slot.name,
            conversion: seed.conversion, expectedTurnout: seed.expectedTurnout,
            invites: seed.invites.map { Digits($0) }, model: Digits(model))
    }
}

extension CityShard {
    /// Drafts as the outbox takes them.
    package func outboxEvents(_ drafts: [EventDraft]) -> [OutboxEvent] {
        let (cluster, city, epoch) = (cluster, name, epoch)
        return drafts.map { draft in
            OutboxEvent(subject: draft.seed?.number) { sequence in
                draft.json(at: EventPlace(cluster: cluster, city: city, epoch: epoch, sequence: sequence))
            }
        }
    }

    /// Throws where no more events can be committed now.
    func requireOutboxRoom() throws {
        guard store.isOutboxFull else { return }
        throw ShardError.outboxFull(city: name, waiting: store.lastSequence - store.acknowledged)
    }

    /// Notes how the city's events travel.
    package func note(_ change: (inout Delivery) -> Void) { delivery.withLock { change(&$0) } }

    /// What follows an event, and how the outbox stands. Events older than the oldest kept are passed over.
    package func events(_ order: EventsRequest) throws -> EventRows {
        let count = Int(min(order.count, Self.eventsAtOnce))
        let after = order.after == .max ? order.after - 1 : order.after
        var found: [(sequence: UInt64, payload: [UInt8])] = []
        if count > 0, let seed = order.seed {
            found = try store.history(of: seed.number, after: after, limit: count)
        } else if count > 0 {
            // Rows may be trimmed between the two calls; then what is left is the answer.
            let start = max(after, store.firstSequence - 1)
            do throws(StoreError) { found = try store.outboxRows(after: start, limit: count) } catch {
                guard case .trimmed(_, _, let first) = error else { throw error }
                found = try store.outboxRows(after: first - 1, limit: count)
            }
        }
        var bytes = 0
        let rows = found.prefix { row in
            defer { bytes += row.payload.count }
            return bytes < EventRows.bytesMax
        }
        let now = delivery.withLock { $0 }
        return EventRows(
            first: store.firstSequence, acknowledged: store.acknowledged, last: store.lastSequence,
            waitingMilliseconds: now.eventsWait,
            state: store.isOutboxFull ? "full: planning pauses; \(now.state)" : now.state,
            rows: rows.map { EventRow(sequence: $0.sequence, payload: $0.payload) })
    }

    private static let eventsAtOnce: UInt32 = 1000
}
