// Who lives where and what they like. A person's true taste decides where they go; their record
// states it only roughly (some tags are left out, weights are off), as people do. So a model that
// listens to the record alone does worse than one that also watches where people go.

import Basics

/// All people of a made-up world, by number; a city's people are neighbours.
struct SyntheticPeople {
    static let tagsCount = Taxonomy.fineTags.count
    static let categoriesCount = Taxonomy.categories.count

    /// City c is the home of `starts[c]..<starts[c + 1]`.
    let starts: [Int]
    /// The home city of each person.
    private(set) var homes: [Int] = []
    private(set) var neighborhoods: [UInt16] = []
    private(set) var areas: [[AreaFrequency]] = []
    /// True weights of the coarse categories, [people, 6], rows sum to one.
    private(set) var categories: [Float] = []
    /// True taste for the fine tags, [people, 100], rows of Euclidean length one.
    private(set) var tastes: [Float] = []
    /// What each person says about themselves.
    private(set) var statements: [Statement] = []

    /// The part of a record that is told, not seen.
    struct Statement {
        var categories: [Float]
        var fineTags: [Float]
        var vibes: [Float]
        /// The Euclidean length of `fineTags`.
        var length: Float
        var sessionsPerWeek: Float
        var viewsPerSession: Float
        var likesPerSession: Float
        var savesPerSession: Float
        var attendsPerMonth: Float
    }

    /// Small: most of a person's interest goes to one or two categories.
    private static let categoryConcentration = 0.35
    /// Weights below this are too small to act on; they are dropped.
    private static let leastWeight = 0.004

    /// Vibes that go with each coarse category.
    private static let vibesOfCategory: [[Int]] = [
        [1, 13, 11, 22, 24],  // entertainment: extrovert, social, spontaneous, playful, musical
        [3, 6, 16, 8, 12],  // sports: fitness, early_bird, competitive, adventurous, planner
        [2, 5, 1, 19, 24],  // clubs: party, night_owl, extrovert, trendy, musical
        [7, 15, 9, 28, 13],  // dining: foodie, romantic, chill, luxury, social
        [8, 20, 23, 14, 6],  // outdoors: adventurous, outdoorsy, mindful, independent, early_bird
        [4, 10, 17, 0, 18],  // culture: artsy, intellectual, curious, introvert, nostalgic
    ]

    init(_ configuration: SyntheticConfiguration, _ random: SeededRandom) {
        starts = SyntheticCities.shares(of: configuration.people, among: configuration.cities)
        categories.reserveCapacity(configuration.people * Self.categoriesCount)
        tastes.reserveCapacity(configuration.people * Self.tagsCount)
        for city in 0..<configuration.cities {
            for person in starts[city]..<starts[city + 1] {
                var random = random.child("person", UInt64(person))
                homes.append(city)
                addAreas(configuration.neighborhoodsPerCity, &random)
                addTaste(&random)
            }
        }
    }

    /// One to three neighbourhoods, the home among them.
    private mutating func addAreas(_ neighborhoodsCount: Int, _ random: inout SeededRandom) {
        let home = random.below(neighborhoodsCount)
        var chosen = [home]
        for _ in 0..<random.below(3) {
            let other = random.below(neighborhoodsCount)
            if !chosen.contains(other) { chosen.append(other) }
        }
        var concentrations = [Double](repeating: 1.5, count: chosen.count)
        concentrations[0] = 3
        let shares = random.dirichlet(concentrations)
        neighborhoods.append(UInt16(home))
        areas.append(zip(chosen, shares).map { AreaFrequency(neighborhood: UInt16($0), weight: Float($1)) })
    }

    private mutating func addTaste(_ random: inout SeededRandom) {
        let concentration = [Double](repeating: Self.categoryConcentration, count: Self.categoriesCount)
        let preference = random.dirichlet(concentration)
        var taste: [Double] = (0..<Self.tagsCount).map { tag in
            let category = Taxonomy.category(ofFineTag: tag)
            let family = Double(Taxonomy.fineTags(ofCategory: category).count)
            return random.gamma(shape: 0.01 + 5 * preference[category] / family)
        }
        normalize(&taste, leastShare: Self.leastWeight)
        let length = taste.reduce(0) { $0 + $1 * $1 }.squareRoot()
        for weight in preference { categories.append(Float(weight)) }
        for weight in taste { tastes.append(Float(weight / length)) }
        statements.append(Self.state(preference, taste, &random))
    }

    /// What somebody with this taste says: a fifth of the tags goes unmentioned, weights are off by a half.
    private static func state(_ preference: [Double], _ taste: [Double], _ random: inout SeededRandom) -> Statement {
        var categories = preference.map { $0 * (0.6 + 0.8 * random.uniform()) }
        normalize(&categories, leastShare: 0.001)
        var fineTags = taste.map { weight in
            weight == 0 || random.uniform() < 0.2 ? 0 : weight * (0.5 + random.uniform())
        }
        if fineTags.allSatisfy({ $0 == 0 }) { fineTags = taste }
        normalize(&fineTags, leastShare: 0)
        let sessions = 1 + 3 * random.exponential()
        return Statement(
            categories: categories.map(Float.init), fineTags: fineTags.map(Float.init),
            vibes: vibes(preference, &random),
            length: Float(fineTags.reduce(0) { $0 + $1 * $1 }.squareRoot()),
            sessionsPerWeek: Float(min(sessions, 20)), viewsPerSession: Float(10 + 40 * random.uniform()),
            likesPerSession: Float(4 * random.uniform()), savesPerSession: Float(2 * random.uniform()),
            attendsPerMonth: Float(1 + 6 * random.uniform()))
    }

    /// Three to ten vibes, about half of them such as go with the person's categories.
    private static func vibes(_ preference: [Double], _ random: inout SeededRandom) -> [Float] {
        var vibes = [Double](repeating: 0, count: Taxonomy.vibes.count)
        for _ in 0..<3 + random.below(8) {
            let fitting = vibesOfCategory[random.weighted(preference, total: 1)]
            let suits = random.uniform() < 0.5
            let vibe = suits ? fitting[random.below(fitting.count)] : random.below(vibes.count)
            vibes[vibe] = 0.2 + random.uniform()
        }
        normalize(&vibes, leastShare: 0)
        return vibes.map(Float.init)
    }

    /// Cosine of what two people say they like, 0...1.
    func statedOverlap(_ one: Int, _ other: Int) -> Float {
        let product = dotProduct(statements[one].fineTags, 0, statements[other].fineTags, 0, Self.tagsCount)
        return min(max(product / (statements[one].length * statements[other].length), 0), 1)
    }

    /// Cosine of two people's true tastes, 0...1.
    func trueOverlap(_ one: Int, _ other: Int) -> Float {
        dotProduct(tastes, one * Self.tagsCount, tastes, other * Self.tagsCount, Self.tagsCount)
    }

    /// How much of their time two people spend in the same neighbourhoods, 0...1.
    func sharedNeighborhoods(_ one: Int, _ other: Int) -> Float {
        guard homes[one] == homes[other] else { return 0 }
        var shared: Float = 0
        for area in areas[one] {
            for match in areas[other] where match.neighborhood == area.neighborhood {
                shared += min(area.weight, match.weight)
            }
        }
        return min(shared, 1)
    }

    /// The record of a person.
    func record(_ person: Int, home: CityID) -> Person {
        let statement = statements[person]
        return Person(
            id: PersonID(UInt64(person)), homeCity: home, homeNeighborhood: neighborhoods[person],
            categoryPreference: statement.categories, finePreference: statement.fineTags,
            vibePreference: statement.vibes, areaFrequencies: areas[person],
            sessionsPerWeek: statement.sessionsPerWeek, viewsPerSession: statement.viewsPerSession,
            likesPerSession: statement.likesPerSession, savesPerSession: statement.savesPerSession,
            attendsPerMonth: statement.attendsPerMonth)
    }
}

/// Scales weights so that they sum to one, without those whose share is below `leastShare` (but never
/// without the greatest). Weights that are all zero become one weight on the first.
private func normalize(_ weights: inout [Double], leastShare: Double) {
    let total = weights.reduce(0, +)
    guard total > 0, let greatest = weights.max() else {
        weights[0] = 1
        return
    }
    let least = min(total * leastShare, greatest)
    var kept = 0.0
    for index in weights.indices {
        if weights[index] < least { weights[index] = 0 }
        kept += weights[index]
    }
    for index in weights.indices { weights[index] /= kept }
}

/// Inner product of `count` entries, summed in order so that every machine agrees.
private func dotProduct(_ left: [Float], _ leftStart: Int, _ right: [Float], _ rightStart: Int, _ count: Int) -> Float {
    var sum: Float = 0
    for index in 0..<count { sum += left[leftStart + index] * right[rightStart + index] }
    return sum
}
