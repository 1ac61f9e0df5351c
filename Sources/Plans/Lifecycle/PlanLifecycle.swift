// The life of one plan, from the first question to the booked table, as a value that is told what happened and answers
// with what changed:
//
//     proposed ── two starters said yes ──> gathering ── locked in ──> judging ── fits ──> confirmed ──> booked
//         │                                     ^            │            │
//         └───────────── released <─────────────┴────────────┴────────────┘   for a reason that is told
//
// It has no clock, no store and no socket. Whoever drives it hands in each event under a number that rises (its place
// in the stream of signals), and writes the encoded plan, with that number in it, in one batch with the events of the
// transition. So an event that comes again after a crash is known by its number and changes nothing, and what was not
// written did not happen: no transition is lost, none happens twice.

package import Basics

/// Where a plan stands.
package enum PlanStage: UInt8, Sendable, CaseIterable {
    /// Starters are being asked.
    case proposed
    /// At least two starters come; others are being invited.
    case gathering
    /// Nobody else is asked; the group as it is waits for its judgement.
    case judging
    /// The group fits; a booking was requested.
    case confirmed
    /// The venue holds a place. The end, unless people leave.
    case booked
    /// Over.
    case released
}

/// Why a plan ended.
package enum ReleaseReason: UInt8, Sendable, CaseIterable {
    case none
    case startersDeclined
    case startersLeft
    case expired
    case tooFew
    case unfit
    case venueFull
    case cancelled
}

/// What may happen to a plan.
package enum PlanEvent: Equatable, Sendable {
    /// These people were asked.
    case invited([PersonID])
    /// Somebody answered; silence for long enough is a no.
    case answered(PersonID, yes: Bool)
    /// Somebody who had said yes takes it back.
    case left(PersonID)
    /// The intensity of acceptances, from the forecast of momentum.
    case momentum(Double)
    /// Time passes.
    case ticked
    /// Everybody who was asked has answered, and nobody else is worth asking.
    case exhausted
    /// The group scorer's chance that the group as it is comes together.
    case judged(Double)
    case bookingAccepted
    /// The venue has no place.
    case bookingRefused
    case cancelled
}

/// What a plan must know from its start.
package struct PlanTerms: Equatable, Sendable {
    package var starters: [PersonID]
    /// People without whom it does not take place, starters counted.
    package var minimum: UInt32
    /// People with whom it is full.
    package var capacity: UInt32
    /// The tick at which it is locked in or released.
    package var deadline: UInt64
    /// Intensity of acceptances from which momentum is high.
    package var momentumBar: Double
    /// The least chance with which a group is confirmed.
    package var fitBar: Double

    package init(
        starters: [PersonID], minimum: UInt32, capacity: UInt32, deadline: UInt64, momentumBar: Double, fitBar: Double
    ) {
        precondition(starters.count == 2 || starters.count == 3, "two or three people start a plan")
        precondition(2 <= minimum && minimum <= capacity, "a plan is for two or more, and has room for its minimum")
        self.starters = starters
        self.minimum = minimum
        self.capacity = capacity
        self.deadline = deadline
        self.momentumBar = momentumBar
        self.fitBar = fitBar
    }
}

/// What changed, to be told to the world in one batch with the plan's new state.
package struct PlanTransition: Equatable, Sendable {
    /// Counts the plan's transitions from 1, without gaps.
    package let number: UInt32
    package let from: PlanStage
    package let to: PlanStage
    package let kind: Kind
    package let reason: ReleaseReason
    /// Who must hear of it: those who said yes, and those who wait for an answer's use.
    package let people: [PersonID]

    package enum Kind: UInt8, Sendable, CaseIterable {
        case started
        case highMomentum
        case lockedIn
        /// The judgement was poor or somebody left: others are invited again.
        case reopened
        /// Confirmed, and a booking is requested.
        case confirmed
        case booked
        case released
        /// Released after a booking was requested: it has to be taken back.
        case bookingCancelled
    }

    /// The name of its event in the city's stream.
    package var name: String {
        switch kind {
        case .started: "seed.started"
        case .highMomentum: "seed.high_momentum"
        case .lockedIn: "seed.locked_in"
        case .reopened: "seed.reopened"
        case .confirmed: "booking.requested"
        case .booked: "seed.booked"
        case .released: "seed.released"
        case .bookingCancelled: "booking.cancelled"
        }
    }
}

/// One plan. A value: copy it, apply an event, write both or neither.
package struct PlanLifecycle: Equatable, Sendable {
    package let terms: PlanTerms
    package internal(set) var stage = PlanStage.proposed
    package internal(set) var reason = ReleaseReason.none
    package internal(set) var isHighMomentum = false
    /// Who said yes and has not left, in the order of their answers.
    package internal(set) var accepted: [PersonID] = []
    /// Who said no, was silent or left.
    package internal(set) var declined: [PersonID] = []
    /// Who was asked and has not answered.
    package internal(set) var waiting: [PersonID]
    /// Times the group was reopened.
    package internal(set) var reopenings: UInt8 = 0
    /// Number of the last event that was applied.
    package internal(set) var applied: UInt64 = 0
    /// Transitions so far.
    package internal(set) var transitions: UInt32 = 0

    /// A group that does not fit is reopened so often, then released.
    package static let reopeningsMax: UInt8 = 2
    /// People of a plan, asked or not, beyond whom an invitation is ignored.
    package static let peopleMax = 10_000

    package init(_ terms: PlanTerms) {
        self.terms = terms
        waiting = terms.starters
    }

    /// Applies an event and answers what changed, if anything. Events carry numbers that rise from 1; one that is not
    /// above the last is known already and changes nothing. Events that make no sense where the plan stands are heard
    /// and change nothing. O(people of the plan).
    package mutating func apply(_ event: PlanEvent, number: UInt64, now: UInt64) -> PlanTransition? {
        if number <= applied { return nil }
        applied = number
        if stage == .released { return nil }
        switch event {
        case .invited(let people): invite(people)
        case .answered(let person, let yes): return answer(person, yes, now)
        case .left(let person): return leave(person, now)
        case .momentum(let intensity): return momentum(intensity)
        case .ticked: return tick(now)
        case .exhausted:
            if stage == .gathering, accepted.count >= Int(terms.minimum) { return move(to: .judging, .lockedIn) }
        case .judged(let chance): return judge(chance, now)
        case .bookingAccepted:
            if stage == .confirmed { return move(to: .booked, .booked) }
        case .bookingRefused:
            if stage == .confirmed { return release(.venueFull, cancelsBooking: false) }
        case .cancelled: return release(.cancelled)
        }
        return nil
    }

    private mutating func invite(_ people: [PersonID]) {
        guard stage == .gathering else { return }
        for person in people where accepted.count + declined.count + waiting.count < Self.peopleMax {
            if !accepted.contains(person) && !declined.contains(person) && !waiting.contains(person) {
                waiting.append(person)
            }
        }
    }

    private mutating func answer(_ person: PersonID, _ yes: Bool, _ now: UInt64) -> PlanTransition? {
        guard stage == .proposed || stage == .gathering, let place = waiting.firstIndex(of: person) else { return nil }
        waiting.remove(at: place)
        if yes { accepted.append(person) } else { declined.append(person) }
        if stage == .proposed {
            if accepted.count >= 2 { return move(to: .gathering, .started) }
            return accepted.count + waiting.count < 2 ? release(.startersDeclined) : nil
        }
        return accepted.count >= Int(terms.capacity) ? move(to: .judging, .lockedIn) : nil
    }

    private mutating func leave(_ person: PersonID, _ now: UInt64) -> PlanTransition? {
        guard let place = accepted.firstIndex(of: person) else { return nil }
        accepted.remove(at: place)
        declined.append(person)
        switch stage {
        case .proposed:
            return accepted.count + waiting.count < 2 ? release(.startersDeclined) : nil
        case .gathering:
            return accepted.contains { terms.starters.contains($0) } ? nil : release(.startersLeft)
        case .judging:
            if accepted.count >= Int(terms.minimum) { return nil }
            return reopen(now) ?? release(.tooFew)
        case .confirmed, .booked:
            return accepted.count >= Int(terms.minimum) ? nil : release(.tooFew)
        case .released: return nil
        }
    }

    private mutating func momentum(_ intensity: Double) -> PlanTransition? {
        guard stage == .gathering, !isHighMomentum, intensity >= terms.momentumBar else { return nil }
        isHighMomentum = true
        return move(to: .gathering, .highMomentum)
    }

    private mutating func tick(_ now: UInt64) -> PlanTransition? {
        guard now >= terms.deadline else { return nil }
        switch stage {
        case .proposed: return release(.expired)
        case .gathering:
            return accepted.count >= Int(terms.minimum) ? move(to: .judging, .lockedIn) : release(.tooFew)
        default: return nil
        }
    }

    private mutating func judge(_ chance: Double, _ now: UInt64) -> PlanTransition? {
        guard stage == .judging else { return nil }
        if accepted.count >= Int(terms.minimum) && chance >= terms.fitBar { return move(to: .confirmed, .confirmed) }
        return reopen(now) ?? release(.unfit)
    }

    /// Back to gathering, while there is time, room and patience.
    private mutating func reopen(_ now: UInt64) -> PlanTransition? {
        guard now < terms.deadline, reopenings < Self.reopeningsMax, accepted.count < Int(terms.capacity) else {
            return nil
        }
        reopenings += 1
        return move(to: .gathering, .reopened)
    }

    private mutating func release(_ reason: ReleaseReason, cancelsBooking: Bool = true) -> PlanTransition {
        let holdsBooking = cancelsBooking && (stage == .confirmed || stage == .booked)
        self.reason = reason
        return move(to: .released, holdsBooking ? .bookingCancelled : .released)
    }

    private mutating func move(to next: PlanStage, _ kind: PlanTransition.Kind) -> PlanTransition {
        let from = stage
        stage = next
        transitions += 1
        return PlanTransition(
            number: transitions, from: from, to: next, kind: kind, reason: reason, people: accepted + waiting)
    }
}
