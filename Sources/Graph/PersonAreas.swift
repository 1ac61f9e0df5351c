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

    /// Where all places carry neighborhood 0 nothing is known of neighborhoods, and nothing is derived.
    init(people: [Person], residents: Int, places: [Place], visits: VisitEdges, pool: ComputePool) {
        let neighborhoods = places.map(\.neighborhood)
        let isMapped = neighborhoods.contains { $0 != 0 }
        let pieces = min(people.count, pool.threads * 4)
        let parts = pool.map(pieces) { piece in
            var part = PersonAreas()
            var visited: [UInt16] = []
            for number in piece * people.count / pieces..<(piece + 1) * people.count / pieces {
                let stated = people[number].areaFrequencies
                if !stated.isEmpty {
                    part.areas += stated.sorted { $0.neighborhood < $1.neighborhood }
                } else if isMapped, number < residents {
                    let edges = Int(visits.offsets[number])..<Int(visits.offsets[number + 1])
                    visited.removeAll(keepingCapacity: true)
                    for edge in edges { visited.append(neighborhoods[Int(visits.places[edge])]) }
                    visited.sort()
                    part.count(visited)
                }
                part.offsets.append(UInt32(part.areas.count))
            }
            return part
        }
        for part in parts {
            let start = UInt32(areas.count)
            areas += part.areas
            for offset in part.offsets.dropFirst() { offsets.append(start + offset) }
        }
    }

    private init() {}

    /// Adds one entry per run of equal neighborhoods.
    private mutating func count(_ sorted: [UInt16]) {
        var start = 0
        while start < sorted.count {
            var end = start
            while end < sorted.count, sorted[end] == sorted[start] { end += 1 }
            areas.append(
                AreaFrequency(neighborhood: sorted[start], weight: Float(end - start) / Float(sorted.count)))
            start = end
        }
    }

    /// The areas of a person, ascending by neighborhood.
    func areas(of person: Int) -> ArraySlice<AreaFrequency> {
        areas[Int(offsets[person])..<Int(offsets[person + 1])]
    }

    /// The largest weights of a person, ties by lower neighborhood.
    func largestWeights(of person: Int, count: Int) -> [Float] {
        let ordered = areas(of: person).sorted {
            $0.weight != $1.weight ? $0.weight > $1.weight : $0.neighborhood < $1.neighborhood
        }
        return ordered.prefix(count).map(\.weight)
    }

    /// The share of time two people spend in the same neighborhoods: the sum of the smaller weights, 0...1.
    func overlap(_ first: Int, _ second: Int) -> Float {
        var total: Float = 0
        var left = Int(offsets[first])
        var right = Int(offsets[second])
        let (leftEnd, rightEnd) = (Int(offsets[first + 1]), Int(offsets[second + 1]))
        while left < leftEnd, right < rightEnd {
            let (a, b) = (areas[left], areas[right])
            if a.neighborhood == b.neighborhood { total += min(a.weight, b.weight) }
            if a.neighborhood <= b.neighborhood { left += 1 }
            if b.neighborhood <= a.neighborhood { right += 1 }
        }
        return min(total, 1)
    }
}
