// A city with what its people do elsewhere, for steps that hear it: visits in other cities of everybody whom this city
// knows, and friends at home of its guests. What is elsewhere is heard and never asked for: it is no positive, no
// negative and nobody who is judged, its places have no embeddings of their own here, and people whom this city does
// not know tell what they say of themselves.
//
// People whom the city does not know stand behind its own, places elsewhere behind its own places, so that the numbers
// of batches hold. Other cities tell it once for a training (`ElsewherePart`); it is as much memory again as the city's
// own messages and inputs, for what is elsewhere.

package import Basics
import Graph

package struct CityAcross: Sendable {
    let inputs: CityInputs
    let messages: WholeCity
    /// Visits and friendships that the city alone does not hear.
    package let messagesMore: Int

    /// `parts` are what other cities told, all of which fit the trainer.
    package init(_ trainer: CityTrainer, parts: [CityID: ElsewherePart]) {
        let graph = trainer.graph
        let parts = parts.sorted { $0.key < $1.key }.map(\.value)
        precondition(parts.allSatisfy { $0.fits(trainer) }, "a part of another model")
        var more = Elsewhere(graph)
        for (index, part) in parts.enumerated() { more.add(part, index) }
        messagesMore = more.visits.reduce(0) { $0 + $1.count } + more.friendships.count
        let kinds = EdgeKindTable(visitKinds: graph.visitSignals.kinds + more.visits.flatMap { $0.map(\.kind) })
        let friendshipKinds = EdgeKindTable(
            friendshipKinds: EdgeKindTable.kinds(ofFriendships: graph.socialFeatures) + more.friendshipKinds)
        inputs = CityInputs(
            people: trainer.inputs.people.followed(by: more.strangers.map { (parts[$0.part].strangerInputs, $0.row) }),
            places: trainer.inputs.places.followed(by: more.places.map { (parts[$0.part].placeInputs, $0.row) }),
            friendshipKinds: friendshipKinds, visitKinds: kinds)
        let visits = more.visitRows(kinds.kindOfEdge)
        messages = WholeCity(
            friends: more.friendRows(friendshipKinds.kindOfEdge), visits: visits.byPerson, visitors: visits.byPlace,
            friendshipKinds: friendshipKinds.count, visitKinds: kinds.count, friendOffsets: graph.socialOffsets)
    }

    /// Where all trainers are in one process.
    package init(_ trainer: CityTrainer, among trainers: [CityTrainer]) {
        var parts: [CityID: ElsewherePart] = [:]
        for other in trainers where other !== trainer {
            parts[other.graph.city] = other.elsewhere(for: trainer.graph.city, guests: trainer.guests)
        }
        self.init(trainer, parts: parts)
    }
}

extension CityTrainer {
    /// Everybody whom the city knows and who lives elsewhere, ascending.
    package var guests: [PersonID] { Array(graph.people[graph.residents...]) }
}

/// What other cities know of a city's people.
private struct Elsewhere {
    typealias Vertex = (part: Int, row: Int)

    private let graph: CityGraph
    /// Visits of each person of the city.
    private(set) var visits: [[(place: UInt32, kind: UInt16)]]
    private(set) var places: [Vertex] = []
    private(set) var strangers: [Vertex] = []
    private(set) var friendships: [(one: UInt32, other: UInt32)] = []
    private(set) var friendshipKinds: [UInt16] = []
    private var rowOfPlace: [PlaceID: UInt32] = [:]
    private var rowOfStranger: [PersonID: UInt32] = [:]
    private var known: Set<UInt64> = []

    init(_ graph: CityGraph) {
        self.graph = graph
        visits = Array(repeating: [], count: graph.people.count)
    }

    mutating func add(_ part: ElsewherePart, _ index: Int) {
        for (person, id) in part.people.enumerated() {
            guard let here = graph.localPerson(id) else { continue }
            for visit in Int(part.offsets[person])..<Int(part.offsets[person + 1]) {
                let place = Int(part.visits[visit])
                visits[Int(here)].append((row(ofPlace: part.places[place], (index, place)), part.kinds[visit]))
            }
        }
        for (row, id) in part.strangers.enumerated() where graph.localPerson(id) == nil && rowOfStranger[id] == nil {
            rowOfStranger[id] = UInt32(graph.people.count + strangers.count)
            strangers.append((index, row))
        }
        addFriendships(part)
    }

    private mutating func addFriendships(_ part: ElsewherePart) {
        var (last, friends): (UInt32?, Set<UInt32>) = (nil, [])
        for edge in part.guests.indices {
            // Their home knows all friends of residents; this city those who were here, too.
            guard let here = graph.localPerson(part.guests[edge]), Int(here) >= graph.residents else { continue }
            let friend = part.friends[edge]
            guard let row = graph.localPerson(friend) ?? rowOfStranger[friend] else { continue }
            if last != here { (last, friends) = (here, Set(graph.friends(of: here).map { graph.socialNeighbors[$0] })) }
            let pair = UInt64(min(row, here)) << 32 | UInt64(max(row, here))
            if friends.contains(row) || !known.insert(pair).inserted { continue }
            friendships.append((here, row))
            friendshipKinds.append(part.friendshipKinds[edge])
        }
    }

    private mutating func row(ofPlace place: PlaceID, _ vertex: Vertex) -> UInt32 {
        if let row = rowOfPlace[place] { return row }
        let row = UInt32(graph.places.count + places.count)
        rowOfPlace[place] = row
        places.append(vertex)
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
