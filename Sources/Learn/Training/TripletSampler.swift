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
    /// n pairs with positives, then n with negatives; rows of `people` and `places`.
    var pairs = ScoredPairs(people: [], places: [], context: [])
    /// person << 32 | place of each positive, whose visits carry no message.
    var excluded: Set<UInt64> = []
}

/// Draws triplets. What it draws for a step depends on the seed and the step's number alone.
struct TripletSampler: Sendable {
    private let configuration: GraphRecConfiguration
    private let seed: SeededRandom
    private let placeCount: Int
    /// Distinct places of each person's training visits, ascending, in compressed rows.
    private var visitedOffsets: [UInt32] = [0]
    private var visited: [UInt32] = []
    /// Distinct pairs with a visit rated high enough, and the time slot of the last such visit.
    private var positives: [(person: UInt32, place: UInt32, slot: UInt8)] = []
    private var epoch = -1
    private var order: [UInt32] = []

    init(graph: CityGraph, configuration: GraphRecConfiguration, seed: SeededRandom) {
        self.configuration = configuration
        self.seed = seed
        placeCount = graph.places.count
        var row: [(place: UInt32, edge: Int)] = []
        for person in 0..<UInt32(graph.people.count) {
            row.removeAll(keepingCapacity: true)
            for edge in graph.visits(of: person) { row.append((graph.visitPlaces[edge], edge)) }
            row.sort { ($0.place, $0.edge) < ($1.place, $1.edge) }
            addRow(of: person, row, graph.visitSignals)
        }
    }

    /// How many distinct positives there are.
    var count: Int { positives.count }

    private mutating func addRow(
        of person: UInt32, _ row: [(place: UInt32, edge: Int)], _ signals: [VisitSignals]
    ) {
        let start = (visited.count, positives.count)
        for (place, edge) in row {
            if visited.count == start.0 || visited[visited.count - 1] != place { visited.append(place) }
            let signal = signals[edge]
            if signal.implicitRating < configuration.positiveRating { continue }
            if positives.count > start.1, positives[positives.count - 1].place == place { positives.removeLast() }
            positives.append((person, place, signal.slot))
        }
        visitedOffsets.append(UInt32(visited.count))
        // Somebody who has been everywhere leaves no negative to learn from.
        if visited.count - start.0 == placeCount { positives.removeLast(positives.count - start.1) }
    }

    /// The triplets of step `number`, counted from 0 over all rounds.
    mutating func draw(step number: Int) -> Triplets {
        var random = seed.child("triplets", UInt64(number))
        let chosen = (0..<configuration.batch).map { index in positive(number * configuration.batch + index) }
        var triplets = Triplets()
        var rows = DistinctRows()
        let width = configuration.contextDimensions
        triplets.pairs.context = [Float](repeating: 0, count: 2 * chosen.count * width)
        for (index, positive) in chosen.enumerated() {
            triplets.pairs.people.append(rows.person(positive.person))
            triplets.pairs.places.append(rows.place(positive.place))
            triplets.excluded.insert(UInt64(positive.person) << 32 | UInt64(positive.place))
            // Half of the time no slot is asked for, so that the head can judge without one.
            if random.next() & 1 == 0 { continue }
            triplets.pairs.context[index * width + Int(positive.slot)] = 1
            triplets.pairs.context[(chosen.count + index) * width + Int(positive.slot)] = 1
        }
        triplets.pairs.people += triplets.pairs.people
        for positive in chosen {
            triplets.pairs.places.append(rows.place(negative(for: positive.person, &random)))
        }
        triplets.people = rows.people
        triplets.places = rows.places
        return triplets
    }

    private mutating func positive(_ position: Int) -> (person: UInt32, place: UInt32, slot: UInt8) {
        let wanted = position / positives.count
        if wanted != epoch {
            epoch = wanted
            order = Array(0..<UInt32(positives.count))
            var random = seed.child("epoch", UInt64(wanted))
            random.shuffle(&order)
        }
        return positives[Int(order[position % positives.count])]
    }

    private func negative(for person: UInt32, _ random: inout SeededRandom) -> UInt32 {
        let row = visited[Int(visitedOffsets[Int(person)])..<Int(visitedOffsets[Int(person) + 1])]
        while true {
            let place = UInt32(random.below(placeCount))
            if !contains(place, row) { return place }
        }
    }

    private func contains(_ place: UInt32, _ ascending: ArraySlice<UInt32>) -> Bool {
        var (low, high) = (ascending.startIndex, ascending.endIndex)
        while low < high {
            let middle = (low + high) / 2
            if ascending[middle] < place { low = middle + 1 } else { high = middle }
        }
        return low < ascending.endIndex && ascending[low] == place
    }
}

/// Gives rows to vertices in the order of their first appearance.
private struct DistinctRows {
    private(set) var people: [UInt32] = []
    private(set) var places: [UInt32] = []
    private var personRows: [UInt32: UInt32] = [:]
    private var placeRows: [UInt32: UInt32] = [:]

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

extension VisitSignals {
    /// The time slot of the visit: the time of day on weekdays; on weekends day (morning, afternoon) or night.
    var slot: UInt8 {
        if !isWeekend { return UInt8(timeOfDay) }
        return timeOfDay < 2 ? 4 : 5
    }
}
