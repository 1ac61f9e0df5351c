// What is asked for beside the two vertices, as the heads read it. Both layouts have the same 16 columns where they
// can, and all columns that nothing is said about are 0. Further columns of a wider context are 0.
//
// | column | place head | friend head |
// | --- | --- | --- |
// | 0..<6 | the wanted time slot: one of them is 1 | likewise |
// | 6..<12 | weights of the wanted coarse categories, which sum to 1 | those of the place or activity |
// | 12 | 1 when a city is asked for that is not the person's home | 1 when both live in the city |
// | 13 | share of the place's categories among those wanted | 1 when a place or activity is named |
// | 14 | share of the place's fine tags among those wanted | 0 |
// | 15 | 1 when the place's usual slot is the one wanted | 0 |

import Graph

/// Columns that both contexts share.
package enum ContextColumns {
    package static let slots = 0..<6
    package static let categories = 6..<12
    package static let city = 12
    package static let categoriesMatch = 13
    package static let tagsMatch = 14
    package static let slotMatches = 15
    package static let count = 16
}

/// What somebody asks for when they look for a place.
package struct PlaceWish: Sendable, Equatable {
    /// A time slot, 0..<6.
    package var slot: Int?
    /// Weights of the 6 coarse categories, or none.
    package var categories: [Float]
    /// Weights of the 100 fine tags, or none.
    package var tags: [Float]
    /// Whether the places of another city than the person's home are asked for.
    package var isAway: Bool

    package init(slot: Int? = nil, categories: [Float] = [], tags: [Float] = [], isAway: Bool = false) {
        precondition(slot.map { ContextColumns.slots.contains($0) } ?? true, "a time slot is in 0..<6")
        precondition([0, PlaceColumns.categories.count].contains(categories.count), "a weight for each category")
        precondition([0, PlaceColumns.fineTags.count].contains(tags.count), "a weight for each fine tag")
        (self.slot, self.categories, self.tags, self.isAway) = (slot, categories, tags, isAway)
    }

    /// Nothing in particular.
    package static let anything = PlaceWish()

    /// Whether the context is the same for every place.
    var isAnything: Bool { self == .anything }

    /// The context of one place, whose 114 features are a row of `CityGraph.placeFeatures`.
    func context(place features: ArraySlice<Float>, width: Int) -> [Float] {
        var context = [Float](repeating: 0, count: width)
        let first = features.startIndex
        if let slot {
            context[slot] = 1
            context[ContextColumns.slotMatches] = Int(features[first + PlaceColumns.typicalSlot]) == slot ? 1 : 0
        }
        let total = categories.reduce(0, +)
        if total > 0 {
            for (index, weight) in categories.enumerated() {
                context[ContextColumns.categories.lowerBound + index] = weight / total
            }
            let own = features[first + PlaceColumns.categories.lowerBound..<first + PlaceColumns.categories.upperBound]
            context[ContextColumns.categoriesMatch] = Self.match(own, categories)
        }
        if !tags.isEmpty {
            let own = features[first + PlaceColumns.fineTags.lowerBound..<first + PlaceColumns.fineTags.upperBound]
            context[ContextColumns.tagsMatch] = Self.match(own, tags)
        }
        context[ContextColumns.city] = isAway ? 1 : 0
        return context
    }

    /// The part of a place's weights that lies where something is wanted, 0...1.
    private static func match(_ weights: ArraySlice<Float>, _ wanted: [Float]) -> Float {
        let total = weights.reduce(0, +)
        if total <= 0 { return 0 }
        return zip(weights, wanted).reduce(0) { $0 + ($1.1 > 0 ? $1.0 : 0) } / total
    }
}

/// The context two people are judged in.
package enum FriendContext {
    /// `categories` are those of a place or an activity, empty when none is named.
    package static func vector(slot: Int?, categories: [Float] = [], shareCity: Bool, width: Int) -> [Float] {
        var context = [Float](repeating: 0, count: width)
        if let slot {
            precondition(ContextColumns.slots.contains(slot), "a time slot is in 0..<6")
            context[slot] = 1
        }
        let total = categories.reduce(0, +)
        for (index, weight) in categories.enumerated() where total > 0 {
            context[ContextColumns.categories.lowerBound + index] = weight / total
        }
        context[ContextColumns.city] = shareCity ? 1 : 0
        context[ContextColumns.categoriesMatch] = total > 0 ? 1 : 0
        return context
    }
}
