// What becomes of a friendship that says nothing of itself: what the two have in common is counted. There are several
// friendships to a person, so a person is looked at once: places and areas go into tables in which each friend's are
// found without a search.

import Basics
import World

/// What the graph knows of two people, for friendships that come without features.
struct FriendshipEvidence: Sendable {
    fileprivate let personFeatures: [Float]
    /// Length of each person's fine preference; 0 where it is unknown.
    fileprivate let tasteNorms: [Float]
    fileprivate let homes: [CityID]
    fileprivate let areas: PersonAreas
    /// How many places there are.
    fileprivate let places: Int
    /// Distinct places that person p attended, ascending, at `attendedOffsets[p]..<attendedOffsets[p + 1]`.
    fileprivate private(set) var attendedOffsets: [UInt32] = [0]
    fileprivate private(set) var attended: [UInt32] = []

    init(
        personFeatures: [Float], people: [Person], areas: PersonAreas, visits: VisitEdges, pool: ComputePool
    ) {
        self.personFeatures = personFeatures
        homes = people.map(\.homeCity)
        self.areas = areas
        places = visits.placeOffsets.count - 1
        var norms = [Float](repeating: 0, count: people.count)
        pool.forEachRow(of: &norms, columns: 1) { person, norm in
            norm[0] = tasteProduct(personFeatures, person, person).squareRoot()
        }
        tasteNorms = norms
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
}

/// Judges the friendships of one person after another. Belongs to one thread.
struct FriendshipJudge {
    private let evidence: FriendshipEvidence
    private var person = 0
    /// A bit for each place that the person attended.
    private var attended: [UInt64]
    /// The person's weight of each neighborhood.
    private var weights: [Float] = []

    init(_ evidence: FriendshipEvidence) {
        self.evidence = evidence
        attended = [UInt64](repeating: 0, count: evidence.places / 64 + 1)
    }

    /// From now on friendships of this person are judged.
    mutating func look(at person: Int) {
        for place in evidence.placesAttended(by: self.person) { attended[Int(place >> 6)] = 0 }
        for area in evidence.areas.areas(of: self.person) where Int(area.neighborhood) < weights.count {
            weights[Int(area.neighborhood)] = 0
        }
        self.person = person
        for place in evidence.placesAttended(by: person) { attended[Int(place >> 6)] |= 1 << UInt64(place & 63) }
        let areas = evidence.areas.areas(of: person)
        if let last = areas.last, Int(last.neighborhood) >= weights.count {
            weights.append(contentsOf: repeatElement(0, count: Int(last.neighborhood) + 1 - weights.count))
        }
        for area in areas { weights[Int(area.neighborhood)] = area.weight }
    }

    /// The three features of a friendship: as stated, or where nothing is stated, from what the two did.
    func features(of friendship: Friendship, with friend: Int) -> (overlap: Float, together: Float, shared: Float) {
        let (overlap, together) = (friendship.interestOverlap, friendship.coAttendance)
        let shared = friendship.sharedNeighborhoods
        let count = together != 0 ? Float(together) : Float(coAttendance(with: friend))
        return (
            overlap != 0 ? overlap : interestOverlap(with: friend), min(count / 10, 1),
            shared != 0 ? shared : sharedAreas(with: friend)
        )
    }

    /// Cosine of the two fine preferences, 0...1; 0 when one is unknown.
    private func interestOverlap(with friend: Int) -> Float {
        let norms = evidence.tasteNorms[person] * evidence.tasteNorms[friend]
        return norms > 0 ? min(tasteProduct(evidence.personFeatures, person, friend) / norms, 1) : 0
    }

    /// How many places both attended in training.
    private func coAttendance(with friend: Int) -> Int {
        var count: UInt64 = 0
        for place in evidence.placesAttended(by: friend) {
            count &+= attended[Int(place >> 6)] >> UInt64(place & 63) & 1
        }
        return Int(count)
    }

    /// The share of time that two people of one home city spend in the same neighborhoods: the sum of the smaller
    /// weights, 0...1. Neighborhoods of different cities never meet.
    private func sharedAreas(with friend: Int) -> Float {
        guard evidence.homes[person] == evidence.homes[friend] else { return 0 }
        var total: Float = 0
        for area in evidence.areas.areas(of: friend) where Int(area.neighborhood) < weights.count {
            total += min(area.weight, weights[Int(area.neighborhood)])
        }
        return min(total, 1)
    }
}

extension FriendshipEvidence {
    /// Distinct places, ascending.
    fileprivate func placesAttended(by person: Int) -> ArraySlice<UInt32> {
        attended[Int(attendedOffsets[person])..<Int(attendedOffsets[person + 1])]
    }
}

/// Inner product of the fine preferences in two rows of [people, 148]. In eight sums side by side, the same for any
/// number of threads.
private func tasteProduct(_ features: [Float], _ first: Int, _ second: Int) -> Float {
    let columns = PersonColumns.fineTags
    var sums = SIMD8<Float>()
    var rest = SIMD4<Float>()
    features.withUnsafeBytes { bytes in
        let left = 4 * (first * PersonColumns.count + columns.lowerBound)
        let right = 4 * (second * PersonColumns.count + columns.lowerBound)
        var offset = 0
        while offset + 32 <= 4 * columns.count {
            sums +=
                bytes.loadUnaligned(fromByteOffset: left + offset, as: SIMD8<Float>.self)
                * bytes.loadUnaligned(fromByteOffset: right + offset, as: SIMD8<Float>.self)
            offset += 32
        }
        while offset + 16 <= 4 * columns.count {
            rest +=
                bytes.loadUnaligned(fromByteOffset: left + offset, as: SIMD4<Float>.self)
                * bytes.loadUnaligned(fromByteOffset: right + offset, as: SIMD4<Float>.self)
            offset += 16
        }
    }
    return sums.sum() + rest.sum()
}
