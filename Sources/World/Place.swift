package import Basics

/// How sought-after a place is.
package struct PlacePopularity: Equatable, Sendable {
    /// Visits relative to the mean place of the city: 1 is ordinary, 0 is unvisited.
    package var base: Float
    /// Visits per day.
    package var dailyVisits: Float
    /// Share of views that end in a visit, 0...1.
    package var conversionRate: Float
    /// 1 for a place nobody knows, towards 0 for one that everybody does: see `novelty(ofBase:)`.
    package var novelty: Float

    package init(base: Float, dailyVisits: Float, conversionRate: Float, novelty: Float) {
        self.base = base
        self.dailyVisits = dailyVisits
        self.conversionRate = conversionRate
        self.novelty = novelty
    }
}

/// Somewhere to go: where it is and what it offers.
package struct Place: Equatable, Sendable {
    /// Unique within `city`.
    package var id: PlaceID
    package var city: CityID
    /// Number of the neighbourhood within the city; 0 also where nothing is known.
    package var neighborhood: UInt16
    /// How far each coarse category applies, 6 entries of 0...1; empty where unknown.
    package var categories: [Float]
    /// Weight of each fine tag, 100 entries that sum to one; empty where unknown.
    package var fineTags: [Float]
    /// 0 (cheapest) to 4.
    package var priceBand: UInt8
    /// Number of the `TimeSlot` in which the place is most itself.
    package var typicalSlot: UInt8
    /// Nil where unknown: it is then derived from training visits when a graph is built.
    package var popularity: PlacePopularity?

    /// A place of which nothing but its city is known, unless more is given.
    package init(
        id: PlaceID, city: CityID, neighborhood: UInt16 = 0, categories: [Float] = [], fineTags: [Float] = [],
        priceBand: UInt8 = 0, typicalSlot: UInt8 = 0, popularity: PlacePopularity? = nil
    ) {
        self.id = id
        self.city = city
        self.neighborhood = neighborhood
        self.categories = categories
        self.fineTags = fineTags
        self.priceBand = priceBand
        self.typicalSlot = typicalSlot
        self.popularity = popularity
    }
}
