// What a city answers recommendations from: one model, the graph it knows, and indexes of its people and places. All
// of one version, made aside and put in place whole, so that an answer never mixes two. People and places that came
// later are appended at once, with what their features say of them.

package import Basics
package import Graph
package import Learn
package import Nearest
package import World

/// A city ready to recommend. A value: whoever holds a copy is not disturbed by what is appended to another.
package struct ServingCity: Sendable {
    package let version: ModelVersion
    /// The share of the ten best places that the index finds for some of the city's people, against scoring all: 1 by
    /// proof where it scans, and measured all the same before it answers anybody; 0 until then.
    package private(set) var recall = 0.0
    let graph: CityGraph
    /// nil where the model has vectors of its own for everybody and reads no features.
    let encoder: FeatureEncoder?
    /// nil where the inner product itself is the model's ranking.
    let placeHead: PlaceHead?
    /// nil where the model judges no pairs of people.
    let friendHead: FriendHead?
    let contextDimensions: Int
    private(set) var embeddings: CityEmbeddings
    /// For each person and place: whether the model has met them, or knows their features only.
    private(set) var knownPeople: [Bool]
    /// Rows are places, [places, dimensions].
    private(set) var placeIndex: RowIndex
    /// Rows are people's network columns: how much popularity counts for them tells nobody who they are, and the
    /// columns behind are about places.
    private(set) var peopleIndex: RowIndex
    private(set) var residents: RowMask
    private(set) var filters: PlaceFilters
    private(set) var later = LaterVertices()
    let placesWithout = PlacesWithout()
    /// The middle of all places and of all people, against which a particular one is held.
    let middlePlace: [Float]
    let middlePerson: [Float]
    /// What a person of whom nothing is known gives popularity, and what an unknown place has of it.
    let lastOfStrangers: Float
    private let lastOfNewPlaces: Float

    /// How many candidates the heads judge.
    package static let candidates = 200

    /// What an index is searched for.
    package enum Indexed: String, CaseIterable, Sendable { case places, people }

    /// `embeddings` are rows of the graph's people and places under the model. Those whose entry in `knownPeople` is
    /// false, and `unknownPlaces`, came after its training: their rows are made from features. `indexed` makes the
    /// index of rows, [rows, dimensions], or has it from before.
    package init(
        version: ModelVersion, configuration: ModelConfiguration, weights: [Float], graph: CityGraph,
        embeddings given: CityEmbeddings, knownPeople: [Bool], unknownPlaces: [UInt32], pool: ComputePool,
        indexed: (Indexed, _ rows: [Float], _ dimensions: Int) throws -> RowIndex
    ) rethrows {
        precondition(
            given.people.count == graph.people.count * given.dimensions && knownPeople.count == graph.people.count
                && given.places.count == graph.places.count * given.dimensions, "embeddings belong to their graph")
        (self.version, self.graph, self.knownPeople) = (version, graph, knownPeople)
        placeHead = configuration.placeHead(weights: weights, columns: given.taste)
        friendHead = configuration.friendHead(weights: weights, columns: given.taste)
        encoder = configuration.featureEncoder(weights: weights)
        contextDimensions = configuration.contextDimensions
        let width = given.dimensions
        let unknown = Set(unknownPlaces.map { Int($0) })
        let met = knownPeople.indices.filter { knownPeople[$0] }
        let old = graph.places.indices.filter { !unknown.contains($0) }
        lastOfStrangers = met.map { given.people[($0 + 1) * width - 1] }.max() ?? 1
        lastOfNewPlaces = old.map { given.places[($0 + 1) * width - 1] }.min() ?? 0
        middlePerson = Self.middle(given.people, width, of: met)
        middlePlace = Self.middle(given.places, width, of: old)
        embeddings = given
        placeIndex = RowIndex(vectors: [], dimensions: width, pool: pool)
        peopleIndex = RowIndex(vectors: [], dimensions: given.networkColumns, pool: pool)
        residents = RowMask(rows: graph.people.count) { $0 < graph.residents }
        filters = PlaceFilters(graph)
        let strangers = knownPeople.indices.filter { !knownPeople[$0] }
        let ofPeople = embedPeople(strangers.flatMap { Self.readable(graph, person: $0) })
        Self.put(ofPeople, at: strangers, in: &embeddings.people, width)
        let news = unknown.sorted()
        let ofPlaces = embedPlaces(
            news.flatMap { graph.placeFeatures[$0 * PlaceColumns.count..<($0 + 1) * PlaceColumns.count] })
        Self.put(ofPlaces, at: news, in: &embeddings.places, width)
        placeIndex = try indexed(.places, embeddings.places, width)
        let network = given.networkColumns
        peopleIndex = try indexed(.people, Self.narrowed(embeddings.people, width, to: network), network)
    }

    /// Rows of people by features alone, [people, dimensions]; by the middle person where the model reads none.
    func embedPeople(_ features: [Float]) -> [Float] {
        let count = features.count / PersonColumns.count
        guard let encoder else { return Array(repeatElement(middlePerson, count: count).joined()) }
        return Self.widened(encodedPeople(features, encoder), embeddings.dimensions, last: lastOfStrangers)
    }

    /// The same without the last column.
    func encodedPeople(_ features: [Float], _ encoder: FeatureEncoder) -> [Float] {
        embeddings.taste.people(
            network: encoder.embedPeople(features), count: features.count / PersonColumns.count)
    }

    func encodedPlaces(_ features: [Float], _ encoder: FeatureEncoder) -> [Float] {
        embeddings.taste.places(network: encoder.embedPlaces(features), features: features)
    }

    /// The same of places.
    private func embedPlaces(_ features: [Float]) -> [Float] {
        let count = features.count / PlaceColumns.count
        guard let encoder else { return Array(repeatElement(middlePlace, count: count).joined()) }
        return Self.widened(encodedPlaces(features, encoder), embeddings.dimensions, last: lastOfNewPlaces)
    }

    /// Puts a person behind the others who came after the graph was built; nothing when they are here already.
    package mutating func append(_ person: Person) {
        guard graph.localPerson(person.id) == nil, later.people[person.id] == nil else { return }
        let features = featuresStated(by: person)
        let row = embedPeople(features)
        later.people[person.id] = UInt32(knownPeople.count)
        later.personIDs.append(person.id)
        later.personFeatures += features
        embeddings.people += row
        peopleIndex.append(Array(row.prefix(embeddings.networkColumns)))
        knownPeople.append(false)
        residents.append(person.homeCity == graph.city)
    }

    /// Puts a place behind the others, likewise. It can be found by the next search.
    package mutating func append(_ place: Place) {
        guard place.city == graph.city, graph.localPlace(place.id) == nil, later.places[place.id] == nil else { return }
        let features = featuresUnvisited(place)
        let row = embedPlaces(features)
        later.places[place.id] = UInt32(placeIndex.count)
        later.placeIDs.append(place.id)
        later.placeFeatures += features
        embeddings.places += row
        placeIndex.append(row)
        filters.append(features)
    }

    /// Whether the model judges pairs of people.
    package var judgesPeople: Bool { friendHead != nil }

    /// Whether it was made from this very graph.
    package func isMade(from other: CityGraph) -> Bool { graph === other }

    /// Measures `recall`.
    package mutating func measureRecall(queries: Int = 32, pool: ComputePool) {
        recall = placeIndex.recallAt10(
            of: embeddings.people, stride: embeddings.dimensions, queries: queries,
            against: ExactIndex(vectors: embeddings.places, dimensions: embeddings.dimensions), pool: pool)
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

    private static func narrowed(_ rows: [Float], _ width: Int, to columns: Int) -> [Float] {
        var result: [Float] = []
        result.reserveCapacity(rows.count / width * columns)
        for start in stride(from: 0, to: rows.count, by: width) { result += rows[start..<start + columns] }
        return result
    }

    private static func put(_ rows: [Float], at places: [Int], in matrix: inout [Float], _ width: Int) {
        for (index, place) in places.enumerated() {
            matrix.replaceSubrange(
                place * width..<(place + 1) * width, with: rows[index * width..<(index + 1) * width])
        }
    }

    /// The mean of some rows.
    private static func middle(_ matrix: [Float], _ width: Int, of rows: [Int]) -> [Float] {
        var sums = [Double](repeating: 0, count: width)
        for row in rows { for column in 0..<width { sums[column] += Double(matrix[row * width + column]) } }
        return sums.map { Float($0 / Double(max(rows.count, 1))) }
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
