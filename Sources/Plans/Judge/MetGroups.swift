package import Graph
package import Learn

/// Somebody was at a place.
package struct Encounter: Equatable, Sendable {
    /// Local.
    package var person: UInt32
    package var place: UInt32
    /// Milliseconds since 1970.
    package var time: Int64
    /// Whether models are judged by it and so must not see it.
    package var isHeldOut: Bool

    package init(person: UInt32, place: UInt32, time: Int64, isHeldOut: Bool = false) {
        self.person = person
        self.place = place
        self.time = time
        self.isHeldOut = isHeldOut
    }
}

/// Friends who met.
package struct Meeting: Equatable, Sendable {
    package var group: MetGroup
    /// Whether one of them holds the visit out.
    package var isHeldOut: Bool

    package init(_ group: MetGroup, isHeldOut: Bool) {
        self.group = group
        self.isHeldOut = isHeldOut
    }
}

/// Groups of friends who were at a place together, from a city's visits: people who came within two hours of the first
/// and are tied by friendships among them. The latest `most`, oldest first; groups of two to six.
/// O(encounters · log + friendships of those who met).
package func metGroups(_ encounters: [Encounter], in graph: CityGraph, most: Int) -> [Meeting] {
    let sorted = encounters.sorted { ($0.place, $0.time, $0.person) < ($1.place, $1.time, $1.person) }
    var found: [(time: Int64, meeting: Meeting)] = []
    var start = 0
    while start < sorted.count {
        var end = start + 1
        while end < sorted.count, sorted[end].place == sorted[start].place,
            sorted[end].time - sorted[start].time <= togetherMilliseconds
        { end += 1 }
        if end - start > 1 {
            for members in tied(sorted[start..<end].map(\.person), graph) where members.count <= membersMax {
                let isHeldOut = sorted[start..<end].contains { $0.isHeldOut && members.contains($0.person) }
                let group = MetGroup(venue: sorted[start].place, members: members)
                found.append((sorted[start].time, Meeting(group, isHeldOut: isHeldOut)))
            }
        }
        start = end
    }
    found.sort { left, right in
        let (one, other) = (left.meeting.group, right.meeting.group)
        return (left.time, one.venue, one.members[0]) < (right.time, other.venue, other.members[0])
    }
    return found.suffix(most).map(\.meeting)
}

private let togetherMilliseconds: Int64 = 2 * 3_600_000
private let membersMax = 6
/// Of a crowd that is greater nobody knows who came with whom.
private let crowdMax = 200

/// The people of each set that friendships hold together, ascending; nobody alone.
private func tied(_ people: [UInt32], _ graph: CityGraph) -> [[UInt32]] {
    if people.count > crowdMax { return [] }
    var open = Set(people)
    var groups: [[UInt32]] = []
    for person in open.sorted() where open.contains(person) {
        var (group, next) = ([person], 0)
        open.remove(person)
        while next < group.count {
            for edge in graph.friends(of: group[next]) {
                let friend = graph.socialNeighbors[edge]
                if open.remove(friend) != nil { group.append(friend) }
            }
            next += 1
        }
        if group.count > 1 { groups.append(group.sorted()) }
    }
    return groups
}
