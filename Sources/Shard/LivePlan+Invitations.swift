import Basics
import Plans

// Whom a plan asks when. Its starters first, one at a time until somebody comes: a no has then cost one invitation,
// and whoever is asked by a friend who comes says yes more often. When two come, others are asked in small waves: never
// more than a few wait for an answer at the same time, and each answer or silence makes room for whoever is then the
// best to ask.

extension LivePlan {
    /// How long who may not be asked now is left alone before somebody looks again, in seconds.
    private static let patience: UInt64 = 3600

    /// Sends the invitations that are next, and notes when to look again.
    mutating func goOn(_ cause: String, _ desk: LivesDesk) throws {
        guard lifecycle.stage == .proposed || lifecycle.stage == .gathering else {
            due = .max
            return
        }
        due = lifecycle.terms.deadline
        try fallSilent(desk)
        if let end = desk.quietUntil {
            due = min(due, end)
            return
        }
        var isHeldBack = try !askStarters(cause, desk)
        if lifecycle.stage == .gathering { isHeldBack = try !askWave(cause, desk) || isHeldBack }
        if isHeldBack { due = min(due, desk.now + Self.patience) }
        for ask in asked where isOpen(ask) { due = min(due, ask.time + desk.policy.silence) }
        // A group that did not fit waits for whoever may still answer.
        let isAnswered = !asked.contains { lifecycle.waiting.contains($0.person) }
        if !isHeldBack, lifecycle.reopenings == 0, isAnswered {
            try hear(.exhausted, cause, Int64(desk.now) * 1000, desk)
        }
        if isOver || lifecycle.stage == .confirmed { due = .max }
    }

    /// Whether it was confirmed a week ago or more, and nobody said what came of the booking.
    func isLongConfirmed(_ desk: LivesDesk) -> Bool {
        lifecycle.stage == .confirmed && lifecycle.terms.deadline + 7 * 86_400 < desk.now
    }

    /// Whether the plan stands in the feed of somebody.
    func isShown(to person: PersonID, _ desk: LivesDesk) -> Bool {
        if lifecycle.accepted.contains(person) { return lifecycle.stage != .released }
        let isAsked = asked.contains { $0.person == person }
        return lifecycle.stage != .released && !lifecycle.declined.contains(person)
            && (isAsked || seed.starters.contains(person) || seed.invites.contains(person))
            && !desk.isApart(person, from: company) && !desk.isApart(person, from: seed.starters)
    }

    /// Who was asked and may come, and who comes unasked: a starter who saw the plan.
    var company: some Sequence<PersonID> {
        (asked.map(\.person) + lifecycle.accepted).filter { !lifecycle.declined.contains($0) }
    }

    private func isOpen(_ ask: Asked) -> Bool { !ask.isSilent && lifecycle.waiting.contains(ask.person) }

    /// Whoever has not answered for long is taken to have said no, until they answer.
    private mutating func fallSilent(_ desk: LivesDesk) throws {
        for index in asked.indices where isOpen(asked[index]) {
            if asked[index].time + desk.policy.silence > desk.now { continue }
            asked[index].isSilent = true
            try desk.noteAnswer(false, of: asked[index].person, askedBy: asked[index].friend, to: seed)
        }
    }

    /// Answers whether nobody was passed over who may be asked later.
    private mutating func askStarters(_ cause: String, _ desk: LivesDesk) throws -> Bool {
        var isComplete = true
        for person in lifecycle.terms.starters where lifecycle.waiting.contains(person) {
            if asked.contains(where: { $0.person == person }) || desk.isApart(person, from: company) { continue }
            if lifecycle.accepted.isEmpty, asked.contains(where: { isOpen($0) }) { break }
            if try desk.mayAsk(person, to: seed, isStarter: true) {
                let friend = try desk.roster(of: seed).friend(of: person, among: lifecycle.accepted)
                try ask(person, in: friend, isStarter: true, cause, desk)
            } else {
                isComplete = false
            }
        }
        return isComplete
    }

    /// Answers whether nobody was passed over who may be asked later.
    private mutating func askWave(_ cause: String, _ desk: LivesDesk) throws -> Bool {
        let roster = try desk.roster(of: seed)
        var isComplete = true
        while true {
            let open = asked.count { isOpen($0) && !lifecycle.terms.starters.contains($0.person) }
            guard open < desk.policy.wave, lifecycle.accepted.count + open < Int(lifecycle.terms.capacity) else {
                break
            }
            var failure: (any Error)?
            let next = roster.next(after: lifecycle.accepted, asked: Set(asked.map(\.person))) { person in
                if desk.isApart(person, from: company) { return false }
                do {
                    let isFree = try desk.mayAsk(person, to: seed, isStarter: false)
                    isComplete = isComplete && isFree
                    return isFree
                } catch {
                    failure = error
                    return false
                }
            }
            if let failure { throw failure }
            guard let next else { break }
            _ = apply(.invited([next.person]), Int64(desk.now) * 1000)
            try ask(next.person, in: next.friend, isStarter: false, cause, desk)
        }
        return isComplete
    }

    private mutating func ask(
        _ person: PersonID, in friend: PersonID?, isStarter: Bool, _ cause: String, _ desk: LivesDesk
    ) throws {
        asked.append(Asked(person: person, friend: friend, time: desk.now))
        try desk.noteAsked(person, to: seed)
        tellInvited(isStarter: isStarter, cause)
    }
}
