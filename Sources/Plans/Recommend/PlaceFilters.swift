import Graph
import Nearest
import World

/// What a place must have to be an answer at all, as masks over the rows of the index: a search looks at no others.
struct PlaceFilters: Sendable {
    /// For each coarse category the places that have it.
    private var categories: [RowMask]
    /// For each price band the places that cost no more.
    private var prices: [RowMask]
    /// For each time slot the places that are open in it: it is what they are made for, or somebody was there then.
    private var slots: [RowMask]

    init(_ graph: CityGraph) {
        let (features, count) = (graph.placeFeatures, graph.places.count)
        categories = (0..<PlaceColumns.categories.count).map { category in
            RowMask(rows: count) { Self.has(category, features[($0 * PlaceColumns.count)...]) }
        }
        prices = (0..<Taxonomy.priceBands).map { band in
            RowMask(rows: count) { Self.costs(atMost: band, features[($0 * PlaceColumns.count)...]) }
        }
        slots = (0..<TimeSlot.count).map { slot in
            RowMask(rows: count) { place in
                Self.isMade(for: slot, features[(place * PlaceColumns.count)...])
                    || graph.placeSlots[place * TimeSlot.count + slot] > 0
            }
        }
    }

    /// One more place, which nobody has visited.
    mutating func append(_ features: [Float]) {
        for category in categories.indices { categories[category].append(Self.has(category, features[...])) }
        for band in prices.indices { prices[band].append(Self.costs(atMost: band, features[...])) }
        for slot in slots.indices { slots[slot].append(Self.isMade(for: slot, features[...])) }
    }

    /// The places that pass everything asked for; nil when nothing is.
    func mask(_ ask: PlaceAsk) -> RowMask? {
        var kept: RowMask?
        func keep(_ mask: RowMask) { kept = kept.map { $0.intersection(mask) } ?? mask }
        if let first = ask.categories.first {
            keep(ask.categories.dropFirst().reduce(categories[first]) { $0.union(categories[$1]) })
        }
        if let band = ask.priceMost { keep(prices[band]) }
        if let slot = ask.slot { keep(slots[slot]) }
        return kept
    }

    private static func has(_ category: Int, _ features: ArraySlice<Float>) -> Bool {
        features[features.startIndex + PlaceColumns.categories.lowerBound + category] > 0
    }

    private static func costs(atMost band: Int, _ features: ArraySlice<Float>) -> Bool {
        features[features.startIndex + PlaceColumns.priceBand] <= Float(band)
    }

    private static func isMade(for slot: Int, _ features: ArraySlice<Float>) -> Bool {
        Int(features[features.startIndex + PlaceColumns.typicalSlot]) == slot
    }
}
