import Basics
import Events
import Plans
import World

// What is told of a life. Each event is drafted with the state it tells of.

extension LivePlan {
    /// Of whoever was asked last.
    mutating func tellInvited(isStarter: Bool, _ cause: String) {
        guard let ask = asked.last else { preconditionFailure("nobody was asked") }
        let (venue, slot, _) = facts
        let position = asked.count
        tell(cause, nil) {
            SeedInvited(
                city: $0, venue: venue, slot: slot, person: Digits(ask.person), position: position, starter: isStarter,
                friends: ask.friend.map { [Digits($0)] } ?? [])
        }
    }

    mutating func tellAnswer(_ answer: AnswerWord, of person: PersonID, _ cause: String, _ time: Int64) {
        let counts = (lifecycle.accepted.count, lifecycle.declined.count, lifecycle.waiting.count)
        tell(cause, time) {
            SeedAnswered(
                city: $0, person: Digits(person), answer: answer, accepted: counts.0, declined: counts.1,
                waiting: counts.2)
        }
    }

    mutating func tellMomentum(_ cause: String, _ time: Int64) {
        let momentum = momentum
        tell(cause, time) {
            SeedMomentum(
                city: $0, intensity: momentum.intensity, threshold: momentum.bar, expectedTurnout: momentum.finalSize)
        }
    }

    mutating func tellConfirmed(_ cause: String, _ time: Int64) {
        let (venue, slot, members) = facts
        let (turnout, fit) = (Double(members.count), fit)
        tell(cause, time) {
            SeedConfirmed(
                city: $0, venue: venue, slot: slot, members: members, score: fit, expectedTurnout: turnout)
        }
        tell(cause, time) {
            BookingRequested(city: $0, venue: venue, slot: slot, members: members, partySize: members.count)
        }
    }

    mutating func tellBooked(_ cause: String, _ time: Int64) {
        let (venue, slot, members) = facts
        let reference = reference
        tell(cause, time) {
            SeedBooked(city: $0, venue: venue, slot: slot, members: members, reference: reference)
        }
    }

    mutating func tellReleased(_ reason: ReleaseReason, _ cause: String, _ time: Int64) {
        let (venue, slot, _) = facts
        let word = Self.word(for: reason)
        tell(cause, time) { SeedReleased(city: $0, venue: venue, slot: slot, reason: word) }
    }

    mutating func tellCancelled(_ reason: ReleaseReason, _ cause: String, _ time: Int64) {
        let (venue, slot, _) = facts
        let word = Self.word(for: reason)
        tell(cause, time) { BookingCancelled(city: $0, venue: venue, slot: slot, reason: word) }
    }

    private var facts: (venue: Digits, slot: String, members: [Digits]) {
        (Digits(seed.venue), seed.slot.name, lifecycle.accepted.map { Digits($0) })
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
