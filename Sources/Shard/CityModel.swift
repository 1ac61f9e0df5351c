import Basics
import Graph
import Learn
import Wire

/// A published model as one city keeps it: the shared weights, and the embeddings of its own people and places.
struct CityModel: Sendable {
    var version: ModelVersion
    var configuration: ModelConfiguration
    var weights: [Float]
    var people: [PersonID]
    var places: [PlaceID]
    var embeddings: CityEmbeddings
    var report: Published
    /// How it judges pairs of people, where it does.
    var friends: FriendQuality?

    private static let format: UInt16 = 2

    func encoded() -> [UInt8] {
        var writer = ByteWriter(capacity: 4 * weights.count + 1024)
        writer.put(Self.format)
        writer.put(version.number)
        configuration.encode(into: &writer)
        writer.put(array: weights)
        writer.put(array: people.map(\.number))
        writer.put(array: places.map(\.number))
        embeddings.encode(into: &writer)
        report.encode(into: &writer)
        writer.put(friends != nil)
        friends?.encode(into: &writer)
        return writer.bytes
    }

    init(
        version: ModelVersion, configuration: ModelConfiguration, weights: [Float], people: [PersonID],
        places: [PlaceID], embeddings: CityEmbeddings, report: Published, friends: FriendQuality?
    ) {
        self.version = version
        self.configuration = configuration
        self.weights = weights
        self.people = people
        self.places = places
        self.embeddings = embeddings
        self.report = report
        self.friends = friends
    }

    init(decoding bytes: [UInt8]) throws(ByteError) {
        var reader = ByteReader(bytes)
        let format = try reader.get(UInt16.self)
        guard format == Self.format else { throw .invalid("model format \(format)") }
        version = ModelVersion(try reader.get())
        configuration = try ModelConfiguration(from: &reader)
        weights = try reader.getArray(of: Float.self)
        people = try reader.getArray(of: UInt64.self).map { PersonID($0) }
        places = try reader.getArray(of: UInt64.self).map { PlaceID($0) }
        embeddings = try CityEmbeddings(from: &reader)
        report = try Published(from: &reader)
        friends = try reader.getBool() ? try FriendQuality(from: &reader) : nil
        try reader.finish()
    }

    /// The embeddings in the order of `graph`, which may hold people and places that came after training: their rows
    /// are zero, and they are told apart.
    func aligned(with graph: CityGraph) -> (embeddings: CityEmbeddings, people: [Bool], unknownPlaces: [UInt32]) {
        if graph.people == people, graph.places == places {
            return (embeddings, [Bool](repeating: true, count: people.count), [])
        }
        let width = embeddings.dimensions
        let personRows = Dictionary(uniqueKeysWithValues: zip(people, 0...))
        let placeRows = Dictionary(uniqueKeysWithValues: zip(places, 0...))
        var aligned = embeddings
        aligned.people = graph.people.flatMap { Self.row(personRows[$0], of: embeddings.people, width: width) }
        aligned.places = graph.places.flatMap { Self.row(placeRows[$0], of: embeddings.places, width: width) }
        let unknown = graph.places.indices.filter { placeRows[graph.places[$0]] == nil }
        return (aligned, graph.people.map { personRows[$0] != nil }, unknown.map { UInt32($0) })
    }

    private static func row(_ row: Int?, of values: [Float], width: Int) -> [Float] {
        guard let row else { return [Float](repeating: 0, count: width) }
        return Array(values[row * width..<(row + 1) * width])
    }
}
