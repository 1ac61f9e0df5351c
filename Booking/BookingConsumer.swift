import Basics
import Events
import FoundationEssentials
import Glibc
import Transport

// The loop of a consumer that books each seed once, whoever dies in between:
//
//     read           what the group gives us; or what we were given before we died; or what another left lying
//     known seed?    then it was booked: only tell Muster again and acknowledge
//     webhook        with the seed's id as idempotency key: should we die now, the same key is sent again
//     remember       the result, on disk
//     tell Muster    an entry in the city's stream of signals
//     acknowledge    now the group need not give it again
//
// Each step may be repeated from any point before it. An entry that nobody answers for stays unacknowledged, and is
// tried again when it has been lying for a while; an entry that is no event we can read is logged and passed over.

struct BookingConsumer {
    let redis: RedisConsumer
    let bookings: Bookings
    let webhook: Webhook?
    let attempts: Int
    let claimMilliseconds: Int
    /// The type of event that asks for a booking.
    let wanted: String

    private static let entriesAtOnce = 256
    private static let lookAroundSeconds = 2.0

    func run(until stop: StopFlag) {
        var pause = RedisPause(seed: UInt64(monotonicSeconds() * 1e6))
        while !stop.isRaised {
            do {
                try read(until: stop) { pause.reset() }
            } catch {
                Log.warn("bookings wait", ["reason": "\(error)"])
                let end = monotonicSeconds() + pause.next()
                while !stop.isRaised, monotonicSeconds() < end { usleep(50_000) }
            }
        }
    }

    private func read(until stop: StopFlag, worked: () -> Void) throws {
        var streams: [String] = []
        var lastLook = -Double.infinity
        while !stop.isRaised {
            if monotonicSeconds() - lastLook >= Self.lookAroundSeconds {
                let isFirst = lastLook == -.infinity
                lastLook = monotonicSeconds()
                let found = try redis.keys(prefix: "muster:{", suffix: "}:events")
                for stream in found where isFirst || !streams.contains(stream) { try takeUp(stream) }
                streams = found
                for stream in streams {
                    try book(
                        try redis.claim(stream, idleMilliseconds: claimMilliseconds, count: Self.entriesAtOnce),
                        of: stream)
                }
            }
            if streams.isEmpty {
                usleep(200_000)
                continue
            }
            let entries = try redis.read(streams, count: Self.entriesAtOnce, waitingMilliseconds: 500)
            worked()
            for (stream, list) in entries.sorted(by: { $0.key < $1.key }) { try book(list, of: stream) }
        }
    }

    /// Joins the group of a stream and finishes what we were given before.
    private func takeUp(_ stream: String) throws {
        try redis.join(stream)
        var last = EntryID.zero
        while case let entries = try redis.pending(stream, after: last, count: Self.entriesAtOnce), !entries.isEmpty {
            try book(entries, of: stream)
            last = entries.last?.id ?? last
        }
    }

    private func book(_ entries: [StreamEntry], of stream: String) throws {
        var done: [EntryID] = []
        var fresh: [(seed: SeedID, result: BookingResult)] = []
        var told: [(seed: SeedID, city: String, result: BookingResult)] = []
        for entry in entries {
            guard let frame = frame(of: entry), frame.type == wanted, let number = UInt64(frame.subject) else {
                done.append(entry.id)
                continue
            }
            let seed = SeedID(number)
            if let known = try bookings.result(of: seed) ?? fresh.first(where: { $0.seed == seed })?.result {
                told.append((seed, frame.city, known))
            } else if let result = ask(for: seed, entry) {
                fresh.append((seed, result))
                told.append((seed, frame.city, result))
            } else {
                Log.warn("no answer to a request for a booking; it will be tried again", ["seed": seed])
                continue
            }
            done.append(entry.id)
        }
        if !fresh.isEmpty { try bookings.remember(fresh) }
        for (seed, city, result) in told { try tell(city, of: seed, result) }
        try redis.acknowledge(done, of: stream)
    }

    private func frame(of entry: StreamEntry) -> EventFrame? {
        guard entry.fields.count == 2 else { return nil }
        let frame = try? JSONDecoder().decode(EventFrame.self, from: Data(entry.fields[1]))
        if frame == nil { Log.warn("an entry is no event", ["entry": entry.id]) }
        return frame
    }

    /// nil: nobody has answered, so nobody knows.
    private func ask(for seed: SeedID, _ entry: StreamEntry) -> BookingResult? {
        guard let webhook else { return .booked(reference: "none") }
        var wait = 0.1
        for attempt in 1...attempts {
            if let result = webhook.book(Array(entry.fields[1]), key: String(seed.number)) { return result }
            guard attempt < attempts else { return nil }
            usleep(UInt32(wait * 1e6))
            wait *= 2
        }
        return nil
    }

    private func tell(_ city: String, of seed: SeedID, _ result: BookingResult) throws {
        let fields =
            switch result {
            case .booked(let reference): ["kind", "booking.succeeded", "seed", "\(seed)", "reference", reference]
            case .failed(let reason): ["kind", "booking.failed", "seed", "\(seed)", "reason", reason]
            }
        try redis.add([(nil, fields.map { Array($0.utf8) })], to: RedisConsumer.signalsKey(city: city))
    }
}
