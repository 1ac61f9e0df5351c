// Planning a city, from interest to invitations:
//
//   1  interests, and what people have shown lately, become acceptance per person, venue and slot (Willingness.swift,
//      Interest/RecentInterest.swift)
//   2  acceptance becomes demand per cell, and the promising cells are kept (Cells.swift)
//   3  each cell gets its audience, starter groups and a first invitation list (Audience, StarterGroups, Candidates)
//   4  the city's plans are chosen together (Choice.swift)
//   5  in the order of choice, each plan gets its final invitations: nobody is invited into a slot in which they
//      start a plan or are invited already, nor more often than the limit
//
// Steps 3 and the searches of 5 run on the pool, cell by cell; each cell's randomness comes from the seed, the place
// and the slot, so the plan does not depend on how many threads there are.

package import Basics
package import Graph
package import Influence
package import Learn
import Synchronization
import World

/// A seed with what moved it, and everybody who may be asked to it.
package struct PlannedSeed: Sendable {
    /// Somebody who may be asked, as the planner saw them: see `Roster.Member`.
    package struct Candidate: Equatable, Sendable {
        /// Local.
        package let person: UInt32
        package let score: Float
        package let rhythm: Float
    }

    package let seed: PlanSeed
    package let reasons: PlanReasons
    /// Starters, then those who are invited, then others in reserve.
    package let candidates: [Candidate]
}

/// The plan of a city: at most `options.seedsPerCity` seeds, best first, each with what moved it. `interests` has one
/// entry per resident, `recent` is what residents have shown interest in lately, `influence` has one vertex per local
/// person, `embeddings` one row per local person, `apart` says who must not meet. A pure function of its arguments, the
/// pool excepted. Cost: O(interests) for the demand of all cells, then a bounded amount per promising cell, of which
/// there are some hundred.
package func planCity(
    graph: CityGraph, influence: InfluenceGraph, interests: [PersonInterest], recent: RecentInterest = .none,
    embeddings: CityEmbeddings, apart: PeopleApart = PeopleApart(), options: PlanOptions, pool: ComputePool
) -> [PlannedSeed] {
    let context = PlanningContext(
        graph: graph, influence: influence, interests: interests, recent: recent, embeddings: embeddings,
        apart: apart, options: options)
    let demand = demand(context.table, rhythm: context.rhythm, places: graph.places.count)
    let wanted = min(max(PlanLimits.cells, options.seedsPerCity * 4), PlanLimits.cellsMax)
    let cells = promisingCells(context.table, demand: demand, count: wanted)
    let perCell = map(cells.indices, on: pool) { candidates(cells[$0], index: $0, in: context) }
    let all = perCell.flatMap { $0 ?? [] }
    var choice = PlanChoice(
        all, people: graph.people.count, places: graph.places.count, seedsPerPerson: options.seedsPerPerson)
    let chosen = choice.choose(options.seedsPerCity)
    let audiences = map(chosen.indices, on: pool) { Audience(cells[all[chosen[$0].candidate].cell], in: context) }
    var inviter = Inviter(context: context, startsIn: choice.startsIn)
    return zip(chosen, audiences).compactMap { choice, audience in
        audience.map { inviter.finish(all[choice.candidate], gain: choice.gain, audience: $0, among: cells) }
    }
}

/// `body` of each index, on the pool, in the order of the indices.
private func map<Result: Sendable>(
    _ indices: Range<Int>, on pool: ComputePool, _ body: @Sendable (Int) -> Result
) -> [Result?] {
    let results = Mutex([Result?](repeating: nil, count: indices.count))
    pool.forEach(indices.count) { index in
        let result = body(index)
        results.withLock { $0[index] = result }
    }
    return results.withLock { $0 }
}

/// Hands out the final invitations, plan after plan, and remembers who has how many.
private struct Inviter {
    let context: PlanningContext
    /// One bit per slot in which the person starts a plan or is invited to one.
    private var busy: [UInt8]
    private var invitations: [Int]

    init(context: PlanningContext, startsIn: [UInt8]) {
        self.context = context
        busy = startsIn
        invitations = [Int](repeating: 0, count: startsIn.count)
    }

    mutating func finish(
        _ candidate: Candidate, gain: Double, audience: Audience, among cells: [Cell]
    ) -> PlannedSeed {
        let graph = context.graph, options = context.options
        let free = audience.people.indices.filter { position in
            let person = Int(audience.people[position])
            return busy[person] >> candidate.slot & 1 == 0 && invitations[person] < options.invitationsPerPerson
                && !candidate.starters.contains { context.areApart($0, audience.people[position]) }
        }
        let (order, turnout) = guests(of: candidate, audience, among: free)
        let invited = order.map { audience.people[$0] }
        for person in invited {
            busy[Int(person)] |= 1 << candidate.slot
            invitations[Int(person)] += 1
        }
        let venue = graph.places[Int(candidate.place)]
        let starters = candidate.starters.map { graph.people[Int($0)] }
        let slot = TimeSlot(number: UInt8(candidate.slot))
        let seed = PlanSeed(
            id: PlanSeed.identify(
                city: graph.city, venue: venue, starters: starters, slot: slot, model: options.modelVersion),
            city: graph.city, venue: venue, starters: starters, slot: slot, conversion: candidate.conversion,
            expectedTurnout: turnout, score: gain, invites: invited.map { graph.people[Int($0)] })
        let cell = cells[candidate.cell]
        let reasons = PlanReasons(
            candidate, positions: order, audience: audience, cell: cell,
            rank: 1 + cells.count { $0.demand > cell.demand }, cells: cells.count, in: context)
        let reserve = reserve(free, apartFrom: candidate.positions + order, audience)
        return PlannedSeed(
            seed: seed, reasons: reasons,
            candidates: (candidate.positions + order + reserve).map { position in
                PlannedSeed.Candidate(
                    person: audience.people[position],
                    score: options.willingness.distance(audience.acceptance[position] / audience.rhythm[position]),
                    rhythm: Float(logarithm(Double(audience.rhythm[position]))))
            })
    }

    /// Whom to ask, by position, no two of whom must not meet, and how many are then expected.
    private func guests(
        of candidate: Candidate, _ audience: Audience, among free: [Int]
    ) -> (order: [Int], turnout: Double) {
        var free = free
        while true {
            let found = Plans.invitations(
                audience, starters: candidate.positions, among: free, count: context.options.invites)
            let unwelcome = found.order.indices.first { index in
                found.order[..<index].contains {
                    context.areApart(audience.people[$0], audience.people[found.order[index]])
                }
            }
            guard let unwelcome else { return found }
            free.removeAll { $0 == found.order[unwelcome] }
        }
    }

    /// Who else may be asked, by position: friends of those who are asked, then the most willing.
    private func reserve(_ free: [Int], apartFrom asked: [Int], _ audience: Audience) -> [Int] {
        let isAsked = Set(asked)
        let friends = asked.flatMap { position in
            context.graph.friends(of: audience.people[position]).compactMap {
                audience.position(of: context.graph.socialNeighbors[$0])
            }
        }
        let isFriend = Set(friends)
        let others = free.filter { !isAsked.contains($0) }
        let known = Array(others.filter { isFriend.contains($0) }.prefix(PlanLimits.friendsInReserve))
        let isKnown = Set(known)
        return known + Array(others.lazy.filter { !isKnown.contains($0) }.prefix(PlanLimits.reserve - known.count))
    }
}
