// Who is asked to what. Ours and the oracle share the campaign of Plans; they differ in what they know. The baselines
// are what a product team would otherwise do; the personal one has the very model of ours.

import Basics
import Graph
import Plans
import World

/// Something that spends a week's invitations.
protocol LoopPolicy: AnyObject {
    var name: String { get }
    func spend(_ session: LoopSession)
}

/// What answers taught, and before them the past: visits against places not visited.
final class LearnedResponses: ResponseEstimate {
    private let features: InvitationFeatures
    private var model: ResponseModel
    private var answers: [InvitationAnswer] = []
    private let graph: CityGraph
    private var row = [Float](repeating: 0, count: InvitationColumns.count)

    init(_ world: LoopWorld) {
        graph = world.graph
        features = InvitationFeatures(graph, pool: ComputePool(threads: 1))
        var random = SeededRandom(seed: world.seed).child("what was not visited")
        model = ResponseModel(
            visitsOf: 0..<graph.residents, features, graph, slot: { world.slots(of: $0)[0] }, &random)
    }

    func chance(of invitation: Invitation) -> Double {
        write(invitation)
        return model.chance(row, person: invitation.person, friend: friend(invitation))
    }

    func hear(_ answer: Bool, to invitation: Invitation) {
        write(invitation)
        let heard = InvitationAnswer(
            person: invitation.person, friend: friend(invitation), features: row, saidYes: answer)
        answers.append(heard)
        model.hear(heard)
        // Early answers are worth the most.
        if answers.count.nonzeroBitCount == 1 && answers.count >= 64 { model.refit(answers, rounds: 4) }
    }

    func endWeek() { model.refit(answers) }

    private func write(_ invitation: Invitation) {
        features.write(
            person: Int(invitation.person), place: Int(invitation.place), slot: invitation.slot,
            friend: invitation.edge,
            into: &row)
    }

    private func friend(_ invitation: Invitation) -> UInt32? { invitation.edge.map { graph.socialNeighbors[$0] } }
}

/// The truth, which nobody has.
private final class TrueResponses: ResponseEstimate {
    private let world: LoopWorld
    init(_ world: LoopWorld) { self.world = world }
    func chance(of invitation: Invitation) -> Double { LoopWorld.freeShare * world.comes(invitation) }
    func hear(_ answer: Bool, to invitation: Invitation) {}
}

/// The campaign of Plans, with what was learned or with the truth.
final class CampaignPolicy: LoopPolicy {
    let name: String
    private let estimate: any ResponseEstimate

    init(ours world: LoopWorld) {
        name = "ours"
        estimate = LearnedResponses(world)
    }

    init(oracle world: LoopWorld) {
        name = "oracle"
        estimate = TrueResponses(world)
    }

    func spend(_ session: LoopSession) {
        var campaign = Campaign(
            session.world.graph, estimate, budget: session.left, options: session.world.options,
            slots: session.world.slots(of:), isOpen: { !session.wasLately($0, at: $1) })
        campaign.run { session.ask($0) }
        (estimate as? LearnedResponses)?.endWeek()
    }
}

/// To each person the place that suits them best of those they were not asked to yet, in the slot that suits best.
final class PersonalPolicy: LoopPolicy {
    let name = "top-k"
    private let estimate: LearnedResponses
    private var asked: Set<UInt64> = []
    private var random: SeededRandom

    init(_ world: LoopWorld) {
        estimate = LearnedResponses(world)
        random = SeededRandom(seed: world.seed).child("top-k")
    }

    func spend(_ session: LoopSession) {
        let graph = session.world.graph
        var people = Array(0..<graph.residents)
        random.shuffle(&people)
        for _ in 0..<session.world.options.invitationsPerPerson {
            for person in people where session.left > 0 {
                var best: (chance: Double, invitation: Invitation)?
                for place in graph.places.indices where !asked.contains(UInt64(person) << 32 | UInt64(place)) {
                    for slot in session.world.slots(of: place) where session.mayAsk(person, slot: slot) {
                        let invitation = Invitation(person: UInt32(person), place: UInt32(place), slot: slot)
                        let chance = estimate.chance(of: invitation)
                        if chance > best?.chance ?? -1 { best = (chance, invitation) }
                    }
                }
                guard let invitation = best?.invitation else { continue }
                asked.insert(UInt64(person) << 32 | UInt64(invitation.place))
                estimate.hear(session.ask(invitation), to: invitation)
            }
        }
        estimate.endWeek()
    }
}

/// The most visited places, each promoted to people by chance until it is full of invitations.
final class PopularityPolicy: LoopPolicy {
    let name = "popularity"
    private var random: SeededRandom
    /// Invitations to one place for each seat.
    private static let invitationsPerSeat = 5

    init(_ world: LoopWorld) { random = SeededRandom(seed: world.seed).child("popularity") }

    func spend(_ session: LoopSession) {
        let graph = session.world.graph
        let places = graph.places.indices.sorted {
            (graph.visitors(of: $0), $1) > (graph.visitors(of: $1), $0)
        }
        for place in places where session.left > 0 {
            let slot = session.world.slots(of: place)[0]
            var tries = 0
            var count = 0
            while count < Self.invitationsPerSeat * session.world.options.capacity, tries < 20_000, session.left > 0 {
                tries += 1
                let person = random.below(graph.residents)
                guard session.mayAsk(person, slot: slot) else { continue }
                count += 1
                _ = session.ask(Invitation(person: UInt32(person), place: UInt32(place), slot: slot))
            }
        }
    }
}

/// Somebody goes to a place of theirs; their friends are asked, then the friends of those who come.
final class FriendsPolicy: LoopPolicy {
    let name: String
    private var random: SeededRandom
    /// Whether the place is the one the host goes to most; else it is the city's most visited ones by chance.
    private let isHostsChoice: Bool

    init(_ world: LoopWorld, isHostsChoice: Bool) {
        name = isHostsChoice ? "friends-of-friends" : "friends-of-friends-popular"
        self.isHostsChoice = isHostsChoice
        random = SeededRandom(seed: world.seed).child("friends")
    }

    func spend(_ session: LoopSession) {
        let graph = session.world.graph
        var hosts = Array(0..<graph.residents)
        random.shuffle(&hosts)
        let popular = Array(graph.places.indices.sorted { graph.visitors(of: $0) > graph.visitors(of: $1) }.prefix(20))
        for host in hosts where session.left > 0 {
            guard let place = isHostsChoice ? favourite(of: host, graph) : popular[random.below(popular.count)]
            else { continue }
            let slot = session.world.slots(of: place)[0]
            guard session.mayAsk(host, slot: slot) else { continue }
            let first = Invitation(person: UInt32(host), place: UInt32(place), slot: slot)
            if session.ask(first) { spread(from: host, place, slot, session) }
        }
    }

    private func spread(from host: Int, _ place: Int, _ slot: Int, _ session: LoopSession) {
        let graph = session.world.graph
        var (coming, asked) = ([host], Set([host]))
        var next = 0
        while next < coming.count {
            let person = coming[next]
            next += 1
            for edge in graph.friends(of: UInt32(person)) {
                let friend = Int(graph.socialNeighbors[edge])
                guard coming.count < session.world.options.capacity, !asked.contains(friend),
                    session.mayAsk(friend, slot: slot),
                    let back = graph.friends(of: UInt32(friend)).first(where: {
                        Int(graph.socialNeighbors[$0]) == person
                    })
                else { continue }
                asked.insert(friend)
                let invitation = Invitation(person: UInt32(friend), place: UInt32(place), slot: slot, edge: back)
                if session.ask(invitation) { coming.append(friend) }
            }
        }
    }

    /// Where somebody was most often, the lower of equals; nil for who was nowhere.
    private func favourite(of person: Int, _ graph: CityGraph) -> Int? {
        var counts: [UInt32: Int] = [:]
        for visit in Int(graph.visitOffsets[person])..<Int(graph.visitOffsets[person + 1]) {
            counts[graph.visitPlaces[visit], default: 0] += 1
        }
        return counts.max { ($0.value, $1.key) < ($1.value, $0.key) }.map { Int($0.key) }
    }
}

/// Anybody to anything.
final class RandomPolicy: LoopPolicy {
    let name = "random"
    private var random: SeededRandom
    init(_ world: LoopWorld) { random = SeededRandom(seed: world.seed).child("random") }

    func spend(_ session: LoopSession) {
        let graph = session.world.graph
        var tries = 0
        while session.left > 0, tries < 1_000_000 {
            tries += 1
            let (person, place) = (random.below(graph.residents), random.below(graph.places.count))
            let slot = session.world.slots(of: place)[0]
            guard session.mayAsk(person, slot: slot) else { continue }
            _ = session.ask(Invitation(person: UInt32(person), place: UInt32(place), slot: slot))
        }
    }
}

extension CityGraph {
    /// Visits to a place.
    fileprivate func visitors(of place: Int) -> Int { Int(placeOffsets[place + 1] - placeOffsets[place]) }
}
