// Events through kills. Two processes of ours (a worker's cities with relay and intake; the booking consumer) and
// a Redis are killed at random while seeds are made; Redis also loses the end of its log, or everything. Outside stand
// a ledger of what was committed, written after each commit, and a booking service that counts what it is asked for.
//
// At the end every seed of the ledger is in its city's stream once, in order, and was booked; every result came back.
// After each loss the time is taken until the streams hold again what the ledger held when it happened.

import Basics
import FoundationEssentials
import Gateway
import Glibc
import Shard
import Store
import Transport

struct EventsChaos {
    private enum Fault { case worker, redis, consumer, everything, truncation, flush }

    private let run: Run
    private let folder: String
    private let seeds: Int
    private static let cities = 4

    init(_ run: Run, in folder: String) throws {
        self.run = run
        self.folder = "\(folder)/chaos"
        seeds = run.settings.integer("seeds") / Self.cities * Self.cities
        try FileManager.default.createDirectory(atPath: self.folder, withIntermediateDirectories: true)
    }

    /// The number of the seed that a city's event of this sequence is about.
    static func seed(_ sequence: UInt64, of city: UInt32) -> UInt64 { UInt64(city) << 40 | sequence }

    func measure() throws {
        var random = SeededRandom(seed: run.seed).child("chaos")
        let faults = shuffledFaults(&random)
        let redis = try PrivateRedis(in: folder)
        let service = try BookingService(seed: run.seed)
        let worker = try Child(
            workerWords(redis, pace: max(seeds / max(faults.count, 1) * 2, 200)), log: "\(folder)/worker.log")
        let consumer = try Child(consumerWords(redis, service), log: "\(folder)/consumer.log")
        var gaps: [Double] = []
        var cut = 0
        let (_, cost) = try run.working {
            for (number, fault) in faults.enumerated() {
                usleep(UInt32(50_000 + random.below(300_000)))
                let before = try ledger()
                cut += try strike(fault, redis, worker, consumer, &random)
                if fault != .consumer { gaps.append(try secondsUntilWhole(redis, before)) }
                if number % 25 == 24 { complain("  \(number + 1) of \(faults.count) faults") }
            }
            try waitUntil(600) { try ledger().values.reduce(0, +) == UInt64(seeds) }
            gaps.append(try secondsUntilWhole(redis, try ledger()))
            try waitUntil(600) { service.booked == seeds }
        }
        let told = try resultsTold(worker)
        consumer.kill()
        try report(redis, service, gaps: gaps, faults: faults.count, cut: cut, told: told, cost)
        service.stop()
    }

    private func shuffledFaults(_ random: inout SeededRandom) -> [Fault] {
        let settings = run.settings
        var faults: [Fault] = (0..<settings.integer("kills")).map { number in
            number % 20 == 19 ? .everything : [.worker, .redis, .consumer, .worker, .redis][number % 5]
        }
        faults += [Fault](repeating: .truncation, count: settings.integer("truncations"))
        faults += [Fault](repeating: .flush, count: settings.integer("flushes"))
        for index in faults.indices.reversed() { faults.swapAt(index, random.below(index + 1)) }
        return faults
    }

    private func workerWords(_ redis: PrivateRedis, pace: Int) -> [String] {
        [
            Child.sibling("muster-bench"), "events-worker", "--folder", folder, "--redis", redis.socket, "--cities",
            "\(Self.cities)", "--seeds", "\(seeds)", "--pace", "\(pace)",
        ]
    }

    private func consumerWords(_ redis: PrivateRedis, _ service: BookingService) -> [String] {
        [
            Child.sibling("muster-booking"), "--redis", redis.socket, "--data", "\(folder)/bookings", "--webhook",
            "http://127.0.0.1:\(service.port)/book", "--book-on", "seed.created", "--claim-after", "1000",
            "--log-level", "error",
        ]
    }

    /// Lets something happen, and starts again what it ended. Answers the bytes that Redis' log lost.
    private func strike(
        _ fault: Fault, _ redis: PrivateRedis, _ worker: Child, _ consumer: Child, _ random: inout SeededRandom
    ) throws -> Int {
        var cut = 0
        switch fault {
        case .worker: worker.kill()
        case .consumer: consumer.kill()
        case .redis: redis.kill()
        case .everything:
            worker.kill()
            consumer.kill()
            redis.kill()
        case .truncation:
            redis.kill()
            cut = try redis.truncateLog(by: random.below(64 << 10))
        case .flush: _ = try RedisClient(address: redis.socket, login: nil).say("FLUSHALL")
        }
        if fault == .redis || fault == .everything || fault == .truncation {
            redis.fsync = random.below(2) == 0 ? "always" : "everysec"
            try redis.start()
        }
        if worker.pid == 0 { try worker.start() }
        if consumer.pid == 0 { try consumer.start() }
        return cut
    }

    /// The last sequence that is known to be committed, for each city.
    private func ledger() throws -> [UInt32: UInt64] {
        var last: [UInt32: UInt64] = [:]
        guard let bytes = try? readSmallFile("\(folder)/ledger", limit: 64 << 20) else { return [:] }
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, let city = UInt32(words[0]), let sequence = UInt64(words[1]) {
                last[city] = max(last[city] ?? 0, sequence)
            }
        }
        return last
    }

    private func secondsUntilWhole(_ redis: PrivateRedis, _ wanted: [UInt32: UInt64]) throws -> Double {
        let start = monotonicSeconds()
        let stream = RedisStream(address: redis.socket, login: nil)
        try waitUntil(120) {
            try wanted.allSatisfy { city, sequence in
                try stream.length(of: RedisStream.eventsKey(city: "City-\(city)")) >= Int(sequence)
            }
        }
        return monotonicSeconds() - start
    }

    /// Ends the worker in order once it has heard of every booking, and counts those in its stores.
    private func resultsTold(_ worker: Child) throws -> Int {
        usleep(3_000_000)
        worker.signal(SIGTERM)
        worker.wait()
        return try (0..<Self.cities).reduce(0) { total, number in
            let city = try EventCity(folder, number: UInt32(number))
            defer { city.shard.close() }
            var count = 0
            let prefix = Array("booking/".utf8)
            try city.shard.store.database.scan(.signals, prefix: prefix) { _, _ in
                count += 1
                return true
            }
            return total + count
        }
    }

    private func report(
        _ redis: PrivateRedis, _ service: BookingService, gaps: [Double], faults: Int, cut: Int, told: Int, _ cost: Cost
    ) throws {
        var (lost, duplicated, reordered, unbooked) = (0, 0, 0, 0)
        for (city, last) in try ledger() {
            let check = try StreamCheck(redis.socket, city: "City-\(city)", through: last)
            lost += check.lost
            duplicated += check.duplicated
            reordered += check.reordered
            for sequence in 1...last {
                let seed = Self.seed(sequence, of: city)
                if check.subjects[seed] == nil { lost += 1 }
                if !service.hasBooked(seed) { unbooked += 1 }
            }
        }
        try run.report(
            [
                "seeds": .whole(seeds), "faults": .whole(faults), "log_bytes_cut": .whole(cut), "lost": .whole(lost),
                "duplicated": .whole(duplicated), "reordered": .whole(reordered), "unbooked": .whole(unbooked),
                "booked": .whole(service.booked), "results_told": .whole(told),
                "repeated_calls": .whole(service.repeatedCalls), "gap_seconds_max": .real(gaps.max() ?? 0),
                "gap_seconds_median": .real(quantile(0.5, gaps)), "events_per_second": rate(seeds, in: cost.wall),
            ], as: "events-chaos")
    }
}
