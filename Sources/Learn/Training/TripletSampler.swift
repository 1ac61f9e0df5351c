// Which triplets (person, place they liked, place they never went to) a step learns from. Positives are walked
// through in shuffled epochs, so that each is seen equally often; negatives are uniform over the city's places
// that the person has not visited in training.

import Basics
import Graph

/// The triplets of one step, with their vertices made distinct for the sampler.
struct Triplets {
    /// Distinct local vertices in order of appearance.
    var people: [UInt32] = []
    var places: [UInt32] = []
    /// n pairs with positives, then n pairs with a first negative of each, n with a second, and so on; rows of
    /// `people` and `places`.
    var pairs = ScoredPairs(people: [], places: [], context: [])
    /// person << 32 | place of each positive, whose visits carry no message.
    var excluded: Set<UInt64> = []
    /// How many of the pairs are positives.
    var positives = 0
    /// What a softmax over `places` is to find; rows as above.
    var targets = SoftmaxTargets()
    /// Pairs of people for the friend head.
    var friends = FriendPairs()
}

/// Draws triplets. What it draws for a step depends on the seed and the step's number alone.
struct TripletSampler: Sendable {
    let configuration: GraphRecConfiguration
    let seed: SeededRandom
    let placeCount: Int
    /// [places, 114]
    let placeFeatures: [Float]
    let visits: DistinctVisits
    /// Distinct pairs with a visit rated high enough, by person and place, the time slot of the last such visit, and
    /// how many there are.
    private(set) var positives: [Positive] = []
    /// People with positives, and where these begin; one entry more than people.
    private(set) var people: [UInt32] = []
    private(set) var starts: [Int] = [0]
    /// Draws pairs for the friend head.
    var friends: FriendSampler
    private var epoch = -1
    private var order: [UInt32] = []

    typealias Positive = (person: UInt32, place: UInt32, slot: UInt8, visits: UInt32)

    /// `reserved` pairs, person << 32 | place, are no positives; `visits` does not have them.
    init(
        graph: CityGraph, visits: DistinctVisits, configuration: GraphRecConfiguration, seed: SeededRandom,
        friends: FriendSampler, reserved: Set<UInt64> = []
    ) {
        self.friends = friends
        self.configuration = configuration
        self.seed = seed
        self.visits = visits
        placeCount = graph.places.count
        placeFeatures = graph.placeFeatures
        var row: [(place: UInt32, edge: Int)] = []
        for person in 0..<UInt32(graph.people.count) {
            // Somebody who has been everywhere leaves no negative to learn from.
            if visits.row(Int(person)).count == placeCount { continue }
            row.removeAll(keepingCapacity: true)
            for edge in graph.visits(of: person)
            where graph.visitSignals[edge].implicitRating >= configuration.positiveRating {
                row.append((graph.visitPlaces[edge], edge))
            }
            row.sort { ($0.place, $0.edge) < ($1.place, $1.edge) }
            var visits: UInt32 = 0
            for (index, (place, edge)) in row.enumerated() {
                visits += 1
                let isLast = index + 1 == row.count || row[index + 1].place != place
                if !isLast { continue }
                if !reserved.contains(UInt64(person) << 32 | UInt64(place)) {
                    positives.append((person, place, graph.visitSignals[edge].slot, visits))
                }
                visits = 0
            }
            if positives.count > starts[starts.count - 1] {
                people.append(person)
                starts.append(positives.count)
            }
        }
    }

    /// How many distinct positives there are.
    var count: Int { positives.count }

    /// The triplets of step `number`, counted from 0 over all rounds.
    mutating func draw(step number: Int) -> Triplets {
        if configuration.softmaxWeight > 0 { return drawHidden(step: number) }
        var random = seed.child("triplets", UInt64(number))
        let chosen = (0..<configuration.batch).map { index in positive(number * configuration.batch + index) }
        var triplets = Triplets()
        var rows = DistinctRows()
        if configuration.friendWeight + configuration.attendWeight > 0 {
            triplets.friends = friends.draw(step: number, &rows)
        }
        let width = configuration.contextDimensions
        let slots = chosen.map { positive in
            // Half of the time no slot is asked for, so that the head can judge without one.
            random.next() & 1 == 0 ? nil : Int(positive.slot)
        }
        let blocks = 1 + configuration.negatives
        triplets.pairs.context = [Float](repeating: 0, count: blocks * chosen.count * width)
        for positive in chosen {
            triplets.pairs.people.append(rows.person(positive.person))
            triplets.pairs.places.append(rows.place(positive.place))
            triplets.excluded.insert(UInt64(positive.person) << 32 | UInt64(positive.place))
        }
        let people = triplets.pairs.people
        let pool = chosen.map { _ in UInt32(random.below(placeCount)) }
        for _ in 1..<blocks {
            triplets.pairs.people += people
            for positive in chosen {
                triplets.pairs.places.append(rows.place(negative(for: positive, from: pool, &random)))
            }
        }
        for block in 0..<blocks {
            for (index, slot) in slots.enumerated() {
                if let slot { triplets.pairs.context[(block * chosen.count + index) * width + slot] = 1 }
            }
        }
        triplets.people = rows.people
        triplets.places = rows.places
        triplets.positives = chosen.count
        return triplets
    }

    private mutating func positive(_ position: Int) -> Positive {
        let wanted = position / positives.count
        if wanted != epoch {
            epoch = wanted
            order = Array(0..<UInt32(positives.count))
            var random = seed.child("epoch", UInt64(wanted))
            random.shuffle(&order)
        }
        return positives[Int(order[position % positives.count])]
    }

    /// A place of the pool that the person has not visited, or any such place when the pool has hardly one. The pool
    /// itself is uniform over the city, and being shared by the batch it keeps the subgraph small.
    /// Where categories are to be shared and sixteen draws find none that does, any unvisited place will do.
    func negative(for positive: Positive, from pool: [UInt32], _ random: inout SeededRandom) -> UInt32 {
        for _ in 0..<16 {
            let place = pool[random.below(pool.count)]
            if visits.contains(Int(positive.person), place) { continue }
            if !configuration.negativesShareCategory || shareCategory(positive.place, place) { return place }
        }
        while true {
            let place = UInt32(random.below(placeCount))
            if !visits.contains(Int(positive.person), place) { return place }
        }
    }

    private func shareCategory(_ one: UInt32, _ other: UInt32) -> Bool {
        let (first, second) = (Int(one) * PlaceColumns.count, Int(other) * PlaceColumns.count)
        return PlaceColumns.categories.contains { placeFeatures[first + $0] * placeFeatures[second + $0] > 0 }
    }
}

/// Gives rows to vertices in the order of their first appearance.
struct DistinctRows {
    private(set) var people: [UInt32] = []
    private(set) var places: [UInt32] = []
    private var personRows: [UInt32: UInt32] = [:]
    private(set) var placeRows: [UInt32: UInt32] = [:]

    mutating func person(_ vertex: UInt32) -> UInt32 { Self.row(vertex, &people, &personRows) }

    mutating func place(_ vertex: UInt32) -> UInt32 { Self.row(vertex, &places, &placeRows) }

    private static func row(_ vertex: UInt32, _ all: inout [UInt32], _ rows: inout [UInt32: UInt32]) -> UInt32 {
        if let row = rows[vertex] { return row }
        let row = UInt32(all.count)
        rows[vertex] = row
        all.append(vertex)
        return row
    }
}
