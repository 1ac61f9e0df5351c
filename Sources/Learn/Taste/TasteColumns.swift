// The layout of a city's rows behind the network's columns. A network's 64 numbers must serve everybody; what one
// person likes of what places say of themselves needs a number for each thing a place can say. So places carry their
// features as columns of their rows, and people a coefficient for each (`TasteFit`): an inner product still ranks.
//
//   | columns | of a place | of a person |
//   | --- | --- | --- |
//   | dimensions | the network's row · scale | the network's row · scale |
//   | 100 | fine tags at length 1 | coefficients |
//   | 6 | categories · 0.316 | coefficients |
//   | neighborhoods | 0.316 in its own column | coefficients |
//   | 1 | log(1 + base popularity) · 0.316 | a coefficient |
//   | spectrum | its row of the visits' spectrum | theirs, times the weight that was chosen |
//   | 1 | bias | what popularity counts |

import Basics
import Graph

/// What stands between a row's network columns and its last one. Without any, rows are the network's alone.
package struct TasteColumns: Sendable, Equatable {
    /// What the network's columns of all rows were multiplied with: in a product they count the square of it.
    package var networkScale: Float = 1
    /// Columns for neighborhoods, which share one modulo this; 0 where places carry no features.
    package var neighborhoods = 0
    /// Columns of the visits' spectrum; places that came later have zeros there.
    package var spectrum = 0

    package static let none = TasteColumns()

    package init(networkScale: Float = 1, neighborhoods: Int = 0, spectrum: Int = 0) {
        self.networkScale = networkScale
        self.neighborhoods = neighborhoods
        self.spectrum = spectrum
    }

    /// More neighborhoods share columns.
    static let neighborhoodsMost = 32
    /// A place has one category and one neighborhood and several tags, and coefficients of the former differ a third as
    /// much from person to person (measured where tastes are known): so one strength of the prior suits all columns.
    private static let scale: Float = 0.316

    package var features: Int {
        neighborhoods == 0 ? 0 : PlaceColumns.fineTags.count + PlaceColumns.categories.count + neighborhoods + 1
    }
    package var count: Int { features + spectrum }

    /// [places, features] of `given`, [places, 114] as in a `CityGraph`.
    package func features(of given: [Float]) -> [Float] {
        if features == 0 { return [] }
        var scaled = given
        makeUnitLength(PlaceColumns.fineTags, of: &scaled, columns: PlaceColumns.count)
        var result: [Float] = []
        result.reserveCapacity(given.count / PlaceColumns.count * features)
        for row in stride(from: 0, to: given.count, by: PlaceColumns.count) {
            result += scaled[row + PlaceColumns.fineTags.lowerBound..<row + PlaceColumns.fineTags.upperBound]
            for column in PlaceColumns.categories { result.append(scaled[row + column] * Self.scale) }
            let own = max(0, Int(scaled[row + PlaceColumns.neighborhood])) % neighborhoods
            for number in 0..<neighborhoods { result.append(number == own ? Self.scale : 0) }
            // The feature is a fifth of the logarithm.
            result.append(scaled[row + PlaceColumns.popularity.lowerBound] * 5 * Self.scale)
        }
        return result
    }

    /// Rows of places by features alone but for the last column: `network`, [places, dimensions], is what the network
    /// says, `features` are [places, 114].
    package func places(network: [Float], features given: [Float]) -> [Float] {
        joined(network, features(of: given), rows: given.count / PlaceColumns.count)
    }

    /// Rows of `people` people of whom nothing but `network` is known, but for the last column.
    package func people(network: [Float], count people: Int) -> [Float] {
        joined(network, [Float](repeating: 0, count: people * features), rows: people)
    }

    private func joined(_ network: [Float], _ own: [Float], rows: Int) -> [Float] {
        if rows == 0 { return [] }
        if count == 0 && networkScale == 1 { return network }
        let (d, k) = (network.count / rows, features)
        var result: [Float] = []
        result.reserveCapacity(rows * (d + count))
        for row in 0..<rows {
            for column in 0..<d { result.append(network[row * d + column] * networkScale) }
            result += own[row * k..<(row + 1) * k]
            result.append(contentsOf: repeatElement(0, count: spectrum))
        }
        return result
    }

    /// | bytes | field |
    /// | --- | --- |
    /// | 4 each | networkScale, neighborhoods, spectrum |
    func encode(into writer: inout ByteWriter) {
        writer.put(networkScale)
        writer.put(UInt32(neighborhoods))
        writer.put(UInt32(spectrum))
    }

    init(from reader: inout ByteReader) throws(ByteError) {
        networkScale = try reader.getFloat()
        neighborhoods = Int(try reader.get(UInt32.self))
        spectrum = Int(try reader.get(UInt32.self))
        guard networkScale.isFinite, networkScale > 0, neighborhoods <= Self.neighborhoodsMost, spectrum <= 4096 else {
            throw .invalid("columns scaled by \(networkScale), \(neighborhoods) and \(spectrum) more")
        }
    }
}

extension TasteColumns {
    /// Those that a city's places can fill: none where not one of them has a tag.
    init(filledBy graph: CityGraph, networkScale: Float) {
        var (hasTags, last) = (false, 0)
        for row in stride(from: 0, to: graph.placeFeatures.count, by: PlaceColumns.count) {
            last = max(last, Int(graph.placeFeatures[row + PlaceColumns.neighborhood]))
            hasTags = hasTags || PlaceColumns.fineTags.contains { graph.placeFeatures[row + $0] > 0 }
        }
        if hasTags {
            self.init(networkScale: networkScale, neighborhoods: min(last + 1, Self.neighborhoodsMost))
        } else {
            self.init()
        }
    }
}

extension CityEmbeddings {
    /// The network's rows with more columns, which both kinds of rows get their part of, [rows, columns.count].
    func widened(by columns: TasteColumns, people more: [Float], places: [Float]) -> CityEmbeddings {
        precondition(taste == .none, "rows are widened once")
        let (d, width) = (dimensions - 1, columns.count)
        func wide(_ rows: [Float], _ own: [Float]) -> [Float] {
            let count = rows.count / dimensions
            precondition(own.count == count * width, "every row gets its columns")
            var result: [Float] = []
            result.reserveCapacity(count * (dimensions + width))
            for row in 0..<count {
                for column in 0..<d { result.append(rows[row * dimensions + column] * columns.networkScale) }
                result += own[row * width..<(row + 1) * width]
                result.append(rows[row * dimensions + d])
            }
            return result
        }
        return CityEmbeddings(
            dimensions: dimensions + width, taste: columns, people: wide(people, more),
            places: wide(self.places, places))
    }
}
