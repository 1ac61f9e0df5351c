package import Basics
import Graph
package import Influence
import Store
import Synchronization
package import Wire
import World

// Whom to ask first: in this city alone, or in a search that the coordinator conducts over several. In a search a city
// stands for its residents; friendships with people of its other cities lead there, those with anybody else count for
// nothing. What a city keeps of a search (its sets, some 8 bytes a member) is gone when the search ends, when another
// begins, or when nobody has asked for ten minutes.

/// A search that the city takes part in.
struct OpenSearch: Sendable {
    let number: UInt64
    let graph: CityGraph
    let influence: InfluenceGraph
    /// Guests who live in another of the search's cities, by local number, ascending.
    let guests: [UInt32]
    var place: InfluencePlace?
    var usedAt: Double

    static let idleSeconds = 600.0
}

extension CityShard {
    /// Who moves whom, with chances of the given origin.
    func influenceGraph(
        of graph: CityGraph, _ origin: InfluenceOrigin, _ model: CascadeModel = .independentCascade, pool: ComputePool
    ) throws -> InfluenceGraph {
        if origin == .weightedCascade { return .weightedCascade(of: graph, model: model) }
        var chances = learnedChances(of: graph, try trainingVisits(of: graph, pool: pool))
        if model == .linearThreshold { chances = thresholdWeights(chances, offsets: graph.socialOffsets) }
        return try InfluenceGraph(
            offsets: graph.socialOffsets, sources: graph.socialNeighbors, chances: .each(chances), model: model)
    }

    /// When residents and guests came to which place, as far as it is not held out; only of those who have friends.
    private func trainingVisits(of graph: CityGraph, pool: ComputePool) throws -> [FollowableAction] {
        try store.mapVisits(pool: pool) { visits in
            visits.compactMap { visit -> FollowableAction? in
                guard let person = graph.localPerson(visit.person), let place = graph.localPlace(visit.place),
                    !graph.friends(of: person).isEmpty, visit.time.milliseconds <= graph.lastTrainingTime(of: person)
                else { return nil }
                return FollowableAction(person: person, item: place, time: visit.time.milliseconds)
            }
        }.flatMap { $0 }
    }

    /// The people who, asked first, bring the most others. Guests may be chosen too.
    package func influencers(_ order: InfluencersRequest, pool: ComputePool) throws -> Influencers {
        try computing.withLock { _, _ in
            let graph = try currentGraph(pool: pool)
            func local(_ person: PersonID) throws -> UInt32 {
                guard let number = graph.localPerson(person) else {
                    throw ShardError.unknownPerson(city: name, person: person)
                }
                return number
            }
            var question = InfluenceQuestion(order, communities: [graph.people.count])
            question.forced = try order.forced.map(local)
            question.forbidden = try order.forbidden.map(local)
            question.costs = try order.costs.map { (try local($0.person), $0.amount) }
            question.values = try order.values.map { (try local($0.person), $0.amount) }
            question.groups = try order.groups.map { (try local($0.person), $0.group) }
            let options = try question.options(usesSentinels: true)
            let influence = try influenceGraph(of: graph, order.origin, CascadeModel(order.model), pool: pool)
            let result = maximizeInfluence(
                SetSampler(influence, threads: pool.threads),
                options: options, values: try question.roots(), pool: pool)
            let rows = zip(result.seeds, result.marginal).map {
                InfluencerRow(person: graph.people[Int($0)], city: city, marginal: $1)
            }
            return Influencers(
                people: rows, spread: result.spread, certifiedRatio: result.certifiedRatio,
                greedyRatio: options.limit.greedyRatio, confidence: result.confidence, epsilon: result.epsilon,
                sets: UInt64(result.sets), exchanged: 0)
        }
    }

    /// One step of a search over several cities; `question` comes with `ask`, whose answer is bytes too.
    package func search(
        _ order: SearchOrder, question: [UInt8]?, pool: ComputePool
    ) throws -> (reply: SearchReply, answer: [UInt8]?) {
        if case .begin(let cities, let origin, let model) = order.step {
            return (try begin(order.search, cities: cities, origin, CascadeModel(model), pool: pool), nil)
        }
        // Taken out while the step runs, so that nobody waits for it.
        let taken = openSearch.withLock { open -> OpenSearch? in
            guard open?.number == order.search else { return nil }
            defer { open = nil }
            return open
        }
        guard var open = taken else { throw ShardError.searchGone(city: name) }
        var reply = SearchReply(search: order.search)
        var answer: [UInt8]?
        switch order.step {
        case .begin: break
        case .locate(let people):
            reply.numbers = people.map { person in
                guard let number = open.graph.localPerson(person), number < UInt32(open.graph.residents) else {
                    return .max
                }
                return number
            }
        case .join(let base, let seed, let guests): open.place = try place(open, base: base, seed: seed, guests)
        case .ask:
            var reader = ByteReader(question ?? [])
            guard var place = open.place else { throw ShardError.searchGone(city: name) }
            open.place = nil
            var writer = ByteWriter()
            try place.answer(try PlaceQuestion(from: &reader)).encode(into: &writer)
            open.place = place
            answer = writer.bytes
        case .close(let numbers):
            guard numbers.allSatisfy({ Int($0) < open.graph.residents }) else {
                throw ShardError.searchGone(city: name)
            }
            reply.people = numbers.map { open.graph.people[Int($0)] }
            return (reply, nil)
        }
        open.usedAt = monotonicSeconds()
        let kept = open
        openSearch.withLock { $0 = kept }
        return (reply, answer)
    }

    private func begin(
        _ number: UInt64, cities: [CityID], _ origin: InfluenceOrigin, _ model: CascadeModel, pool: ComputePool
    ) throws -> SearchReply {
        let graph = try computing.withLock { _, _ in try currentGraph(pool: pool) }
        let wanted = Set(cities).subtracting([city])
        let guests = (UInt32(graph.residents)..<UInt32(graph.people.count)).filter {
            wanted.contains(graph.home(of: $0))
        }
        guard guests.count <= SearchReply.peopleMax else {
            throw ShardError.tooManyGuests(city: name, guests: guests.count, most: SearchReply.peopleMax)
        }
        let open = OpenSearch(
            number: number, graph: graph, influence: try influenceGraph(of: graph, origin, model, pool: pool),
            guests: guests, usedAt: monotonicSeconds())
        openSearch.withLock { $0 = open }
        return SearchReply(
            search: number, residents: UInt32(graph.residents), people: guests.map { graph.people[Int($0)] },
            homes: guests.map { graph.home(of: $0) })
    }

    /// Residents with the rows that lead to residents and to guests who are known at home.
    private func place(
        _ open: OpenSearch, base: UInt32, seed: UInt64, _ names: [UInt64]
    ) throws -> InfluencePlace {
        guard names.count == open.guests.count else { throw ShardError.searchGone(city: name) }
        let residents = open.graph.residents
        var numbers: [UInt32: UInt32] = [:], far: [FarVertex] = []
        for (guest, name) in zip(open.guests, names) where UInt32(truncatingIfNeeded: name) != .max {
            numbers[guest] = UInt32(residents + far.count)
            far.append(
                FarVertex(
                    place: UInt16(truncatingIfNeeded: name >> 32), vertex: UInt32(truncatingIfNeeded: name)))
        }
        return InfluencePlace(
            try open.influence.part(residents: residents, others: numbers, far: far.count), far: far, base: base,
            seed: seed)
    }

    /// Forgets a search that nobody asks about any more.
    func dropIdleSearch(at now: Double) {
        openSearch.withLock { if let open = $0, now - open.usedAt > OpenSearch.idleSeconds { $0 = nil } }
    }
}

extension InfluenceQuestion {
    /// As ordered, but for the people, who have no numbers yet.
    package init(_ order: InfluencersRequest, communities: [Int]) {
        self.init(
            count: Int(order.count), epsilon: order.epsilon, seed: order.seed, communities: communities)
        spend = order.spend < 0 ? nil : order.spend
        perCommunity = order.perCity > 0 ? Int(order.perCity) : nil
        perGroup = order.perGroup > 0 ? Int(order.perGroup) : nil
    }
}

extension CascadeModel {
    init(_ model: InfluenceModel) { self = model == .linearThreshold ? .linearThreshold : .independentCascade }
}
