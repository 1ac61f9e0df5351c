// Inference over a world that is cut into cities, as if one process had all of it. A city knows all friends of its
// residents and all visitors of its places; what it lacks are the visits of its residents elsewhere, and the rows of
// people and places that live elsewhere. So once, cities tell each other the visits of guests (`GuestVisits`); then,
// before every layer, the rows of guests and of places visited elsewhere come from where they are at home.
//
// Whoever drives it carries rows between cities:
//
//     for layer: set the rows of all guests and places elsewhere, then advance
//
// Every row is computed once, at home, from all its neighbors, so the embeddings are those of the union of all cities'
// edges. An edge's features are those that its target's home has.

package import Basics
import Graph

/// Visits of a city's guests who live in one other city, for that city.
package struct GuestVisits: Equatable, Sendable {
    /// Each with at least one visit, ascending.
    package private(set) var people: [PersonID] = []
    /// Visits of person p are at `offsets[p]..<offsets[p + 1]`.
    package private(set) var offsets: [UInt32] = [0]
    package private(set) var places: [PlaceID] = []
    /// What a message over each is weighed by.
    package private(set) var kinds: [UInt16] = []

    fileprivate mutating func append(_ person: PersonID, _ visits: [(place: PlaceID, kind: UInt16)]) {
        people.append(person)
        for visit in visits {
            places.append(visit.place)
            kinds.append(visit.kind)
        }
        offsets.append(UInt32(places.count))
    }
}

extension CityTrainer {
    /// Where a person of the graph lives.
    func home(of person: Int) -> CityID { graph.home(of: UInt32(person)) }

    /// What guests who live there did here. O(visits of guests).
    package func guestVisits(from city: CityID) -> GuestVisits {
        var found = GuestVisits()
        let kinds = graph.visitSignals.kinds
        for person in graph.residents..<graph.people.count where home(of: person) == city {
            let edges = Int(graph.visitOffsets[person])..<Int(graph.visitOffsets[person + 1])
            if edges.isEmpty { continue }
            found.append(graph.people[person], edges.map { (graph.places[Int(graph.visitPlaces[$0])], kinds[$0]) })
        }
        return found
    }
}

/// One city between two layers.
package final class CityInference {
    private let trainer: CityTrainer
    private let weights: [Float]
    private let pool: ComputePool
    private let messages: WholeCity
    private let visitKinds: EdgeKindTable
    private var people: [Float]
    /// The city's own, then those elsewhere.
    private var places: [Float]
    /// Layers done.
    package private(set) var layer = 0
    /// Places elsewhere that residents visited, ascending: their rows must be set before each layer.
    package let placesElsewhere: [PlaceID]

    package var layers: Int { trainer.model.layout.layers.count }
    /// People who live elsewhere, with where: their rows must be set before each layer.
    package var guests: [(person: PersonID, home: CityID)] {
        (trainer.graph.residents..<trainer.graph.people.count).map { (trainer.graph.people[$0], trainer.home(of: $0)) }
    }

    private var dimensions: Int { trainer.model.configuration.dimensions }

    /// `visits` are those of residents, from all other cities.
    package init(_ trainer: CityTrainer, weights: [Float], visits: [GuestVisits], pool: ComputePool) {
        (self.trainer, self.weights, self.pool) = (trainer, weights, pool)
        let graph = trainer.graph
        placesElsewhere = Set(visits.flatMap(\.places)).sorted()
        var tape = Tape<Float>(parameters: weights, pool: pool)
        (people, places) = trainer.encodedRows(on: &tape)
        places += [Float](repeating: 0, count: placesElsewhere.count * trainer.model.configuration.dimensions)
        let rowElsewhere = Dictionary(uniqueKeysWithValues: zip(placesElsewhere, UInt32(graph.places.count)...))
        var more = [[(place: UInt32, kind: UInt16)]](repeating: [], count: graph.people.count)
        for part in visits {
            for (index, person) in part.people.enumerated() {
                guard let row = graph.localPerson(person), Int(row) < graph.residents else { continue }
                for edge in Int(part.offsets[index])..<Int(part.offsets[index + 1]) {
                    if let place = rowElsewhere[part.places[edge]] { more[Int(row)].append((place, part.kinds[edge])) }
                }
            }
        }
        let local = graph.visitSignals.kinds
        visitKinds = EdgeKindTable(visitKinds: local + more.flatMap { $0.map(\.kind) })
        messages = Self.messages(trainer, more, visitKinds)
    }

    /// Messages of the city, with those of residents' visits elsewhere; a person's local visits come first.
    private static func messages(
        _ trainer: CityTrainer, _ more: [[(place: UInt32, kind: UInt16)]], _ table: EdgeKindTable
    ) -> WholeCity {
        let graph = trainer.graph
        let kinds = table.kindOfEdge.map { UInt32($0) }
        var (offsets, others, visitKinds): ([UInt32], [UInt32], [UInt32]) = ([0], [], [])
        var next = graph.visitPlaces.count
        for person in graph.people.indices {
            for edge in Int(graph.visitOffsets[person])..<Int(graph.visitOffsets[person + 1]) {
                others.append(graph.visitPlaces[edge])
                visitKinds.append(kinds[edge])
            }
            for visit in more[person] {
                others.append(visit.place)
                visitKinds.append(kinds[next])
                next += 1
            }
            offsets.append(UInt32(others.count))
        }
        return WholeCity(
            friends: MessageRows(
                offsets: graph.socialOffsets, others: graph.socialNeighbors,
                kinds: trainer.inputs.friendshipKinds.kindOfEdge.map { UInt32($0) }),
            visits: MessageRows(offsets: offsets, others: others, kinds: visitKinds),
            visitors: MessageRows(
                offsets: graph.placeOffsets, others: Array(graph.placeVisitors),
                kinds: graph.placeEdges.map { kinds[Int($0)] }),
            friendshipKinds: trainer.inputs.friendshipKinds.count, visitKinds: table.count)
    }

    /// Present rows of people who live here, or of places that stand here; what is not here is a mistake of ours.
    package func rows(people asked: [PersonID]) -> [Float] {
        asked.flatMap { person in
            guard let row = trainer.graph.localPerson(person), Int(row) < trainer.graph.residents else {
                preconditionFailure("asked for the row of somebody who lives elsewhere")
            }
            return people[Int(row) * dimensions..<(Int(row) + 1) * dimensions]
        }
    }

    package func rows(places asked: [PlaceID]) -> [Float] {
        asked.flatMap { place in
            guard let row = trainer.graph.localPlace(place) else {
                preconditionFailure("asked for the row of a place that stands elsewhere")
            }
            return places[Int(row) * dimensions..<(Int(row) + 1) * dimensions]
        }
    }

    /// Rows of some guests, [people, dimensions], from their home.
    package func set(people guests: [PersonID], to rows: [Float]) {
        precondition(rows.count == guests.count * dimensions, "a row for each guest")
        for (index, person) in guests.enumerated() {
            guard let row = trainer.graph.localPerson(person) else { continue }
            for column in 0..<dimensions { people[Int(row) * dimensions + column] = rows[index * dimensions + column] }
        }
    }

    /// Rows of some places elsewhere, [places, dimensions], from where they stand.
    package func set(places elsewhere: [PlaceID], to rows: [Float]) {
        precondition(rows.count == elsewhere.count * dimensions, "a row for each place")
        let start = trainer.graph.places.count
        for (index, place) in elsewhere.enumerated() {
            var (low, high) = (0, placesElsewhere.count)
            while low < high {
                let middle = (low + high) / 2
                if placesElsewhere[middle] < place { low = middle + 1 } else { high = middle }
            }
            guard low < placesElsewhere.count, placesElsewhere[low] == place else { continue }
            for column in 0..<dimensions {
                places[(start + low) * dimensions + column] = rows[index * dimensions + column]
            }
        }
    }

    /// One layer. Rows of guests and of places elsewhere mean nothing afterwards.
    package func advance() {
        precondition(layer < layers, "there is no further layer")
        var tape = Tape<Float>(parameters: weights, pool: pool)
        let before = (people: people, places: places)
        let kinds = (friendships: trainer.inputs.friendshipKinds, visits: visitKinds)
        trainer.pass(layer, messages, kinds, before, people: &people, places: &places, on: &tape)
        layer += 1
    }

    /// After the last layer: residents and places as in the union; guests as they were set last.
    package func embeddings() -> CityEmbeddings {
        precondition(layer == layers, "layers are missing")
        return trainer.embeddings(
            people: people, places: Array(places[..<(trainer.graph.places.count * dimensions)]))
    }
}
