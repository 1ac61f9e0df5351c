import Basics
import Graph
import Plans
import Store
import World

// What a city learns from the lives of its seeds, each time it plans: how people answer, how far the planner's scores
// tell it, and how one acceptance brings the next.

extension CityShard {
    /// Answers from which on what they say replaces what was stated of willingness.
    static let answersMin = 200
    /// The latest answers are learned from, so many at most.
    private static let answersMax = 20_000

    /// Answers to invitations, the latest `answersMax`, in the order of seeds and people.
    func keptAnswers() throws -> [KeptAnswer] {
        var answers: [KeptAnswer] = []
        try store.database.scan(.signals, prefix: KeptAnswer.prefix) { key, value in
            answers.append(try KeptAnswer(key: Array(key), value: Array(value)))
            return true
        }
        if answers.count <= Self.answersMax { return answers }
        let times = answers.map(\.time).sorted(by: >)
        return Array(answers.filter { $0.time >= times[Self.answersMax - 1] }.prefix(Self.answersMax))
    }

    /// How far scores tell whether people come: as stated until there are answers enough.
    static func willingness(_ answers: [KeptAnswer]) -> Willingness {
        if answers.count < answersMin { return .stated }
        return Willingness(
            learningFrom: answers.map { ($0.score, $0.rhythm, isFriend: $0.friend != nil, saidYes: $0.saidYes) })
    }

    /// The answers of those who are in a graph, by their places there.
    static func local(_ answers: [KeptAnswer], in graph: CityGraph) -> [InvitationAnswer] {
        answers.compactMap { answer in
            guard let person = graph.localPerson(answer.person) else { return nil }
            return InvitationAnswer(
                person: person, friend: answer.friend.flatMap { graph.localPerson($0) }, features: answer.features,
                saidYes: answer.saidYes)
        }
    }

    /// Seconds for which whoever said yes to a plan at a place is planned for other places.
    private static let restSeconds: UInt64 = 21 * 86_400

    /// The places, local, that local people said yes to lately: variety, and few want to go back so soon.
    func resting(_ answers: [KeptAnswer], _ graph: CityGraph, now: Int64) throws -> [Int: Set<UInt32>] {
        var venues: [SeedID: UInt32] = [:]
        var resting: [Int: Set<UInt32>] = [:]
        for answer in answers where answer.saidYes && answer.time + Self.restSeconds > UInt64(max(now, 0)) / 1000 {
            if venues[answer.seed] == nil, let bytes = try store.database.get(.seeds, key: ShardKeys.seed(answer.seed))
            {
                var reader = ByteReader(bytes)
                venues[answer.seed] = graph.localPlace(try PlanSeed(from: &reader).venue)
            }
            guard let place = venues[answer.seed], let person = graph.localPerson(answer.person) else { continue }
            resting[Int(person), default: []].insert(place)
        }
        return resting
    }

    /// How acceptances of the city's plans bring each other, as the latest plans that are over tell.
    func acceptancePace(_ desk: LivesDesk) throws -> AcceptancePace {
        var ended: [LivePlan] = []
        let prefix = ShardKeys.signal("past/")
        try store.database.scan(.signals, prefix: prefix) { key, _ in
            var reader = ByteReader(Array(key.dropFirst(prefix.count)))
            if let plan = try livePlan(of: SeedID(try reader.getBigEndian(UInt64.self)), desk), plan.momentum.count > 0
            {
                ended.append(plan)
            }
            return true
        }
        ended.sort { ($0.momentum.opened, $0.seed.id.number) < ($1.momentum.opened, $1.seed.id.number) }
        return AcceptancePace(fitting: ended.suffix(Self.plansMax).map(\.momentum.cascade)) ?? .stated
    }

    /// Plans whose acceptances are looked at.
    private static let plansMax = 2000
}
