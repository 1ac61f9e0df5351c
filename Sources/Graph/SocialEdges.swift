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
        // Of two people the first mostly is the one of the row before.
        var last: (id: PersonID, position: UInt32?)?
        for (row, friendship) in friendships.enumerated() {
            if last?.id != friendship.first {
                last = (friendship.first, people.position(of: friendship.first.number))
            }
            guard let first = last?.position,
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
        neighbors.reserveCapacity(entries.count)
        origins.reserveCapacity(entries.count)
        offsets.reserveCapacity(people.count + 1)
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
        features = pool.zeros(neighbors.count * width)
        features.fill { features in
            // A friendship's two edges are written by whoever has its lower person.
            pool.forEachRange(of: offsets.count - 1, pieces: pool.threads * 4) { people in
                var judge = FriendshipJudge(evidence)
                for person in people {
                    judge.look(at: person)
                    for edge in Int(offsets[person])..<Int(offsets[person + 1]) where neighbors[edge] > person {
                        let friend = Int(neighbors[edge])
                        let row = Int(offsets[friend])..<Int(offsets[friend + 1])
                        let back = firstIndex(in: neighbors, row, notBelow: UInt32(person))
                        let judged = judge.features(of: friendships[Int(origins[edge])], with: friend)
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
