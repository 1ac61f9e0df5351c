// Who tells whom in a whole city, nothing sampled. The two visit relations are each other's way back, and friendships
// are their own. Rows may stand in another order than the city's vertices: see `VertexOrder`.

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
    private let order: VertexOrder
    /// Where the friendships of each person begin in the city.
    private let friendOffsets: [UInt32]

    /// The visits of `excluded` pairs, person << 32 | place, and the `silent` edges of the social relation carry no
    /// message. Without an order rows are vertices.
    init(
        _ graph: CityGraph, _ inputs: CityInputs, excluding excluded: Set<UInt64> = [], silent: [UInt32] = [],
        order: VertexOrder? = nil
    ) {
        self.order = order ?? VertexOrder(people: graph.people.count, places: graph.places.count)
        friendOffsets = graph.socialOffsets
        friends = MessageRows(
            offsets: graph.socialOffsets, others: graph.socialNeighbors,
            kinds: inputs.friendshipKinds.kindOfEdge.map { UInt32($0) })
        let kinds = inputs.visitKinds.kindOfEdge
        visits = MessageRows(offsets: graph.visitOffsets, others: graph.visitPlaces, kinds: kinds.map { UInt32($0) })
        visitors = MessageRows(
            offsets: graph.placeOffsets, others: Array(graph.placeVisitors),
            kinds: graph.placeEdges.map { UInt32(kinds[Int($0)]) })
        if let order {
            friends = friends.rows(order.people).renumbered(order.personRows)
            visits = visits.rows(order.people).renumbered(order.placeRows)
            visitors = visitors.rows(order.places).renumbered(order.personRows).sortedByOthers
        }
        friendshipKinds = (0..<UInt32(inputs.friendshipKinds.count)).map { $0 }
        visitKinds = (0..<UInt32(inputs.visitKinds.count)).map { $0 }
        for pair in excluded { silence(pair, &visits, &visitors) }
        for edge in silent { friends.kinds[position(ofFriendship: edge)] = UInt32(friendshipKinds.count) }
    }

    /// Where a friendship of the city stands in `friends`.
    private func position(ofFriendship edge: UInt32) -> Int {
        var (low, high) = (0, friendOffsets.count - 1)
        while high - low > 1 {
            let middle = (low + high) / 2
            if friendOffsets[middle] <= edge { low = middle } else { high = middle }
        }
        return Int(friends.offsets[Int(order.personRows[low])]) + Int(edge - friendOffsets[low])
    }

    /// Messages as they are given: rows of people, of people and of places. Where friendships of a city come first in
    /// the rows, `friendOffsets` are those of its people.
    init(
        friends: MessageRows, visits: MessageRows, visitors: MessageRows, friendshipKinds: Int, visitKinds: Int,
        friendOffsets: [UInt32]? = nil
    ) {
        (self.friends, self.visits, self.visitors) = (friends, visits, visitors)
        order = VertexOrder(people: friends.rows, places: visitors.rows)
        self.friendOffsets = friendOffsets ?? friends.offsets
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
        for edge in silent { friends.kinds[position(ofFriendship: edge)] = UInt32(friendshipKinds.count) }
        let (people, places) = (people.map { order.personRows[Int($0)] }, places.map { order.placeRows[Int($0)] })
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
            people: order.people, places: order.places, friendshipKinds: friendshipKinds, visitKinds: visitKinds,
            layers: [LayerMessages](repeating: all, count: layers - 1) + [last])
    }

    private func silence(_ pair: UInt64, _ visits: inout MessageRows, _ visitors: inout MessageRows) {
        let person = order.personRows[Int(pair >> 32)]
        let place = order.placeRows[Int(UInt32(truncatingIfNeeded: pair))]
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

    /// The messages of one layer to some people and places, for inference: nothing goes back. Rows are vertices.
    func messages(people: [UInt32], places: [UInt32]) -> LayerMessages {
        precondition(order.isPlain, "inference names vertices")
        return LayerMessages(
            social: Messages(byTarget: friends.rows(people), bySource: nil),
            interacts: Messages(byTarget: visitors.rows(places), bySource: nil),
            revInteracts: Messages(byTarget: visits.rows(people), bySource: nil))
    }
}
