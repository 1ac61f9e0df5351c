// A place's row without each of its features. It depends on the place alone, whoever asks, and takes the encoder longer
// than anything else about reasons; so it is made for all features of a place at once, when the place is first
// recommended, and kept beside the version it belongs to.

import Graph
import Learn
import Synchronization

/// What a place would be without each one of its features.
struct PlaceWithout: Sendable {
    private let removals: [Removal]
    /// [removals, dimensions]
    private let rows: [Float]

    /// `features` are the place's 114, `row` is its embedding; `encode` embeds rows of features, without the last
    /// column.
    init(_ features: [Float], row: ArraySlice<Float>, encode: ([Float]) -> [Float]) {
        func own(_ kind: Reason.Kind, _ columns: Range<Int>) -> [Removal] {
            columns.filter { features[$0] != 0 }.map { Removal(kind: kind, feature: $0 - columns.lowerBound) }
        }
        let neighborhood = Removal(kind: .neighborhood, feature: Int(features[PlaceColumns.neighborhood]))
        removals = own(.tags, PlaceColumns.fineTags) + own(.categories, PlaceColumns.categories) + [neighborhood]
        rows =
            ChangedRows(
                [removals], embeddings: [row], features: [features], apply: { $0.applied(toPlace: &$1) }, encode: encode
            ).rows
    }

    /// How many numbers are kept.
    var count: Int { rows.count }

    /// Puts the row without a feature that the place has behind `others`.
    func append(without removal: Removal, to others: inout [Float]) {
        guard let index = removals.firstIndex(of: removal) else {
            preconditionFailure("a place was to lose a feature that it does not have")
        }
        let width = rows.count / removals.count
        others += rows[index * width..<(index + 1) * width]
    }
}

/// Those of the places that were recommended lately, of one model. Any thread may ask.
final class PlacesWithout: Sendable {
    private let kept = Mutex<(places: [Int: PlaceWithout], numbers: Int)>(([:], 0))
    /// 32 MiB; when there are more, all are forgotten.
    private static let numbersMax = 8 << 20

    /// Two threads may make the same at a time: it is the same twice.
    func of(_ place: Int, _ make: () -> PlaceWithout) -> PlaceWithout {
        if let known = kept.withLock({ $0.places[place] }) { return known }
        let made = make()
        kept.withLock { kept in
            if kept.numbers + made.count > Self.numbersMax { kept = ([:], 0) }
            if kept.places.updateValue(made, forKey: place) == nil { kept.numbers += made.count }
        }
        return made
    }
}
