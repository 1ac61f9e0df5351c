// In which neighborhoods each person is found. Stated by the record, or counted from training visits, which
// tells something about residents only: a halo person's visits here are not where they spend their time.

import Basics
import World

/// The area frequencies of all people, in rows.
struct PersonAreas: Sendable {
    /// Areas of person p are at `offsets[p]..<offsets[p + 1]`.
    private var offsets: [UInt32] = [0]
    /// Ascending by neighborhood within a row.
    private var areas: [AreaFrequency] = []
    /// Whether each person's record states them.
    private var isStated: [Bool] = []

    /// Where all places carry neighborhood 0 nothing is known of neighborhoods, and nothing is derived.
    init(people: [Person], residents: Int, places: [Place], visits: VisitEdges, pool: ComputePool) {
        let neighborhoods = places.map(\.neighborhood)
        let isMapped = neighborhoods.contains { $0 != 0 }
        let pieces = min(people.count, pool.threads * 4)
        let parts = pool.map(pieces) { piece in
            var part = PersonAreas()
            var tally = NeighborhoodTally(neighborhoods: Int(neighborhoods.max() ?? 0) + 1)
            for number in piece * people.count / pieces..<(piece + 1) * people.count / pieces {
                let stated = people[number].areaFrequencies
                if !stated.isEmpty {
                    part.areas += stated.sorted { $0.neighborhood < $1.neighborhood }
                } else if isMapped, number < residents {
                    let edges = Int(visits.offsets[number])..<Int(visits.offsets[number + 1])
                    for edge in edges { tally.count(neighborhoods[Int(visits.places[edge])]) }
                    part.areas += tally.take(of: edges.count)
                }
                part.offsets.append(UInt32(part.areas.count))
                part.isStated.append(!stated.isEmpty)
            }
            return part
        }
        for part in parts {
            let start = UInt32(areas.count)
            areas += part.areas
            isStated += part.isStated
            for offset in part.offsets.dropFirst() { offsets.append(start + offset) }
        }
    }

    private init() {}

    /// The areas of a person, ascending by neighborhood.
    func areas(of person: Int) -> ArraySlice<AreaFrequency> {
        areas[Int(offsets[person])..<Int(offsets[person + 1])]
    }

    /// What the records state, and nothing that was counted from visits.
    var stated: StatedAreas {
        StatedAreas(isStated.indices.lazy.map { isStated[$0] ? areas(of: $0) : [] })
    }

    /// The largest weights of a person, ties by lower neighborhood.
    func largestWeights(of person: Int, count: Int) -> [Float] {
        let ordered = areas(of: person).sorted {
            $0.weight != $1.weight ? $0.weight > $1.weight : $0.neighborhood < $1.neighborhood
        }
        return ordered.prefix(count).map(\.weight)
    }
}

/// Where people say they are found: of each, neighborhoods and their weights, which sum to 1; none where nothing is
/// said.
package struct StatedAreas: Sendable, Equatable {
    /// Areas of person p are at `offsets[p]..<offsets[p + 1]`.
    package private(set) var offsets: [UInt32] = [0]
    /// Ascending within a row.
    package private(set) var neighborhoods: [UInt16] = []
    package private(set) var weights: [Float] = []

    /// One row a person, ascending by neighborhood.
    init(_ rows: some Sequence<ArraySlice<AreaFrequency>>) {
        for areas in rows {
            neighborhoods += areas.map(\.neighborhood)
            weights += areas.map(\.weight)
            offsets.append(UInt32(neighborhoods.count))
        }
    }

    var bytes: Int { 4 * (offsets.count + weights.count) + 2 * neighborhoods.count }
}

/// Counts of neighborhoods, taken for one person after another.
private struct NeighborhoodTally {
    private var counts: [UInt32]
    /// Those that were counted.
    private var met: [UInt16] = []

    init(neighborhoods: Int) { counts = [UInt32](repeating: 0, count: neighborhoods) }

    mutating func count(_ neighborhood: UInt16) {
        if counts[Int(neighborhood)] == 0 { met.append(neighborhood) }
        counts[Int(neighborhood)] += 1
    }

    /// The share of each, ascending by neighborhood; counting begins anew.
    mutating func take(of total: Int) -> [AreaFrequency] {
        met.sort()
        defer { met.removeAll(keepingCapacity: true) }
        return met.map { neighborhood in
            defer { counts[Int(neighborhood)] = 0 }
            return AreaFrequency(
                neighborhood: neighborhood, weight: Float(counts[Int(neighborhood)]) / Float(total))
        }
    }
}
