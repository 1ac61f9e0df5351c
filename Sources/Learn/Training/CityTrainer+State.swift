// What a city keeps between rounds, as bytes. Rows carry their vertices' identifiers, so that a state also fits a
// graph built after people and places came or went: who is new starts fresh, who is gone is dropped.
//
// | bytes | field |
// | --- | --- |
// | 4 | "MLRN" |
// | 2 | version 2 |
// | 4 | dimensions |
// | 8 | steps taken |
// | 4 + 4n, twice | first and second moments of the shared weights |
// | 4 + 8n | place ids |
// | 4 + 4n, three times | values, first, second moments of the places' embeddings, [n, dimensions] |
// | 4 + 4n, three times | of their biases, likewise, [n, 1] |

import Basics
import Graph

extension CityTrainer {
    private static let magic: UInt32 = 0x4E52_4C4D
    private static let version: UInt16 = 2

    /// Own embeddings, biases and all moments, to be stored with each round. A trainer restored from them goes on
    /// bit-identically. Three times the own embeddings plus twice the shared weights in size.
    package func state() -> [UInt8] {
        var writer = ByteWriter(capacity: 12 * own.places.values.count + 4096)
        writer.put(Self.magic)
        writer.put(Self.version)
        writer.put(UInt32(model.configuration.dimensions))
        writer.put(UInt64(steps))
        writer.put(array: moments.first)
        writer.put(array: moments.second)
        writer.put(array: placeIDs)
        own.places.encode(into: &writer)
        own.biases.encode(into: &writer)
        return writer.bytes
    }

    package var costs: TrainerCosts {
        let state =
            8 * moments.first.count + 8 * graph.places.count
            + 12 * (own.places.values.count + own.biases.values.count)
        let features = inputs.people.bytes + inputs.places.bytes
        let kinds = 2 * (graph.socialNeighbors.count + graph.visitPlaces.count)
        // Who tells whom, with its kind: friends once, visits by person and by place.
        let messages = 8 * (graph.socialNeighbors.count + 2 * graph.visitPlaces.count)
        // Positives and distinct visits, by person and by place.
        return TrainerCosts(
            samples: samples, residentBytes: state + features + kinds + messages + 24 * graph.visitPlaces.count,
            stepBytes: stepBytes, stateBytes: state)
    }

    private var placeIDs: [UInt64] { graph.places.map(\.number) }

    func restore(_ bytes: [UInt8]) throws(LearnError) {
        do throws(ByteError) {
            try read(bytes)
        } catch {
            throw .state(city: graph.city, reason: error.description)
        }
    }

    private func read(_ bytes: [UInt8]) throws(ByteError) {
        var reader = ByteReader(bytes)
        guard try reader.get(UInt32.self) == Self.magic else { throw .invalid("not a trainer state") }
        let version = try reader.get(UInt16.self)
        guard version == Self.version else { throw .invalid("trainer state version \(version)") }
        let dimensions = try reader.get(UInt32.self)
        guard dimensions == UInt32(model.configuration.dimensions) else {
            throw .invalid("\(dimensions) dimensions where the model has \(model.configuration.dimensions)")
        }
        let taken = try reader.get(UInt64.self)
        guard taken <= UInt64(Int32.max) else { throw .invalid("\(taken) steps") }
        var restored = Moments(count: moments.first.count)
        restored.first = try reader.getArray(of: Float.self)
        restored.second = try reader.getArray(of: Float.self)
        guard restored.first.count == moments.first.count, restored.second.count == moments.first.count else {
            throw .invalid("moments of another model")
        }
        var tables = own
        let placeRow = try reader.getArray(of: UInt64.self).map { graph.localPlace(PlaceID($0)) }
        try tables.places.decode(from: &reader, rows: placeRow)
        try tables.biases.decode(from: &reader, rows: placeRow)
        try reader.finish()
        (own, moments, steps) = (tables, restored, Int(taken))
    }
}

extension OwnTable {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.put(array: values)
        writer.put(array: moments.first)
        writer.put(array: moments.second)
    }

    /// Stored row i becomes row `rows[i]`; nil is dropped.
    fileprivate mutating func decode(from reader: inout ByteReader, rows: [UInt32?]) throws(ByteError) {
        let stored = try (
            reader.getArray(of: Float.self), reader.getArray(of: Float.self), reader.getArray(of: Float.self)
        )
        guard [stored.0, stored.1, stored.2].allSatisfy({ $0.count == rows.count * columns }) else {
            throw .invalid("a table of \(stored.0.count) numbers for \(rows.count) vertices")
        }
        for (index, row) in rows.enumerated() {
            guard let row else { continue }
            let (from, to) = (index * columns, Int(row) * columns)
            for column in 0..<columns {
                values[to + column] = stored.0[from + column]
                moments.first[to + column] = stored.1[from + column]
                moments.second[to + column] = stored.2[from + column]
            }
        }
    }
}
