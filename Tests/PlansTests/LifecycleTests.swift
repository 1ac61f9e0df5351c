import Basics
import Testing

@testable import Plans

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

private let terms = PlanTerms(
    starters: [PersonID(1), PersonID(2), PersonID(3)], minimum: 4, capacity: 6, deadline: 100, momentumBar: 2,
    fitBar: 0.5)

private let fullAtMinimum = PlanTerms(
    starters: [PersonID(1), PersonID(2), PersonID(3)], minimum: 4, capacity: 4, deadline: 100, momentumBar: 2,
    fitBar: 0.5)

/// A store that forgets what was not written, and a stream that is told of each transition in the same write.
private struct Host {
    private var stored: [UInt8]
    private(set) var plan: PlanLifecycle
    private(set) var stream: [PlanTransition] = []

    init(_ terms: PlanTerms) {
        plan = PlanLifecycle(terms)
        stored = Self.bytes(plan)
    }

    private static func bytes(_ plan: PlanLifecycle) -> [UInt8] {
        var writer = ByteWriter()
        plan.encode(into: &writer)
        return writer.bytes
    }

    /// Applies an event; dies before the write when `crashes`.
    mutating func hear(_ event: PlanEvent, number: UInt64, now: UInt64, crashes: Bool) throws {
        let transition = plan.apply(event, number: number, now: now)
        if crashes {
            var reader = ByteReader(stored)
            plan = try PlanLifecycle(from: &reader)
            try reader.finish()
            return
        }
        stored = Self.bytes(plan)
        if let transition { stream.append(transition) }
    }
}

private func randomEvent(_ random: inout SeededRandom) -> PlanEvent {
    let person = PersonID(UInt64(1 + random.below(9)))
    switch random.below(16) {
    case 0...1: return .invited((0..<random.below(4)).map { _ in PersonID(UInt64(1 + random.below(9))) })
    case 2...7: return .answered(person, yes: random.uniform() < 0.7)
    case 8: return .left(person)
    case 9: return .momentum(3 * random.uniform())
    case 10: return .ticked
    case 11: return .exhausted
    case 12...13: return .judged(random.uniform())
    case 14: return random.uniform() < 0.7 ? .bookingAccepted : .bookingRefused
    default: return random.uniform() < 0.1 ? .cancelled : .ticked
    }
}

@Suite struct LifecycleTests {
    @Test func crashesAndRepeatsNeitherLoseNorDoubleATransition() throws {
        var (reached, kinds) = (Set<PlanStage>(), Set<PlanTransition.Kind>())
        for seed in 0..<10_000 {
            var random = SeededRandom(seed: UInt64(seed))
            var events: [(event: PlanEvent, now: UInt64)] = []
            for index in 0..<60 { events.append((randomEvent(&random), UInt64(index * 3))) }
            // Half of the plans are full with their minimum, so that random lives lock in, and lose people, in time.
            let terms = seed % 2 == 0 ? terms : fullAtMinimum
            var (calm, stormy) = (Host(terms), Host(terms))
            var next = 0
            while next < events.count {
                try calm.hear(events[next].event, number: UInt64(next + 1), now: events[next].now, crashes: false)
                next += 1
            }
            // The same stream, read by somebody who dies now and then and reads some of it again.
            var at = 0
            while at < events.count {
                let crashes = random.uniform() < 0.2
                try stormy.hear(events[at].event, number: UInt64(at + 1), now: events[at].now, crashes: crashes)
                at = crashes || random.uniform() < 0.1 ? max(0, at - random.below(4)) : at + 1
                let goOn = Int(stormy.plan.applied)
                if at > goOn { at = goOn }
            }
            #expect(stormy.stream == calm.stream && stormy.plan == calm.plan, "seed \(seed)")
            try check(calm)
            reached.formUnion(calm.stream.map(\.to))
            kinds.formUnion(calm.stream.map(\.kind))
        }
        #expect(Set(PlanStage.allCases).subtracting(reached) == [.proposed], "nothing leads back to the beginning")
        #expect(Set(PlanTransition.Kind.allCases).subtracting(kinds) == [])
    }

    /// What holds of every life.
    private func check(_ host: Host) throws {
        for (index, transition) in host.stream.enumerated() {
            #expect(transition.number == UInt32(index + 1))
            #expect(transition.from == (index == 0 ? .proposed : host.stream[index - 1].to))
            #expect((transition.to == .released) == (transition.reason != .none))
        }
        let plan = host.plan
        let people = plan.accepted + plan.declined + plan.waiting
        #expect(Set(people).count == people.count && plan.accepted.count <= Int(terms.capacity))
        if plan.stage == .confirmed || plan.stage == .booked {
            #expect(plan.accepted.count >= Int(terms.minimum))
        }
    }

    @Test func bytesThatAreCutShortOrWrongAreRefused() throws {
        var plan = PlanLifecycle(terms)
        _ = plan.apply(.answered(PersonID(2), yes: true), number: 1, now: 0)
        var writer = ByteWriter()
        plan.encode(into: &writer)
        var reader = ByteReader(writer.bytes)
        #expect(try PlanLifecycle(from: &reader) == plan)
        for end in 0..<writer.bytes.count {
            var reader = ByteReader(Array(writer.bytes[..<end]))
            #expect(throws: ByteError.self) { try PlanLifecycle(from: &reader) }
        }
        for (byte, wrong) in [(0, UInt8(2)), (1, 6), (2, 8)] {
            var bytes = writer.bytes
            bytes[byte] = wrong
            var reader = ByteReader(bytes)
            #expect(throws: ByteError.self) { try PlanLifecycle(from: &reader) }
        }
    }

    /// A line that begins with two blanks is output; the rest is commands and comments. REWRITE=1 writes what happens
    /// now.
    @Test func theTranscriptHolds() throws {
        let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
        let path = "/\(folder)/Transcripts/lives.txt"
        let text = try #require(readText(path), "the transcript \(path) cannot be read")
        var lines: [String] = []
        var (plan, number) = (PlanLifecycle(terms), UInt64(0))
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) where !line.hasPrefix("  ") {
            lines.append(String(line))
            if line.isEmpty || line.hasPrefix("#") { continue }
            if line == "plan" {
                (plan, number) = (PlanLifecycle(terms), 0)
                continue
            }
            number += 1
            let (event, now) = try #require(Self.command(String(line)), "'\(line)' is no command")
            guard let transition = plan.apply(event, number: number, now: now) else { continue }
            let told = transition.people.map { "\($0.number)" }.joined(separator: " ")
            let why = transition.reason == .none ? "" : ", \(transition.reason)"
            lines.append(
                "  \(transition.number) \(transition.name): \(transition.from) -> \(transition.to)\(why); tells \(told)"
            )
        }
        let now = lines.joined(separator: "\n")
        if getenv("REWRITE") != nil {
            #expect(writeText(now, path))
        } else {
            #expect(now == text, "a plan lives another life now; REWRITE=1 shows the difference")
        }
    }

    /// `AT WORD ARGUMENTS`, for instance `5 yes 2`.
    private static func command(_ line: String) -> (PlanEvent, UInt64)? {
        let words = line.split(separator: " ").map(String.init)
        guard words.count >= 2, let now = UInt64(words[0]) else { return nil }
        let rest = words.dropFirst(2)
        let people = rest.compactMap { UInt64($0) }.map { PersonID($0) }
        let amount = rest.first.flatMap { Double($0) }
        switch (words[1], people.first, amount) {
        case ("invite", _, _): return (.invited(people), now)
        case ("yes", let person?, _): return (.answered(person, yes: true), now)
        case ("no", let person?, _): return (.answered(person, yes: false), now)
        case ("leaves", let person?, _): return (.left(person), now)
        case ("momentum", _, let amount?): return (.momentum(amount), now)
        case ("judged", _, let amount?): return (.judged(amount), now)
        case ("tick", _, _): return (.ticked, now)
        case ("exhausted", _, _): return (.exhausted, now)
        case ("accepted", _, _): return (.bookingAccepted, now)
        case ("full", _, _): return (.bookingRefused, now)
        case ("cancel", _, _): return (.cancelled, now)
        default: return nil
        }
    }

    private func readText(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        while case let byte = fgetc(file), byte != EOF { bytes.append(UInt8(truncatingIfNeeded: byte)) }
        return String(validating: bytes, as: UTF8.self)
    }

    private func writeText(_ text: String, _ path: String) -> Bool {
        guard let file = fopen(path, "w") else { return false }
        let bytes = Array(text.utf8)
        return fwrite(bytes, 1, bytes.count, file) == bytes.count && fclose(file) == 0
    }
}
