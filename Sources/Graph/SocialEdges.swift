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
            sources.append(first)
            sources.append(second)
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

    /// Fills `features` from the friendships the edges were made of. Each friendship is judged once, from the row of
    /// its lower person, and written in both rows.
    mutating func writeFeatures(_ evidence: FriendshipEvidence, friendships: [Friendship], pool: ComputePool) {
        let width = FriendshipColumns.count
        let (offsets, neighbors, origins) = (offsets, neighbors, origins)
        features = [Float](repeating: 0, count: neighbors.count * width)
        features.fill { features in
            // A friendship's two edges are written by whoever has its lower person.
            pool.forEachRange(of: offsets.count - 1, pieces: pool.threads * 4) { people in
                for person in people {
                    for edge in Int(offsets[person])..<Int(offsets[person + 1]) where neighbors[edge] > person {
                        let friend = Int(neighbors[edge])
                        let row = Int(offsets[friend])..<Int(offsets[friend + 1])
                        let back = firstIndex(in: neighbors, row, notBelow: UInt32(person))
                        let judged = evidence.features(of: friendships[Int(origins[edge])], person, friend)
                        features[edge * width + FriendshipColumns.interestOverlap] = judged.overlap
                        features[edge * width + FriendshipColumns.coAttendance] = judged.together
                        features[edge * width + FriendshipColumns.sharedNeighborhoods] = judged.shared
                        for column in 0..<width { features[back * width + column] = features[edge * width + column] }
                    }
                }
            }
        }
    }
}

/// The first position in an ascending row that is not below a value.
private func firstIndex(in elements: [UInt32], _ row: Range<Int>, notBelow value: UInt32) -> Int {
    var low = row.lowerBound
    var high = row.upperBound
    while low < high {
        let middle = (low + high) / 2
        if elements[middle] < value { low = middle + 1 } else { high = middle }
    }
    return low
}

/// What the graph knows of two people, for friendships that come without features.
struct FriendshipEvidence: Sendable {
    private let personFeatures: [Float]
    private let homes: [CityID]
    private let areas: PersonAreas
    /// Distinct places that person p attended, ascending, at `attendedOffsets[p]..<attendedOffsets[p + 1]`.
    private var attendedOffsets: [UInt32] = [0]
    private var attended: [UInt32] = []

    init(
        personFeatures: [Float], people: [Person], areas: PersonAreas, visits: VisitEdges, pool: ComputePool
    ) {
        self.personFeatures = personFeatures
        homes = people.map(\.homeCity)
        self.areas = areas
        let pieces = min(people.count, pool.threads * 4)
        let parts = pool.map(pieces) { piece in
            Self.attended(visits, by: piece * people.count / pieces..<(piece + 1) * people.count / pieces)
        }
        for part in parts {
            let start = UInt32(attended.count)
            attended += part.places
            for end in part.ends { attendedOffsets.append(start + end) }
        }
    }

    /// The distinct places that some people attended, ascending in each person's row, and where the rows end.
    private static func attended(_ visits: VisitEdges, by people: Range<Int>) -> (places: [UInt32], ends: [UInt32]) {
        let packed = visits.signals.packedParts
        var (places, ends, row): ([UInt32], [UInt32], [UInt32]) = ([], [], [])
        for person in people {
            row.removeAll(keepingCapacity: true)
            for edge in Int(visits.offsets[person])..<Int(visits.offsets[person + 1])
            where VisitSignals(packed: packed[edge], seconds: 0).attended {
                row.append(visits.places[edge])
            }
            row.sort()
            for (index, place) in row.enumerated() where index == 0 || row[index - 1] != place { places.append(place) }
            ends.append(UInt32(places.count))
        }
        return (places, ends)
    }

    /// The three features of a friendship of two people, the lower first: as stated, or where nothing is stated, from
    /// what they did.
    func features(
        of friendship: Friendship, _ one: Int, _ other: Int
    ) -> (overlap: Float, together: Float, shared: Float) {
        let (overlap, together) = (friendship.interestOverlap, friendship.coAttendance)
        let shared = friendship.sharedNeighborhoods
        let count = together != 0 ? Float(together) : Float(coAttendance(one, other))
        return (
            overlap != 0 ? overlap : interestOverlap(one, other), min(count / 10, 1),
            shared != 0 ? shared : sharedAreas(one, other)
        )
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
