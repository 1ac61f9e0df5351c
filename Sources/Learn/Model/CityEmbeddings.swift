package import Basics

/// What a city's vertices became under one model version: one row per local person (halo included) and per place.
/// The last column is the bias of places, which is popularity, and for people how much it counts for them (1 when
/// nothing was chosen): so the inner product of a person's row and a place's row is the retrieval score.
package struct CityEmbeddings: Sendable, Equatable {
    /// Entries of a row: the model's dimensions, the columns of `taste` and one more.
    package let dimensions: Int
    /// What stands between the model's columns and the last.
    package let taste: TasteColumns
    /// [people, dimensions]
    package var people: [Float]
    /// [places, dimensions]
    package var places: [Float]

    package init(dimensions: Int, taste: TasteColumns = .none, people: [Float], places: [Float]) {
        precondition(
            dimensions > 1 + taste.count && people.count % dimensions == 0 && places.count % dimensions == 0,
            "embeddings come in whole rows")
        self.dimensions = dimensions
        self.taste = taste
        self.people = people
        self.places = places
    }

    /// The first columns, which are the network's.
    package var networkColumns: Int { dimensions - 1 - taste.count }

    private static let plain: UInt16 = 1
    private static let tasting: UInt16 = 2

    /// | bytes | field |
    /// | --- | --- |
    /// | 2 | version 1, or 2 with `taste` |
    /// | 4 | dimensions |
    /// | 0 or 12 | `TasteColumns` |
    /// | 4 + 4n | people |
    /// | 4 + 4n | places |
    package func encode(into writer: inout ByteWriter) {
        writer.put(taste == .none ? Self.plain : Self.tasting)
        writer.put(UInt32(dimensions))
        if taste != .none { taste.encode(into: &writer) }
        writer.put(array: people)
        writer.put(array: places)
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        let version = try reader.get(UInt16.self)
        guard version == Self.plain || version == Self.tasting else { throw .invalid("embeddings version \(version)") }
        let dimensions = Int(try reader.get(UInt32.self))
        let taste = version == Self.plain ? TasteColumns.none : try TasteColumns(from: &reader)
        let people = try reader.getArray(of: Float.self)
        let places = try reader.getArray(of: Float.self)
        guard dimensions > 1 + taste.count, people.count % dimensions == 0, places.count % dimensions == 0 else {
            throw .invalid("\(people.count) and \(places.count) numbers in rows of \(dimensions)")
        }
        self.init(dimensions: dimensions, taste: taste, people: people, places: places)
    }

    /// A person's row.
    package func person(_ row: Int) -> ArraySlice<Float> { people[row * dimensions..<(row + 1) * dimensions] }

    /// A place's row.
    package func place(_ row: Int) -> ArraySlice<Float> { places[row * dimensions..<(row + 1) * dimensions] }
}
