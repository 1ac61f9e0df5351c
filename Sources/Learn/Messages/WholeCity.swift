// Who tells whom in a whole city, nothing sampled. The two visit relations are each other's way back, and friendships
// are their own.

import Basics
import Graph
import Linalg

/// All messages of a city.
struct WholeCity: Sendable {
    /// A row for each person, the others are friends.
    private(set) var friends: MessageRows
    /// A row for each person, the others are places.
    private(set) var visits: MessageRows
    /// A row for each place, the others are people, ascending within a row.
    private(set) var visitors: MessageRows
    private let friendshipKinds: [UInt32]
    private let visitKinds: [UInt32]

    /// The visits of `excluded` pairs, person << 32 | place, and the `silent` edges of the social relation carry no
    /// message.
    init(
        _ graph: CityGraph, _ inputs: CityInputs, excluding excluded: Set<UInt64> = [], silent: [UInt32] = []
    ) {
        friends = MessageRows(
            offsets: graph.socialOffsets, others: graph.socialNeighbors,
            kinds: inputs.friendshipKinds.kindOfEdge.map { UInt32($0) })
        let kinds = inputs.visitKinds.kindOfEdge
        visits = MessageRows(offsets: graph.visitOffsets, others: graph.visitPlaces, kinds: kinds.map { UInt32($0) })
        visitors = MessageRows(
            offsets: graph.placeOffsets, others: Array(graph.placeVisitors),
            kinds: graph.placeEdges.map { UInt32(kinds[Int($0)]) })
        friendshipKinds = (0..<UInt32(inputs.friendshipKinds.count)).map { $0 }
        visitKinds = (0..<UInt32(inputs.visitKinds.count)).map { $0 }
        for pair in excluded { silence(pair, &visits, &visitors) }
        for edge in silent { friends.kinds[Int(edge)] = UInt32(friendshipKinds.count) }
    }

    /// Messages as they are given: rows of people, of people and of places.
    init(friends: MessageRows, visits: MessageRows, visitors: MessageRows, friendshipKinds: Int, visitKinds: Int) {
        (self.friends, self.visits, self.visitors) = (friends, visits, visitors)
        self.friendshipKinds = (0..<UInt32(friendshipKinds)).map { $0 }
        self.visitKinds = (0..<UInt32(visitKinds)).map { $0 }
    }

    /// What a step of `layers` layers reads when every vertex hears all its neighbors, and in the last layer the people
    /// and places asked for do. The visits of `excluded` pairs, person << 32 | place, are silent.
    /// O(visits), mostly copied.
    func neighborhood(
        people: [UInt32], places: [UInt32], excluding excluded: Set<UInt64>, silent: [UInt32] = [], layers: Int
    ) -> Neighborhood {
        var (friends, visits, visitors) = (friends, visits, visitors)
        for edge in silent { friends.kinds[Int(edge)] = UInt32(friendshipKinds.count) }
        for pair in excluded { silence(pair, &visits, &visitors) }
        let all = LayerMessages(
            social: Messages(byTarget: friends, bySource: friends),
            interacts: Messages(byTarget: visitors, bySource: visits),
            revInteracts: Messages(byTarget: visits, bySource: visitors))
        let last = LayerMessages(
            peopleRows: people, placeRows: places,
            social: Messages(friends.rows(people), sources: friends.rows),
            interacts: Messages(visitors.rows(places), sources: friends.rows),
            revInteracts: Messages(visits.rows(people), sources: visitors.rows))
        return Neighborhood(
            people: (0..<UInt32(friends.rows)).map { $0 }, places: (0..<UInt32(visitors.rows)).map { $0 },
            friendshipKinds: friendshipKinds, visitKinds: visitKinds,
            layers: [LayerMessages](repeating: all, count: layers - 1) + [last])
    }

    private func silence(_ pair: UInt64, _ visits: inout MessageRows, _ visitors: inout MessageRows) {
        let (person, place) = (UInt32(truncatingIfNeeded: pair >> 32), UInt32(truncatingIfNeeded: pair))
        let silent = UInt32(visitKinds.count)
        let row = Int(visits.offsets[Int(person)])..<Int(visits.offsets[Int(person) + 1])
        for message in row where visits.others[message] == place { visits.kinds[message] = silent }
        var (low, high) = (Int(visitors.offsets[Int(place)]), Int(visitors.offsets[Int(place) + 1]))
        let end = high
        while low < high {
            let middle = (low + high) / 2
            if visitors.others[middle] < person { low = middle + 1 } else { high = middle }
        }
        while low < end, visitors.others[low] == person {
            visitors.kinds[low] = silent
            low += 1
        }
    }

    /// The messages of one layer to some people and places, for inference: nothing goes back.
    func messages(people: [UInt32], places: [UInt32]) -> LayerMessages {
        LayerMessages(
            social: Messages(byTarget: friends.rows(people), bySource: nil),
            interacts: Messages(byTarget: visitors.rows(places), bySource: nil),
            revInteracts: Messages(byTarget: visits.rows(people), bySource: nil))
    }
}
