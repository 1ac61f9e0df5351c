// A city with what its people do elsewhere, for steps that hear it: visits in other cities of everybody whom this city
// knows, and friends at home of its guests. What is elsewhere is heard and never asked for: it is no positive, no
// negative and nobody who is judged, its places have no embeddings of their own here, and people whom this city does
// not know tell what they say of themselves.
//
// People whom the city does not know stand behind its own, places elsewhere behind its own places, so that the numbers
// of batches hold. For a process that has all cities (`scale-out`): workers hold only their own.

import Basics
import Graph

package struct CityAcross: Sendable {
    let inputs: CityInputs
    let messages: WholeCity
    /// Visits and friendships that the city alone does not hear.
    package let messagesMore: Int

    package init(_ trainer: CityTrainer, among trainers: [CityTrainer]) {
        let graph = trainer.graph
        var more = Elsewhere(graph)
        for (index, other) in trainers.enumerated() where other !== trainer { more.add(other, index) }
        messagesMore = more.visits.reduce(0) { $0 + $1.count } + more.friendships.count
        let kinds = EdgeKindTable(visitKinds: graph.visitSignals.kinds + more.visits.flatMap { $0.map(\.kind) })
        let friendshipKinds = EdgeKindTable(friendships: graph.socialFeatures + more.friendshipFeatures)
        inputs = CityInputs(
            people: trainer.inputs.people.followed(
                by: more.strangers.map { (trainers[$0.city].inputs.people, $0.row) }),
            places: trainer.inputs.places.followed(by: more.places.map { (trainers[$0.city].inputs.places, $0.row) }),
            friendshipKinds: friendshipKinds, visitKinds: kinds)
        let visits = more.visitRows(kinds.kindOfEdge)
        messages = WholeCity(
            friends: more.friendRows(friendshipKinds.kindOfEdge), visits: visits.byPerson, visitors: visits.byPlace,
            friendshipKinds: friendshipKinds.count, visitKinds: kinds.count, friendOffsets: graph.socialOffsets)
    }
}

/// What other cities know of a city's people.
private struct Elsewhere {
    typealias Vertex = (city: Int, row: Int)

    private let graph: CityGraph
    /// Visits of each person of the city.
    private(set) var visits: [[(place: UInt32, kind: UInt16)]]
    private(set) var places: [Vertex] = []
    private(set) var strangers: [Vertex] = []
    private(set) var friendships: [(one: UInt32, other: UInt32)] = []
    /// [friendships, 3]
    private(set) var friendshipFeatures: [Float] = []
    private var rowOfPlace: [PlaceID: UInt32] = [:]
    private var rowOfStranger: [PersonID: UInt32] = [:]
    private var known: Set<UInt64> = []

    init(_ graph: CityGraph) {
        self.graph = graph
        visits = Array(repeating: [], count: graph.people.count)
    }

    mutating func add(_ other: CityTrainer, _ city: Int) {
        let there = other.graph
        let kinds = there.visitSignals.kinds
        for (person, id) in there.people.enumerated() {
            guard let here = graph.localPerson(id) else { continue }
            for edge in there.visits(of: UInt32(person)) {
                let place = Int(there.visitPlaces[edge])
                let silent = other.validation.pairs.contains(UInt64(person) << 32 | UInt64(place))
                if silent { continue }
                visits[Int(here)].append((row(ofPlace: there.places[place], (city, place)), kinds[edge]))
            }
            // Their home knows all friends of residents; this city those who were here, too.
            if Int(here) >= graph.residents, person < there.residents { addFriends(of: person, here, there, city) }
        }
    }

    private mutating func addFriends(of person: Int, _ here: UInt32, _ there: CityGraph, _ city: Int) {
        let friends = Set(graph.friends(of: here).map { graph.socialNeighbors[$0] })
        for edge in there.friends(of: UInt32(person)) {
            let friend = Int(there.socialNeighbors[edge])
            let row = row(ofPerson: there.people[friend], (city, friend))
            let pair = UInt64(min(row, here)) << 32 | UInt64(max(row, here))
            if friends.contains(row) || !known.insert(pair).inserted { continue }
            friendships.append((here, row))
            friendshipFeatures +=
                there.socialFeatures[
                    edge * FriendshipColumns.count..<(edge + 1) * FriendshipColumns.count]
        }
    }

    private mutating func row(ofPlace place: PlaceID, _ vertex: Vertex) -> UInt32 {
        if let row = rowOfPlace[place] { return row }
        let row = UInt32(graph.places.count + places.count)
        rowOfPlace[place] = row
        places.append(vertex)
        return row
    }

    private mutating func row(ofPerson person: PersonID, _ vertex: Vertex) -> UInt32 {
        if let row = graph.localPerson(person) ?? rowOfStranger[person] { return row }
        let row = UInt32(graph.people.count + strangers.count)
        rowOfStranger[person] = row
        strangers.append(vertex)
        return row
    }

    /// All visits, those here first; `kinds` numbers them, those elsewhere behind those here, by person.
    func visitRows(_ kinds: [UInt16]) -> (byPerson: MessageRows, byPlace: MessageRows) {
        var (offsets, others, ofPerson): ([UInt32], [UInt32], [UInt32]) = ([0], [], [])
        var byPlace = [[(person: UInt32, kind: UInt32)]](repeating: [], count: places.count)
        var next = graph.visitPlaces.count
        for person in graph.people.indices {
            for edge in graph.visits(of: UInt32(person)) {
                others.append(graph.visitPlaces[edge])
                ofPerson.append(UInt32(kinds[edge]))
            }
            for visit in visits[person] {
                others.append(visit.place)
                ofPerson.append(UInt32(kinds[next]))
                byPlace[Int(visit.place) - graph.places.count].append((UInt32(person), UInt32(kinds[next])))
                next += 1
            }
            offsets.append(UInt32(others.count))
        }
        offsets += repeatElement(UInt32(others.count), count: strangers.count)
        var (placeOffsets, visitors) = (graph.placeOffsets, Array(graph.placeVisitors))
        var ofPlace = graph.placeEdges.map { UInt32(kinds[Int($0)]) }
        for list in byPlace {
            visitors += list.map(\.person)
            ofPlace += list.map(\.kind)
            placeOffsets.append(UInt32(visitors.count))
        }
        return (
            MessageRows(offsets: offsets, others: others, kinds: ofPerson),
            MessageRows(offsets: placeOffsets, others: visitors, kinds: ofPlace)
        )
    }

    /// All friendships, in both rows; of a person those here first.
    func friendRows(_ kinds: [UInt16]) -> MessageRows {
        var more = [[(other: UInt32, kind: UInt32)]](repeating: [], count: graph.people.count + strangers.count)
        for (index, pair) in friendships.enumerated() {
            let kind = UInt32(kinds[graph.socialNeighbors.count + index])
            more[Int(pair.one)].append((pair.other, kind))
            more[Int(pair.other)].append((pair.one, kind))
        }
        var (offsets, others, ofFriend): ([UInt32], [UInt32], [UInt32]) = ([0], [], [])
        for (person, list) in more.enumerated() {
            if person < graph.people.count {
                let edges = graph.friends(of: UInt32(person))
                others += graph.socialNeighbors[edges]
                ofFriend += kinds[edges].map { UInt32($0) }
            }
            others += list.map(\.other)
            ofFriend += list.map(\.kind)
            offsets.append(UInt32(others.count))
        }
        return MessageRows(offsets: offsets, others: others, kinds: ofFriend)
    }
}

extension VertexInputs {
    /// The same with single rows of other inputs of the same model behind them.
    fileprivate func followed(by rows: [(inputs: VertexInputs, row: Int)]) -> VertexInputs {
        VertexInputs(
            quantities: quantities.followed(by: rows.map { ($0.inputs.quantities, $0.row) }),
            straight: straight.map { straight in
                straight.followed(by: rows.compactMap { part in part.inputs.straight.map { ($0, part.row) } })
            },
            keys: keys.indices.map { table in keys[table] + rows.map { $0.inputs.keys[table][$0.row] } })
    }
}
