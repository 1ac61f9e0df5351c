// What friends do together. Two friends of one city who are alike enough go out together now and then, to a
// place that both think highly of; both have then attended it, at about the same time.

import Basics

/// Makes the outings of friends; the same ones whoever asks.
struct SyntheticOutings: Sendable {
    private let visits: SyntheticVisits
    private let random: SeededRandom

    /// Friends less alike do not go out together.
    private static let leastOverlap: Float = 0.25
    /// Outings of a pair for each of a person's visits, at an ordinary overlap of friends.
    private static let outingsPerVisit: Float = 0.02
    private static let ordinaryOverlap: Float = 0.7
    /// Places that each of the two proposes: some where they have been.
    private static let proposals = 4
    /// One comes later than the other by less than this.
    private static let delayMilliseconds = 900_000

    private struct Outing {
        var person: UInt32
        var visit: SyntheticVisit
    }

    init(_ visits: SyntheticVisits, _ random: SeededRandom) {
        self.visits = visits
        self.random = random
    }

    /// Adds the outings of a city's ties to its residents' visits, and puts each person's visits in order.
    func add(
        _ ties: [SyntheticTie], to visitsOfResidents: [[SyntheticVisit]], firstResident: Int, _ pool: ComputePool
    ) -> [[SyntheticVisit]] {
        let made = pool.map(ties.count) { index in
            outings(
                ties[index], visitsOfResidents[Int(ties[index].first) - firstResident],
                visitsOfResidents[Int(ties[index].second) - firstResident])
        }
        var together = [[SyntheticVisit]](repeating: [], count: visitsOfResidents.count)
        for outing in made.joined() { together[Int(outing.person) - firstResident].append(outing.visit) }
        let added = together
        return pool.map(visitsOfResidents.count) { row in
            var all = visitsOfResidents[row] + added[row]
            putInOrder(&all)
            return all
        }
    }

    private func outings(_ tie: SyntheticTie, _ first: [SyntheticVisit], _ second: [SyntheticVisit]) -> [Outing] {
        guard tie.overlap >= Self.leastOverlap, !first.isEmpty, !second.isEmpty else { return [] }
        var random = random.child("outings", UInt64(tie.first), UInt64(tie.second))
        let mean =
            Self.outingsPerVisit * Float(visits.configuration.visitsPerPerson) * tie.overlap / Self.ordinaryOverlap
        let count = Int(mean * Float(random.exponential()) + random.uniformFloat())
        var made: [Outing] = []
        for _ in 0..<count {
            guard let place = place(tie, first, second, &random) else { continue }
            let people = visits.score.people
            let habits = (people[Int(tie.first)].habits + people[Int(tie.second)].habits) / 2
            let slot = Int(visits.score.places.slots[Int(place.place)])
            var time = visits.calendar.time(typicalSlot: slot, habits: habits, &random)
            for person in [tie.first, tie.second] {
                var visit = SyntheticVisit(place: place.place, city: place.city, time: time)
                visits.addSignals(&visit, affinity: visits.score.affinity(Int(person), Int(place.place)), &random)
                visit.attended = true
                made.append(Outing(person: person, visit: visit))
                time += Int64(random.below(Self.delayMilliseconds))
            }
        }
        return made
    }

    /// Of the places that the two propose, the one whose lesser score is the greatest.
    private func place(
        _ tie: SyntheticTie, _ first: [SyntheticVisit], _ second: [SyntheticVisit], _ random: inout SeededRandom
    ) -> SyntheticVisit? {
        let home = visits.score.people[Int(tie.first)].home
        var best: (visit: SyntheticVisit, score: Float)?
        for round in 0..<2 * Self.proposals {
            let own = round % 2 == 0 ? first : second
            let proposal = own[random.below(own.count)]
            guard proposal.city == home else { continue }
            let score = min(
                visits.score.utility(Int(tie.first), Int(proposal.place)),
                visits.score.utility(Int(tie.second), Int(proposal.place)))
            if score > best?.score ?? -.infinity { best = (proposal, score) }
        }
        return best?.visit
    }
}
