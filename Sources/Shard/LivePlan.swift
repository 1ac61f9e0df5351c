import Basics
import Events
import Glibc
import Plans
import World

// One seed's life as a city drives it: `PlanLifecycle` decides, this turns signals into what it understands and its
// transitions into events. Its state and the events are written in one batch, so that neither is there without the
// other.

/// A seed that was proposed, and what has come of it.
struct LivePlan {
    let seed: PlanSeed
    private let city: String
    private(set) var lifecycle: PlanLifecycle
    /// Events about the seed so far, its creation aside: they number the ids.
    private var told: UInt32 = 0
    /// Recent acceptances, each fading with `fadingSeconds`: the self-exciting part of a Hawkes process.
    private var excitement = 0.0
    private var excitedAt: UInt64 = 0
    private var reference = ""
    /// What is to be told with the state, in order.
    private(set) var drafts: [EventDraft] = []

    private static let daysOpen: UInt64 = 3
    private static let fadingSeconds = 21_600.0
    /// Acceptances at nearly the same time that count as high momentum.
    private static let momentumBar = 2.5
    private static let fitBar = 0.5

    /// A new seed at a moment, in milliseconds since 1970: its starters are asked.
    init(proposing seed: PlanSeed, city: String, cause: String, now: Int64) {
        self.init(seed, city: city, now: now)
        let starters = lifecycle.waiting
        for person in starters { invite(person, isStarter: true, cause: cause) }
    }

    /// A seed whose life was never written down.
    init(_ seed: PlanSeed, city: String, now: Int64) {
        self.seed = seed
        self.city = city
        let people = seed.starters.count + seed.invites.count
        lifecycle = PlanLifecycle(
            PlanTerms(
                starters: seed.starters, minimum: UInt32(seed.starters.count), capacity: UInt32(people),
                deadline: UInt64(max(now, 0)) / 1000 + Self.daysOpen * 86_400, momentumBar: Self.momentumBar,
                fitBar: Self.fitBar))
    }

    init(decoding bytes: [UInt8], of seed: PlanSeed, city: String) throws(ByteError) {
        var reader = ByteReader(bytes)
        self.seed = seed
        self.city = city
        told = try reader.get()
        excitement = try reader.getDouble()
        excitedAt = try reader.get()
        reference = try reader.getString()
        lifecycle = try PlanLifecycle(from: &reader)
        try reader.finish()
    }

    func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.put(told)
        writer.put(excitement)
        writer.put(excitedAt)
        writer.put(reference)
        lifecycle.encode(into: &writer)
        return writer.bytes
    }

    /// Whether nothing but the leaving of people can change it any more.
    var isOver: Bool { lifecycle.stage == .released || lifecycle.stage == .booked }

    /// Takes an answer in. One of somebody who was never asked changes nothing.
    mutating func answer(_ answer: AnswerWord, of person: PersonID, cause: String, time: Int64) {
        guard lifecycle.stage != .released else { return }
        let isWaiting = lifecycle.waiting.contains(person)
        let event: PlanEvent? =
            switch answer {
            case .accepted where isWaiting: .answered(person, yes: true)
            case .declined where isWaiting: .answered(person, yes: false)
            case .declined where lifecycle.accepted.contains(person): .left(person)
            default: nil
            }
        guard event != nil || answer == .maybe && isWaiting else { return }
        let transition = event.flatMap { apply($0, time) }
        let counts = (lifecycle.accepted.count, lifecycle.declined.count, lifecycle.waiting.count)
        tell(cause, time) {
            SeedAnswered(
                city: $0, person: Digits(person), answer: answer, accepted: counts.0, declined: counts.1,
                waiting: counts.2)
        }
        if let transition { follow(transition, cause, time) }
        if event == .answered(person, yes: true), lifecycle.stage == .gathering { excite(cause, time) }
    }

    mutating func book(reference: String, cause: String, time: Int64) {
        self.reference = reference
        hear(.bookingAccepted, cause, time)
    }

    mutating func refuseBooking(cause: String, time: Int64) { hear(.bookingRefused, cause, time) }

    /// Time has passed, to a moment in milliseconds since 1970.
    mutating func tick(now: Int64) { hear(.ticked, EventCause.clock, now) }

    private mutating func apply(_ event: PlanEvent, _ time: Int64) -> PlanTransition? {
        lifecycle.apply(event, number: lifecycle.applied + 1, now: UInt64(max(time, 0)) / 1000)
    }

    private mutating func hear(_ event: PlanEvent, _ cause: String, _ time: Int64) {
        if let transition = apply(event, time) { follow(transition, cause, time) }
    }

    private mutating func excite(_ cause: String, _ time: Int64) {
        let now = UInt64(max(time, 0)) / 1000
        let passed = now > excitedAt ? Double(now - excitedAt) : 0
        excitement = excitement * exp(-passed / Self.fadingSeconds) + 1
        excitedAt = max(excitedAt, now)
        hear(.momentum(excitement), cause, time)
    }

    private mutating func follow(_ transition: PlanTransition, _ cause: String, _ time: Int64) {
        switch transition.kind {
        case .started:
            let invites = seed.invites
            _ = apply(.invited(invites), time)
            for person in invites { invite(person, isStarter: false, cause: cause) }
        case .highMomentum:
            let (intensity, turnout) = (excitement, seed.expectedTurnout)
            tell(cause, time) {
                SeedMomentum(
                    city: $0, intensity: intensity, threshold: Self.momentumBar, expectedTurnout: turnout)
            }
        // Everybody in the group has said yes themselves: that is the judgement.
        case .lockedIn: hear(.judged(1), cause, time)
        case .reopened: break
        case .confirmed: confirm(cause, time)
        case .booked:
            let (venue, slot, members, reference) = facts
            tell(cause, time) {
                SeedBooked(city: $0, venue: venue, slot: slot, members: members, reference: reference)
            }
        case .released: release(transition.reason, cause, time)
        case .bookingCancelled:
            release(transition.reason, cause, time)
            let (venue, slot, _, _) = facts
            let reason = Self.word(for: transition.reason)
            tell(cause, time) { BookingCancelled(city: $0, venue: venue, slot: slot, reason: reason) }
        }
    }

    private mutating func confirm(_ cause: String, _ time: Int64) {
        let (venue, slot, members, _) = facts
        let turnout = Double(members.count)
        tell(cause, time) {
            SeedConfirmed(
                city: $0, venue: venue, slot: slot, members: members, score: 1, expectedTurnout: turnout)
        }
        tell(cause, time) {
            BookingRequested(city: $0, venue: venue, slot: slot, members: members, partySize: members.count)
        }
    }

    private mutating func release(_ reason: ReleaseReason, _ cause: String, _ time: Int64) {
        let (venue, slot, _, _) = facts
        let word = Self.word(for: reason)
        tell(cause, time) { SeedReleased(city: $0, venue: venue, slot: slot, reason: word) }
    }

    private mutating func invite(_ person: PersonID, isStarter: Bool, cause: String) {
        let (venue, slot, _, _) = facts
        let position = Int(told) + 1
        tell(cause, nil) {
            SeedInvited(
                city: $0, venue: venue, slot: slot, person: Digits(person), position: position, starter: isStarter)
        }
    }

    private var facts: (venue: Digits, slot: String, members: [Digits], reference: String) {
        (Digits(seed.venue), seed.slot.name, lifecycle.accepted.map { Digits($0) }, reference)
    }

    private mutating func tell(_ cause: String, _ time: Int64?, _ make: (String) -> some EventData) {
        told += 1
        drafts.append(
            EventDraft(
                make(city), about: seed.id.number, seed: seed.id, key: "\(seed.id)/\(told)", cause: cause, time: time))
    }

    private static func word(for reason: ReleaseReason) -> ReleaseWord {
        switch reason {
        case .none: preconditionFailure("a plan that is released without a reason")
        case .startersDeclined: .startersDeclined
        case .startersLeft: .startersLeft
        case .expired: .expired
        case .tooFew: .tooFew
        case .unfit: .unfit
        case .venueFull: .venueFull
        case .cancelled: .cancelled
        }
    }
}
