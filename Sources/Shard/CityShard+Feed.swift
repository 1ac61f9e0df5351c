package import Basics
import Learn
import Plans
import Store
package import Wire
import World

// What a person sees are plans: who, where, when. A card is good for five things, each read off the numbers that moved
// its planning, and the scalarizer says how much each counts in the situation. No model runs for it: a feed is a read.

extension CityShard {
    /// The plans in which the person starts or is invited, of the current list and those of earlier ones that are
    /// still open, best first by the weights that the city's people taught. Not those they declined, those that were
    /// released, and those of somebody from whom they are kept apart. O(seeds).
    package func feed(of person: PersonID, count: Int) throws -> [FeedCard] {
        let scalarizer = try cardWeights().scalarizer
        var cards: [FeedCard] = []
        let desk = LivesDesk(self, now: millisecondsNow())
        let current = try Set(currentPlan())
        for id in try current.union(openSeeds()) {
            guard let plan = try livePlan(of: id, desk), plan.isShown(to: person, desk),
                current.contains(id) || !plan.isLongConfirmed(desk),
                let (seed, reasons) = try explain(id)
            else { continue }
            let terms = scalarizer.terms(Self.card(seed, reasons, person))
            cards.append(
                FeedCard(
                    seed: SeedRow(seed), starts: seed.starters.contains(person), score: terms.reduce(0, +),
                    terms: terms))
        }
        cards.sort { ($0.score, $1.seed.id.number) > ($1.score, $0.seed.id.number) }
        return Array(cards.prefix(count))
    }

    /// How cards are weighed here now.
    func cardWeights() throws -> CardWeights {
        try store.database.get(.meta, key: ShardKeys.cardWeights).map { try CardWeights(decoding: $0) } ?? CardWeights()
    }

    /// Learns the weights anew from what became of invitations: of two plans that one person was asked to within two
    /// weeks, the one they accepted against the one they did not.
    func learnCardWeights(_ answers: [KeptAnswer]) throws {
        let ofPeople = Dictionary(grouping: answers, by: \.person)
        var plans: [SeedID: (seed: PlanSeed, reasons: PlanReasons)] = [:]
        var choices: [CardChoice] = []
        for (person, own) in ofPeople.sorted(by: { $0.key < $1.key }) {
            for yes in own where yes.saidYes {
                for no in own where !no.saidYes && Self.areNear(yes, no) && choices.count < CardWeights.choicesMax {
                    let cards = try [yes, no].compactMap { answer -> CardFacts? in
                        if plans[answer.seed] == nil { plans[answer.seed] = try explain(answer.seed) }
                        return plans[answer.seed].map { Self.card($0.seed, $0.reasons, person) }
                    }
                    if cards.count == 2 { choices.append(CardChoice(taken: cards[0], skipped: cards[1])) }
                }
            }
        }
        let weights = CardWeights(learningFrom: choices)
        var batch = WriteBatch()
        batch.put(.meta, key: ShardKeys.cardWeights, value: weights.encoded())
        try store.database.commit(batch)
    }

    private static func areNear(_ one: KeptAnswer, _ other: KeptAnswer) -> Bool {
        max(one.time, other.time) - min(one.time, other.time) <= 14 * 86_400
    }

    /// A plan as a card for one person.
    static func card(_ seed: PlanSeed, _ reasons: PlanReasons, _ person: PersonID) -> CardFacts {
        CardFacts(
            objectives: objectives(seed, reasons, person), situation: situation(seed, reasons, person))
    }

    /// Taste: the person's own chance to come. Cohesion: friends among those before, or what ties add to the start.
    /// Conversion: the seed's. Convenience: that the next step is theirs, the sooner the better. Concentration: the
    /// demand for the venue and slot among those of the city.
    static func objectives(_ seed: PlanSeed, _ reasons: PlanReasons, _ person: PersonID) -> [Float] {
        let starter = reasons.starters.first { $0.person == person }
        let guest = reasons.guests.first { $0.person == person }
        let place = seed.invites.firstIndex(of: person).map { $0 + 1 } ?? 0
        let cohesion =
            starter.map { $0.pull / max(seed.conversion, 1e-9) } ?? min(1, Double(guest?.friends ?? 0) / 3)
        let values = [
            starter?.acceptance ?? guest?.acceptance ?? 0, cohesion, seed.conversion,
            1 - Double(place) / Double(seed.invites.count + 1),
            1 - Double(reasons.rank - 1) / Double(max(reasons.cells, 1)),
        ]
        return values.map { Float(min(max($0, 0), 1)) }
    }

    /// What is known of the situation; one half stands for what is not.
    static func situation(_ seed: PlanSeed, _ reasons: PlanReasons, _ person: PersonID) -> [Float] {
        var situation = [Float](repeating: 0.5, count: SituationColumns.count)
        let slot = seed.slot.name
        situation[SituationColumns.weekend] = slot.hasPrefix("weekend") ? 1 : 0
        situation[SituationColumns.evening] = slot == "evening" ? 1 : 0
        situation[SituationColumns.night] = slot.hasSuffix("night") ? 1 : 0
        situation[SituationColumns.groupSize] = Float(min(seed.expectedTurnout / 10, 1))
        let friends = reasons.guests.first { $0.person == person }?.friends ?? UInt32(seed.starters.count - 1)
        let before = seed.starters.count + (seed.invites.firstIndex(of: person) ?? 0)
        situation[SituationColumns.friendShare] = min(1, Float(friends) / Float(max(before, 1)))
        return situation
    }

    /// As a message. Errors: `ShardError.unknownSeed`.
    package func explanation(of id: SeedID) throws -> SeedExplanation {
        guard let (seed, reasons) = try explain(id) else { throw ShardError.unknownSeed(city: name, seed: id) }
        let (weights, first) = (try cardWeights(), Self.card(seed, reasons, seed.starters[0]))
        return SeedExplanation(
            seed: SeedRow(seed), demand: reasons.demand, rank: reasons.rank, cells: reasons.cells,
            weights: weights.choices > 0 ? weights.scalarizer.weights(first.situation) : [],
            fixedWeights: Scalarizer.fixed.weights(first.situation), life: try life(of: seed),
            starters: reasons.starters.map {
                ExplainedPerson(person: $0.person, acceptance: $0.acceptance, adds: $0.pull, friends: 0)
            },
            guests: reasons.guests.map {
                ExplainedPerson(person: $0.person, acceptance: $0.acceptance, adds: $0.gain, friends: $0.friends)
            })
    }
}

extension CityShard {
    /// How far a seed has come; a list of none for one whose life cannot be read.
    private func life(of seed: PlanSeed) throws -> [SeedLife] {
        guard let plan = try livePlan(of: seed.id, LivesDesk(self, now: millisecondsNow())) else { return [] }
        let (lifecycle, momentum) = (plan.lifecycle, plan.momentum)
        return [
            SeedLife(
                stage: "\(lifecycle.stage)", asked: UInt32(plan.asked.count),
                accepted: UInt32(lifecycle.accepted.count),
                declined: UInt32(lifecycle.declined.count), reachesMinimum: momentum.reachesMinimum ?? -1,
                expected: momentum.finalSize, isHighMomentum: lifecycle.isHighMomentum)
        ]
    }
}

extension SeedRow {
    init(_ seed: PlanSeed) {
        self.init(
            id: seed.id, city: seed.city, venue: seed.venue, starters: seed.starters, slot: seed.slot.name,
            conversion: seed.conversion, expectedTurnout: seed.expectedTurnout, score: seed.score,
            invites: seed.invites)
    }
}
