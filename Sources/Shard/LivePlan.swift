import Basics
import Events
import Plans
import World

// One seed's life as a city drives it: `PlanLifecycle` decides, this turns signals into what it understands, its
// transitions into events, and every answer, silence or hour into the next invitations. Its state and the events are
// written in one batch, so that neither is there without the other.

/// A seed that was proposed, and what has come of it.
struct LivePlan {
    /// Somebody was asked.
    struct Asked: Equatable {
        var person: PersonID
        var friend: PersonID?
        /// Seconds since 1970.
        var time: UInt64
        /// Has not answered for so long that others are asked in their place. A late yes still counts.
        var isSilent = false
    }

    let seed: PlanSeed
    let city: String
    var lifecycle: PlanLifecycle
    /// Events about the seed so far, its creation aside: they number the ids.
    var told: UInt32 = 0
    var reference = ""
    /// In the order in which they were asked.
    var asked: [Asked] = []
    var momentum: PlanMomentum
    /// When there is something to do even if nothing happens, in seconds since 1970.
    var due: UInt64 = 0
    /// How the group was judged that was last locked in.
    private(set) var fit = 1.0
    /// What is to be told with the state, in order.
    var drafts: [EventDraft] = []

    static let secondsOpen: UInt64 = 3 * 86_400

    /// A new seed: its starters are asked as soon as that is allowed.
    init(proposing seed: PlanSeed, pace: AcceptancePace, cause: String, desk: LivesDesk) throws {
        self.init(seed, pace: pace, desk: desk)
        try goOn(cause, desk)
    }

    /// A seed whose life was never written down: the app was told of its starters with the seed.
    init(unwritten seed: PlanSeed, desk: LivesDesk) {
        self.init(seed, pace: .stated, desk: desk)
        asked = seed.starters.map { Asked(person: $0, friend: nil, time: 0, isSilent: true) }
    }

    /// Nobody is asked yet.
    init(_ seed: PlanSeed, pace: AcceptancePace, desk: LivesDesk) {
        self.seed = seed
        city = desk.city
        let minimum = max(seed.starters.count, desk.policy.minimum)
        let people = max(seed.starters.count + seed.invites.count, minimum)
        momentum = PlanMomentum(
            pace, opened: desk.now, until: desk.now + Self.secondsOpen,
            expected: min(max(seed.expectedTurnout, Double(minimum)), Double(people)))
        lifecycle = PlanLifecycle(
            PlanTerms(
                starters: seed.starters, minimum: UInt32(minimum), capacity: UInt32(people),
                deadline: desk.now + Self.secondsOpen, momentumBar: momentum.bar, fitBar: desk.policy.fitBar))
    }

    /// Whether nothing but the leaving of people can change it any more.
    var isOver: Bool { lifecycle.stage == .released || lifecycle.stage == .booked }

    /// Takes an answer in. One of somebody who was never asked changes nothing, unless they start the plan and saw it
    /// before it was their turn; a yes of theirs is not heard where they must not meet who was asked.
    mutating func answer(
        _ answer: AnswerWord, of person: PersonID, cause: String, time: Int64, desk: LivesDesk
    ) throws {
        guard lifecycle.stage != .released else { return }
        let isWaiting = lifecycle.waiting.contains(person)
        let isAsked = asked.contains { $0.person == person }
        if answer == .accepted, !isAsked, desk.isApart(person, from: company) { return }
        let event: PlanEvent? =
            switch answer {
            case .accepted where isWaiting: .answered(person, yes: true)
            case .declined where isWaiting: .answered(person, yes: false)
            case .declined where lifecycle.accepted.contains(person): .left(person)
            default: nil
            }
        guard event != nil || answer == .maybe && isWaiting else { return }
        let transition = event.flatMap { apply($0, time) }
        tellAnswer(answer, of: person, cause, time)
        if case .answered(_, let saidYes) = event {
            let friend = asked.first { $0.person == person }?.friend
            try desk.noteAnswer(saidYes, of: person, askedBy: friend, to: seed)
            if saidYes {
                let pull = try desk.roster(of: seed).pull(of: person)
                momentum.accept(at: UInt64(max(time, 0)) / 1000, mark: pull)
            }
        }
        if let transition { try follow(transition, cause, time, desk) }
        if event == .answered(person, yes: true), lifecycle.stage == .gathering { try foresee(cause, time, desk) }
        try goOn(cause, desk)
    }

    mutating func book(reference: String, cause: String, time: Int64, desk: LivesDesk) throws {
        self.reference = reference
        try hear(.bookingAccepted, cause, time, desk)
    }

    mutating func refuseBooking(cause: String, time: Int64, desk: LivesDesk) throws {
        try hear(.bookingRefused, cause, time, desk)
    }

    /// Time has passed.
    mutating func tick(desk: LivesDesk) throws {
        try hear(.ticked, EventCause.clock, Int64(desk.now) * 1000, desk)
        try goOn(EventCause.clock, desk)
    }

    mutating func apply(_ event: PlanEvent, _ time: Int64) -> PlanTransition? {
        lifecycle.apply(event, number: lifecycle.applied + 1, now: UInt64(max(time, 0)) / 1000)
    }

    mutating func hear(_ event: PlanEvent, _ cause: String, _ time: Int64, _ desk: LivesDesk) throws {
        if let transition = apply(event, time) { try follow(transition, cause, time, desk) }
    }

    /// Looks where the plan is heading, and says so once when that is fast.
    private mutating func foresee(_ cause: String, _ time: Int64, _ desk: LivesDesk) throws {
        momentum.foresee(
            minimum: Int(lifecycle.terms.minimum), capacity: Int(lifecycle.terms.capacity),
            random: SeededRandom(seed: seed.id.number).child("momentum", UInt64(momentum.count)))
        try hear(.momentum(momentum.intensity), cause, time, desk)
    }

    private mutating func follow(_ transition: PlanTransition, _ cause: String, _ time: Int64, _ desk: LivesDesk) throws
    {
        switch transition.kind {
        case .started, .reopened: break
        case .highMomentum: tellMomentum(cause, time)
        case .lockedIn:
            // Where nobody can judge, that everybody in the group has said yes themselves is the judgement.
            fit = try desk.fit(of: lifecycle.accepted, for: seed) ?? 1
            try hear(.judged(fit), cause, time, desk)
        case .confirmed: tellConfirmed(cause, time)
        case .booked: tellBooked(cause, time)
        case .released: tellReleased(transition.reason, cause, time)
        case .bookingCancelled:
            tellReleased(transition.reason, cause, time)
            tellCancelled(transition.reason, cause, time)
        }
    }
}
