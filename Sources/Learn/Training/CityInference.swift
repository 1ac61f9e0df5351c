// Inference over a world that is cut into cities, as if one process had all of it. A city knows all friends of its
// residents and all visitors of its places; what it lacks are the visits of its residents elsewhere, and the rows of
// people and places that live elsewhere. So once, cities tell each other the visits of guests (`GuestVisits`); then,
// before every layer, the rows of guests and of places visited elsewhere come from where they are at home
// (`GuestRows`).
//
// Whoever drives it carries both between cities:
//
//     for layer: set the rows of all guests and places elsewhere, then advance
//
// Every row is computed once, at home, from all its neighbors, so the embeddings are those of the union of all cities'
// edges. An edge's features are those that its target's home has. A city that does not take part to the end is left
// out: its places are not heard, and its people say what is known of them here.

package import Basics
import Graph

/// All guests of a city who live in one other city, and their visits, for that city.
package struct GuestVisits: Equatable, Sendable {
    /// Ascending.
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

    /// The lists in their order, as u64, u32, u64 and u16.
    package func encode(into writer: inout ByteWriter) {
        writer.put(array: people.map(\.number))
        writer.put(array: offsets)
        writer.put(array: places.map(\.number))
        writer.put(array: kinds)
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        people = try reader.getArray(of: UInt64.self).map { PersonID($0) }
        offsets = try reader.getArray(of: UInt32.self)
        places = try reader.getArray(of: UInt64.self).map { PlaceID($0) }
        kinds = try reader.getArray(of: UInt16.self)
        let isWhole =
            offsets.count == people.count + 1 && offsets[0] == 0 && Int(offsets[people.count]) == places.count
            && kinds.count == places.count && zip(offsets, offsets.dropFirst()).allSatisfy(<=)
        guard isWhole else { throw .invalid("visits of guests that do not fit together") }
    }

    package init() {}
}

/// Rows of one layer of people and places of a city, for another that knows them.
package struct GuestRows: Equatable, Sendable {
    package var people: [PersonID]
    package var places: [PlaceID]
    /// [people, then places, dimensions].
    package var rows: [Float]

    /// The lists in their order, as u64, u64 and f32.
    package func encode(into writer: inout ByteWriter) {
        writer.put(array: people.map(\.number))
        writer.put(array: places.map(\.number))
        writer.put(array: rows)
    }

    package init(people: [PersonID] = [], places: [PlaceID] = [], rows: [Float] = []) {
        (self.people, self.places, self.rows) = (people, places, rows)
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        people = try reader.getArray(of: UInt64.self).map { PersonID($0) }
        places = try reader.getArray(of: UInt64.self).map { PlaceID($0) }
        rows = try reader.getArray(of: Float.self)
        let count = people.count + places.count
        guard count == 0 ? rows.isEmpty : rows.count.isMultiple(of: count) else {
            throw .invalid("\(rows.count) numbers for \(count) rows")
        }
    }
}

extension CityTrainer {
    /// Where a person of the graph lives.
    func home(of person: Int) -> CityID { graph.home(of: UInt32(person)) }

    /// How often every vertex hears its neighbors.
    package var layers: Int { model.layout.layers.count }

    /// Guests and what they did here, by where they live.
    package func guestVisits() -> [CityID: GuestVisits] {
        var found: [CityID: GuestVisits] = [:]
        let kinds = graph.visitSignals.kinds
        for person in graph.residents..<graph.people.count {
            let edges = Int(graph.visitOffsets[person])..<Int(graph.visitOffsets[person + 1])
            let visits = edges.map { (place: graph.places[Int(graph.visitPlaces[$0])], kind: kinds[$0]) }
            found[home(of: person), default: GuestVisits()].append(graph.people[person], visits)
        }
        return found
    }
}

extension CityTrainer {
    /// Bytes of what this city tells others of their people and of its places, and hears of its guests, in an inference
    /// over all cities. A guest whom their home does not know is counted and will not come.
    package var exchangeBytes: Int {
        let row = 8 + 4 * model.configuration.dimensions
        return guestVisits().values.reduce(0) { sum, visits in
            let rows = visits.people.count + Set(visits.places).count
            return sum + 12 * visits.people.count + 10 * visits.places.count + layers * row * rows
        }
    }
}

/// One city between two layers.
package final class CityInference {
    private let trainer: CityTrainer
    private let weights: [Float]
    private let pool: ComputePool
    /// What residents did elsewhere, and what guests did here, by city, as far as a city takes part.
    private var elsewhere: [CityID: GuestVisits]
    private let here: [CityID: GuestVisits]
    private var heard: Heard
    private var people: [Float]
    /// The city's own, then those elsewhere.
    private var places: [Float]
    /// Layers done.
    package private(set) var layer = 0

    package var layers: Int { trainer.layers }

    private var dimensions: Int { trainer.model.configuration.dimensions }

    /// What a layer hears.
    private struct Heard {
        /// Places elsewhere that residents visited, ascending.
        var places: [PlaceID]
        var messages: WholeCity
        var visitKinds: EdgeKindTable
    }

    /// `visits` are those of residents, told by each city that takes part. The places' own embeddings count `ownShare`.
    package init(
        _ trainer: CityTrainer, weights: [Float], ownShare: Float = 1, visits: [CityID: GuestVisits], pool: ComputePool
    ) {
        (self.trainer, self.weights, self.pool) = (trainer, weights, pool)
        (elsewhere, here) = (visits, trainer.guestVisits())
        heard = Self.heard(trainer, elsewhere)
        var tape = Tape<Float>(parameters: weights, pool: pool)
        (people, places) = trainer.encodedRows(ownShare: ownShare, on: &tape)
        places += [Float](repeating: 0, count: heard.places.count * trainer.model.configuration.dimensions)
    }

    private static func heard(_ trainer: CityTrainer, _ elsewhere: [CityID: GuestVisits]) -> Heard {
        let graph = trainer.graph
        let visits = elsewhere.keys.sorted().compactMap { elsewhere[$0] }
        let placesElsewhere = Set(visits.flatMap(\.places)).sorted()
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
        let kinds = EdgeKindTable(visitKinds: graph.visitSignals.kinds + more.flatMap { $0.map(\.kind) })
        return Heard(places: placesElsewhere, messages: messages(trainer, more, kinds), visitKinds: kinds)
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

    /// Present rows that a city needs which told its visits: of residents whom it knows, and of places where its own
    /// people were.
    package func rows(for city: CityID) -> GuestRows {
        let graph = trainer.graph
        let known = (elsewhere[city]?.people ?? []).compactMap { person in
            graph.localPerson(person).flatMap { Int($0) < graph.residents ? (person: person, row: Int($0)) : nil }
        }
        let visited = Set(here[city]?.places ?? []).sorted()
        var rows: [Float] = []
        rows.reserveCapacity((known.count + visited.count) * dimensions)
        for (_, row) in known { rows += people[row * dimensions..<(row + 1) * dimensions] }
        for place in visited {
            guard let row = graph.localPlace(place).map({ Int($0) }) else {
                preconditionFailure("a visit to a place that is not here")
            }
            rows += places[row * dimensions..<(row + 1) * dimensions]
        }
        return GuestRows(people: known.map(\.person), places: visited, rows: rows)
    }

    /// What others' homes say before a layer. Cities that say nothing any more are left out from here on. Where rows
    /// have another width, nothing is taken, and the answer is whose they are.
    package func take(_ rows: [CityID: GuestRows]) -> CityID? {
        for (city, part) in rows where part.rows.count != (part.people.count + part.places.count) * dimensions {
            return city
        }
        leaveOut(allBut: rows)
        let own = trainer.graph.places.count
        let elsewhere = Dictionary(uniqueKeysWithValues: zip(heard.places, own...))
        for part in rows.values {
            for (index, person) in part.people.enumerated() {
                // Who is no guest of that city's is not asked for.
                guard let row = trainer.graph.localPerson(person), Int(row) >= trainer.graph.residents else { continue }
                copy(part.rows, index, to: &people, Int(row))
            }
            for (index, place) in part.places.enumerated() {
                if let row = elsewhere[place] { copy(part.rows, part.people.count + index, to: &places, row) }
            }
        }
        return nil
    }

    private func copy(_ from: [Float], _ index: Int, to rows: inout [Float], _ row: Int) {
        for column in 0..<dimensions { rows[row * dimensions + column] = from[index * dimensions + column] }
    }

    private func leaveOut(allBut rows: [CityID: GuestRows]) {
        let kept = elsewhere.filter { rows[$0.key] != nil }
        if kept.count == elsewhere.count { return }
        elsewhere = kept
        heard = Self.heard(trainer, kept)
        let own = trainer.graph.places.count * dimensions
        places = places[..<own] + [Float](repeating: 0, count: heard.places.count * dimensions)
    }

    /// One layer, of what was taken for it.
    package func advance() {
        precondition(layer < layers, "there is no further layer")
        var tape = Tape<Float>(parameters: weights, pool: pool)
        let before = (people: people, places: places)
        let kinds = (friendships: trainer.inputs.friendshipKinds, visits: heard.visitKinds)
        trainer.pass(layer, heard.messages, kinds, before, people: &people, places: &places, on: &tape)
        layer += 1
    }

    /// After the last layer: residents and places as in the union; guests as far as this city knows them.
    package func embeddings() -> CityEmbeddings {
        precondition(layer == layers, "layers are missing")
        return trainer.embeddings(
            people: people, places: Array(places[..<(trainer.graph.places.count * dimensions)]))
    }
}
