// What each place offers: one or two categories, three to seven tags of their families, a slot and a
// price that suit the category, a log-normal popularity. Kept as columns, for the scoring loop.

import Basics

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// All places of a made-up world, by number; a city's places are neighbours.
struct SyntheticPlaces: Sendable {
    /// City c has the places `starts[c]..<starts[c + 1]`.
    let starts: [Int]
    private(set) var neighborhoods: [UInt16] = []
    /// First and second coarse category of each place; a place of one category has -1 as its second.
    private(set) var categories: [(first: Int8, second: Int8)] = []
    /// Place p has the tags `tagStarts[p]..<tagStarts[p + 1]` of the three columns below.
    private(set) var tagStarts: [UInt32] = [0]
    private(set) var tags: [UInt8] = []
    /// Sum to one for each place.
    private(set) var tagWeights: [Float] = []
    /// The same weights at Euclidean length one, for cosines.
    private(set) var tagDirections: [Float] = []
    private(set) var priceBands: [UInt8] = []
    private(set) var slots: [UInt8] = []
    private(set) var popularities: [PlacePopularity] = []
    private(set) var logPopularities: [Float] = []

    /// How well each time slot suits a place of each coarse category.
    private static let slotWeights: [[Double]] = [
        [0.5, 1, 4, 1.5, 2, 2],  // entertainment
        [3, 2, 3, 0.2, 4, 0.5],  // sports
        [0, 0.2, 1.5, 4, 0.5, 4],  // clubs
        [1, 2, 4, 1, 2, 2],  // dining
        [2, 2, 1, 0.2, 6, 0.3],  // outdoors
        [1, 3, 2, 0.2, 4, 1],  // culture
    ]
    private static let secondCategoryShare = 0.35
    /// Deviation of the logarithm of a place's popularity.
    private static let popularitySpread = 0.9

    init(_ configuration: SyntheticConfiguration, _ random: SeededRandom) {
        starts = SyntheticCities.shares(of: configuration.places, among: configuration.cities)
        for city in 0..<configuration.cities {
            var random = random.child("places", UInt64(city))
            let districts = (0..<configuration.neighborhoodsPerCity).map { _ in random.gamma(shape: 1.5) + 0.1 }
            let districtsTotal = districts.reduce(0, +)
            let prices = random.dirichlet([2, 4, 4, 2, 1])
            for _ in starts[city]..<starts[city + 1] {
                neighborhoods.append(UInt16(random.weighted(districts, total: districtsTotal)))
                addOffer(&random)
                priceBands.append(UInt8(random.weighted(prices, total: 1)))
                addPopularity(&random)
            }
        }
    }

    private mutating func addOffer(_ random: inout SeededRandom) {
        let count = Taxonomy.categories.count
        let first = random.below(count)
        let hasSecond = random.uniform() < Self.secondCategoryShare
        let second = hasSecond ? (first + 1 + random.below(count - 1)) % count : -1
        categories.append((Int8(first), Int8(second)))
        let slotWeights = Self.slotWeights[first]
        slots.append(UInt8(random.weighted(slotWeights, total: slotWeights.reduce(0, +))))

        var offers = Taxonomy.fineTags(ofCategory: first)
        if hasSecond { offers += Taxonomy.fineTags(ofCategory: second) }
        let wanted = 3 + random.below(5)
        var weights: [Double] = []
        for place in 0..<wanted {
            offers.swapAt(place, place + random.below(offers.count - place))
            weights.append(0.15 + random.exponential())
        }
        let parts = shares(of: weights)
        let length = parts.reduce(0) { $0 + $1 * $1 }.squareRoot()
        for (tag, part) in zip(offers, parts) {
            tags.append(UInt8(tag))
            tagWeights.append(part)
            tagDirections.append(part / length)
        }
        tagStarts.append(UInt32(tags.count))
    }

    private mutating func addPopularity(_ random: inout SeededRandom) {
        let logarithm = Float(random.normal() * Self.popularitySpread)
        let base = rounded(exp(logarithm), to: 10_000)
        let conversion = 0.05 + 0.25 * random.uniformFloat() + 0.03 * min(logarithm, 2)
        popularities.append(
            PlacePopularity(
                base: base, dailyVisits: rounded(base * (6 + 8 * random.uniformFloat()), to: 100),
                conversionRate: rounded(min(max(conversion, 0.01), 1), to: weightScale),
                novelty: rounded(PlacePopularity.novelty(ofBase: base), to: weightScale)))
        logPopularities.append(logarithm)
    }

    /// The city of a place.
    func city(of place: Int) -> Int { range(holding: place, in: starts) }

    /// The record of a place.
    func record(_ place: Int, in city: CityID) -> Place {
        var shares = [Float](repeating: 0, count: Taxonomy.categories.count)
        shares[Int(categories[place].first)] = 1
        if categories[place].second >= 0 { shares[Int(categories[place].second)] = 1 }
        var vector = [Float](repeating: 0, count: Taxonomy.fineTags.count)
        for index in Int(tagStarts[place])..<Int(tagStarts[place + 1]) { vector[Int(tags[index])] = tagWeights[index] }
        return Place(
            id: PlaceID(UInt64(place)), city: city, neighborhood: neighborhoods[place], categories: shares,
            fineTags: vector, priceBand: priceBands[place], typicalSlot: slots[place],
            popularity: popularities[place])
    }
}
