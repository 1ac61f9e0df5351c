// What a city answers recommendations from: one model, the graph it knows, and indexes of its people and places. All
// of one version, made aside and put in place whole, so that an answer never mixes two. People and places that came
// later are appended at once, with what their features say of them.

package import Basics
package import Graph
package import Learn
import Nearest
package import World

/// A city ready to recommend. A value: whoever holds a copy is not disturbed by what is appended to another.
package struct ServingCity: Sendable {
    package let version: ModelVersion
    let graph: CityGraph
    let encoder: FeatureEncoder
    let placeHead: PlaceHead
    let friendHead: FriendHead
    let contextDimensions: Int
    private(set) var embeddings: CityEmbeddings
    /// For each person and place: whether the model has met them, or knows their features only.
    private(set) var knownPeople: [Bool]
    /// Rows are places, [places, dimensions + 1].
    private(set) var placeIndex: ExactIndex
    /// Rows are people, [people, dimensions]: how much popularity counts for them tells nobody who they are.
    private(set) var peopleIndex: ExactIndex
    private(set) var residents: RowMask
    private(set) var filters: PlaceFilters
    private(set) var later = LaterVertices()
    /// The middle of all places and of all people, against which a particular one is held.
    let middlePlace: [Float]
    let middlePerson: [Float]
    /// What a person of whom nothing is known gives popularity, and what an unknown place has of it.
    let lastOfStrangers: Float
    private let lastOfNewPlaces: Float

    /// How many candidates the heads judge.
    package static let candidates = 200

    /// `embeddings` are rows of the graph's people and places under the model. Those whose entry in `knownPeople` is
    /// false, and `unknownPlaces`, came after its training: their rows are made from features.
    package init(
        version: ModelVersion, configuration: GraphRecConfiguration, weights: [Float], graph: CityGraph,
        embeddings given: CityEmbeddings, knownPeople: [Bool], unknownPlaces: [UInt32]
    ) {
        precondition(
            given.people.count == graph.people.count * given.dimensions && knownPeople.count == graph.people.count
                && given.places.count == graph.places.count * given.dimensions, "embeddings belong to their graph")
        (self.version, self.graph, self.knownPeople) = (version, graph, knownPeople)
        encoder = FeatureEncoder(configuration: configuration, weights: weights)
        placeHead = PlaceHead(configuration: configuration, weights: weights)
        friendHead = FriendHead(configuration: configuration, weights: weights)
        contextDimensions = configuration.contextDimensions
        let width = given.dimensions
        let met = knownPeople.indices.filter { knownPeople[$0] }
        lastOfStrangers = met.map { given.people[($0 + 1) * width - 1] }.max() ?? 1
        let unknown = Set(unknownPlaces.map { Int($0) })
        let old = graph.places.indices.filter { !unknown.contains($0) }
        lastOfNewPlaces = old.map { given.places[($0 + 1) * width - 1] }.min() ?? 0
        var embeddings = given
        let strangers = knownPeople.indices.filter { !knownPeople[$0] }
        let features = strangers.flatMap { Self.readable(graph, person: $0) }
        let rows = Self.widened(encoder.embedPeople(features), width, last: lastOfStrangers)
        for (index, person) in strangers.enumerated() {
            embeddings.people.replaceSubrange(
                person * width..<(person + 1) * width, with: rows[index * width..<(index + 1) * width])
        }
        let newPlaces = unknown.sorted()
        let ofPlaces = newPlaces.flatMap { place in
            graph.placeFeatures[place * PlaceColumns.count..<(place + 1) * PlaceColumns.count]
        }
        let placeRows = Self.widened(encoder.embedPlaces(ofPlaces), width, last: lastOfNewPlaces)
        for (index, place) in newPlaces.enumerated() {
            embeddings.places.replaceSubrange(
                place * width..<(place + 1) * width, with: placeRows[index * width..<(index + 1) * width])
        }
        self.embeddings = embeddings
        placeIndex = ExactIndex(vectors: embeddings.places, dimensions: width)
        peopleIndex = ExactIndex(vectors: Self.narrowed(embeddings.people, width), dimensions: width - 1)
        residents = RowMask(rows: graph.people.count) { $0 < graph.residents }
        filters = PlaceFilters(graph)
        middlePlace = Self.middle(embeddings.places, width)
        middlePerson = Self.middle(embeddings.people, width)
    }

    /// Puts a person behind the others who came after the graph was built; nothing when they are here already.
    package mutating func append(_ person: Person) {
        guard graph.localPerson(person.id) == nil, later.people[person.id] == nil else { return }
        let features = featuresStated(by: person)
        let row = Self.widened(encoder.embedPeople(features), embeddings.dimensions, last: lastOfStrangers)
        later.people[person.id] = UInt32(knownPeople.count)
        later.personIDs.append(person.id)
        later.personFeatures += features
        embeddings.people += row
        peopleIndex.append(Array(row.dropLast()))
        knownPeople.append(false)
        residents.append(person.homeCity == graph.city)
    }

    /// Puts a place behind the others, likewise. It can be found by the next search.
    package mutating func append(_ place: Place) {
        guard place.city == graph.city, graph.localPlace(place.id) == nil, later.places[place.id] == nil else { return }
        let features = featuresUnvisited(place)
        let row = Self.widened(encoder.embedPlaces(features), embeddings.dimensions, last: lastOfNewPlaces)
        later.places[place.id] = UInt32(placeIndex.count)
        later.placeIDs.append(place.id)
        later.placeFeatures += features
        embeddings.places += row
        placeIndex.append(row)
        filters.append(features)
    }

    /// Whether it was made from this very graph.
    package func isMade(from other: CityGraph) -> Bool { graph === other }

    /// The share of the ten best that the indexes find, against scoring everything, for some rows of the city itself:
    /// 1 by proof, measured all the same before an index answers anybody.
    package func measuredRecall(queries: Int = 32, pool: ComputePool) -> Double {
        placeIndex.recallAt10(
            of: embeddings.people, stride: embeddings.dimensions, queries: queries, pool: pool)
    }

    static func widened(_ rows: [Float], _ width: Int, last: Float) -> [Float] {
        var result: [Float] = []
        result.reserveCapacity(rows.count / (width - 1) * width)
        for start in stride(from: 0, to: rows.count, by: width - 1) {
            result += rows[start..<start + width - 1]
            result.append(last)
        }
        return result
    }

    private static func narrowed(_ rows: [Float], _ width: Int) -> [Float] {
        var result: [Float] = []
        result.reserveCapacity(rows.count / width * (width - 1))
        for start in stride(from: 0, to: rows.count, by: width) { result += rows[start..<start + width - 1] }
        return result
    }

    private static func middle(_ rows: [Float], _ width: Int) -> [Float] {
        var sums = [Double](repeating: 0, count: width)
        for start in stride(from: 0, to: rows.count, by: width) {
            for column in 0..<width { sums[column] += Double(rows[start + column]) }
        }
        return sums.map { Float($0 / Double(max(rows.count / width, 1))) }
    }
}

/// Who and what came after the graph was built; rows go on behind the graph's.
struct LaterVertices: Sendable {
    var people: [PersonID: UInt32] = [:]
    var personIDs: [PersonID] = []
    var personFeatures: [Float] = []
    var places: [PlaceID: UInt32] = [:]
    var placeIDs: [PlaceID] = []
    var placeFeatures: [Float] = []
}

extension ServingCity {
    func personID(_ row: Int) -> PersonID {
        row < graph.people.count ? graph.people[row] : later.personIDs[row - graph.people.count]
    }

    func placeID(_ row: Int) -> PlaceID {
        row < graph.places.count ? graph.places[row] : later.placeIDs[row - graph.places.count]
    }

    func placeRow(_ place: PlaceID) -> Int? { (graph.localPlace(place) ?? later.places[place]).map { Int($0) } }

    func personRow(_ person: PersonID) -> Int? { (graph.localPerson(person) ?? later.people[person]).map { Int($0) } }

    /// The 114 features of a place.
    func placeFeatures(_ row: Int) -> ArraySlice<Float> {
        Self.slice(row, PlaceColumns.count, graph.places.count, graph.placeFeatures, later.placeFeatures)
    }

    /// The 148 features of a person, tastes derived from visits included: what a person is told about.
    func personFeatures(_ row: Int) -> ArraySlice<Float> {
        Self.slice(row, PersonColumns.count, graph.people.count, graph.personFeatures, later.personFeatures)
    }

    /// The same as the model reads them.
    func readableFeatures(_ row: Int) -> [Float] {
        row < graph.people.count ? Self.readable(graph, person: row) : Array(personFeatures(row))
    }

    static func readable(_ graph: CityGraph, person: Int) -> [Float] {
        var features = Array(graph.personFeatures[person * PersonColumns.count..<(person + 1) * PersonColumns.count])
        if !graph.statesTaste[person] { for column in PersonColumns.tastes { features[column] = 0 } }
        return features
    }

    private static func slice(
        _ row: Int, _ columns: Int, _ count: Int, _ first: [Float], _ rest: [Float]
    ) -> ArraySlice<Float> {
        row < count
            ? first[row * columns..<(row + 1) * columns]
            : rest[(row - count) * columns..<(row - count + 1) * columns]
    }
}
