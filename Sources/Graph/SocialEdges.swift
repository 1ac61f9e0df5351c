// Friendships become edges: each stands in the row of both friends, with the same three features. A feature of
// zero says that it is not known (the import of a bare list of friends knows none), and is derived from
// what the graph knows of both: their tastes, the places both attended in training, their areas.

import Basics
import World

/// The social relation of a city, both directions.
struct SocialEdges {
    private(set) var offsets: [UInt32] = [0]
    private(set) var neighbors: [UInt32] = []
    /// [edges, 3]
    private(set) var features: [Float] = []
    /// Friendships with a missing end, or of a person with itself.
    private(set) var skipped = 0
    /// The friendship that each edge comes from.
    private var origins: [UInt32] = []

    /// One end of a friendship as seen from the other.
    private struct Entry: BitwiseCopyable {
        var neighbor: UInt32
        var row: UInt32

        static func isEarlier(_ left: Entry, _ right: Entry) -> Bool {
            left.neighbor != right.neighbor ? left.neighbor < right.neighbor : left.row < right.row
        }
    }

    /// The edges alone. Of two friendships of the same people the later one counts.
    init(friendships: [Friendship], people: LocalIndex, pool: ComputePool) {
        precondition(friendships.count < Int(UInt32.max / 2), "a city has fewer than 2^31 friendships")
        var sources: [UInt32] = []
        var ends: [Entry] = []
        sources.reserveCapacity(friendships.count * 2)
        ends.reserveCapacity(friendships.count * 2)
        for (row, friendship) in friendships.enumerated() {
            guard let first = people.position(of: friendship.first.number),
                let second = people.position(of: friendship.second.number), first != second
            else {
                skipped += 1
                continue
            }
            sources += [first, second]
            ends.append(Entry(neighbor: second, row: UInt32(row)))
            ends.append(Entry(neighbor: first, row: UInt32(row)))
        }
        let (groups, order) = grouped(by: sources, groups: people.count)
        var entries = order.map { ends[Int($0)] }
        pool.sortGroups(of: &entries, offsets: groups, by: Entry.isEarlier)
        for person in 0..<people.count {
            let row = Int(groups[person])..<Int(groups[person + 1])
            for index in row {
                let entry = entries[index]
                if index + 1 < row.upperBound, entries[index + 1].neighbor == entry.neighbor { continue }
                neighbors.append(entry.neighbor)
                origins.append(entry.row)
            }
            offsets.append(UInt32(neighbors.count))
        }
    }

    /// Fills `features` from the friendships the edges were made of.
    mutating func writeFeatures(_ evidence: FriendshipEvidence, friendships: [Friendship], pool: ComputePool) {
        var sources = [UInt32](repeating: 0, count: neighbors.count)
        for person in 0..<offsets.count - 1 {
            for edge in Int(offsets[person])..<Int(offsets[person + 1]) { sources[edge] = UInt32(person) }
        }
        features = [Float](repeating: 0, count: neighbors.count * FriendshipColumns.count)
        let (from, to, origins) = (sources, neighbors, origins)
        pool.forEachRow(of: &features, columns: FriendshipColumns.count) { edge, row in
            let friendship = friendships[Int(origins[edge])]
            // Lower person first, so that both directions compute the very same numbers.
            let (one, other) = (Int(min(from[edge], to[edge])), Int(max(from[edge], to[edge])))
            let overlap = friendship.interestOverlap
            row[FriendshipColumns.interestOverlap] = overlap != 0 ? overlap : evidence.interestOverlap(one, other)
            let together = friendship.coAttendance
            let count = together != 0 ? Float(together) : Float(evidence.coAttendance(one, other))
            row[FriendshipColumns.coAttendance] = min(count / 10, 1)
            let shared = friendship.sharedNeighborhoods
            row[FriendshipColumns.sharedNeighborhoods] = shared != 0 ? shared : evidence.sharedAreas(one, other)
        }
    }
}

/// What the graph knows of two people, for friendships that come without features.
struct FriendshipEvidence: Sendable {
    private let personFeatures: [Float]
    private let homes: [CityID]
    private let areas: PersonAreas
    /// Distinct places that person p attended, ascending, at `attendedOffsets[p]..<attendedOffsets[p + 1]`.
    private var attendedOffsets: [UInt32] = [0]
    private var attended: [UInt32] = []

    init(personFeatures: [Float], people: [Person], areas: PersonAreas, visits: VisitEdges) {
        self.personFeatures = personFeatures
        homes = people.map(\.homeCity)
        self.areas = areas
        var row: [UInt32] = []
        for person in people.indices {
            row.removeAll(keepingCapacity: true)
            for edge in Int(visits.offsets[person])..<Int(visits.offsets[person + 1])
            where visits.signals[edge].attended {
                row.append(visits.places[edge])
            }
            row.sort()
            for (index, place) in row.enumerated() where index == 0 || row[index - 1] != place {
                attended.append(place)
            }
            attendedOffsets.append(UInt32(attended.count))
        }
    }

    /// Cosine of the two fine preferences, 0...1; 0 when one is unknown.
    func interestOverlap(_ first: Int, _ second: Int) -> Float {
        let (a, b) = (tastes(of: first), tastes(of: second))
        var (product, left, right): (Float, Float, Float) = (0, 0, 0)
        for index in 0..<a.count {
            product += a[index] * b[index]
            left += a[index] * a[index]
            right += b[index] * b[index]
        }
        let norms = left.squareRoot() * right.squareRoot()
        return norms > 0 ? min(product / norms, 1) : 0
    }

    @_lifetime(borrow self)
    private func tastes(of person: Int) -> Span<Float> {
        let start = person * PersonColumns.count
        let columns = PersonColumns.fineTags
        return personFeatures.span.extracting(start + columns.lowerBound..<start + columns.upperBound)
    }

    /// How many places both attended in training.
    func coAttendance(_ first: Int, _ second: Int) -> Int {
        var left = Int(attendedOffsets[first])
        var right = Int(attendedOffsets[second])
        let (leftEnd, rightEnd) = (Int(attendedOffsets[first + 1]), Int(attendedOffsets[second + 1]))
        var count = 0
        while left < leftEnd, right < rightEnd {
            let (a, b) = (attended[left], attended[right])
            if a == b { count += 1 }
            if a <= b { left += 1 }
            if b <= a { right += 1 }
        }
        return count
    }

    /// The overlap of the areas of two people of one home city; neighborhoods of different cities never meet.
    func sharedAreas(_ first: Int, _ second: Int) -> Float {
        homes[first] == homes[second] ? areas.overlap(first, second) : 0
    }
}
