package import Basics
package import Graph
package import Learn
import World

/// Makes rosters of planned seeds, with what is known of how people answer.
package struct RosterBuilder: Sendable {
    private let graph: CityGraph
    private let features: InvitationFeatures
    private let responses: ResponseModel
    private let embeddings: CityEmbeddings
    /// Who the model knows.
    private let isKnown: [Bool]

    /// People whose visits tell what a visit says about an invitation: enough for fourteen numbers.
    private static let sample = 500

    /// Reads tastes of the people of `seeds` and of a sample, and learns from the visits of the sample and then from
    /// `answers` (people and friends local). O(people of the seeds · places compared).
    package init(
        _ seeds: [PlannedSeed], answers: [InvitationAnswer], graph: CityGraph, embeddings: CityEmbeddings,
        isKnown: [Bool], seed: UInt64, pool: ComputePool
    ) {
        let step = max(1, graph.residents / Self.sample)
        let sampled = Array(stride(from: 0, to: graph.residents, by: step))
        var isWanted = [Bool](repeating: false, count: graph.people.count)
        for person in sampled { isWanted[person] = true }
        for candidate in seeds.flatMap(\.candidates) { isWanted[Int(candidate.person)] = true }
        features = InvitationFeatures(graph, for: isWanted, pool: pool)
        var random = SeededRandom(seed: seed).child("what was not visited")
        responses = ResponseModel(
            visitsOf: sampled, features, graph, slot: { graph.typicalSlot(of: $0) }, &random
        ).hearing(answers)
        (self.graph, self.embeddings, self.isKnown) = (graph, embeddings, isKnown)
    }

    package func roster(of planned: PlannedSeed, model: ModelVersion) -> Roster {
        let people = planned.candidates.map(\.person)
        let positions = Dictionary(uniqueKeysWithValues: zip(people, 0...))
        guard let place = graph.localPlace(planned.seed.venue).map({ Int($0) }) else {
            preconditionFailure("a seed is planned at a place of its city")
        }
        let (slot, width) = (Int(planned.seed.slot.number), embeddings.dimensions)
        var row = [Float](repeating: 0, count: InvitationColumns.count)
        let members = planned.candidates.map { candidate in
            let person = Int(candidate.person)
            features.write(person: person, place: place, slot: slot, friend: nil, into: &row)
            let own = row
            let ties = graph.friends(of: candidate.person).compactMap { edge -> Roster.Tie? in
                guard let friend = positions[graph.socialNeighbors[edge]] else { return nil }
                features.write(person: person, place: place, slot: slot, friend: edge, into: &row)
                return Roster.Tie(
                    friend: friend, features: Array(row[InvitationColumns.friend...]),
                    logOdds: responses.logOdds(row, person: candidate.person, friend: people[friend]))
            }
            return Roster.Member(
                person: graph.people[person], score: candidate.score, rhythm: candidate.rhythm, features: own,
                logOdds: responses.logOdds(own, person: candidate.person, friend: nil), ties: ties,
                embedding: isKnown[person] ? Array(embeddings.people[person * width..<(person + 1) * width]) : [])
        }
        return Roster(
            starters: planned.seed.starters.count, members: members,
            venue: Array(embeddings.places[place * width..<(place + 1) * width]), model: model)
    }
}
