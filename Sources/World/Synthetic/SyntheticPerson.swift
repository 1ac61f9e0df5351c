// Who somebody is. Their true taste, habits and sociability decide what they do and are told to nobody;
// their record states the taste only roughly (some tags are left out, weights are off), as people do. So
// a model that listens to the record alone does worse than one that also watches where people go.

import Basics

/// One person of a made-up world. Tags are few, so they are kept as lists of the non-zero.
struct SyntheticPerson: Sendable {
    var home: UInt32
    var neighborhood: UInt16 = 0
    var areas: [AreaFrequency] = []
    /// True weights of the coarse categories, sum to one.
    var categories = SIMD8<Float>(repeating: 0)
    /// Fine tags of the true taste, ascending, with their weights at Euclidean length one.
    var tags: [UInt8] = []
    var taste: [Float] = []
    /// How much more than others they go out in each time slot; 1 is ordinary.
    var habits = SIMD8<Float>(repeating: 0)
    /// How readily they follow an invitation, about -1 to 1.
    var sociability: Float = 0

    /// What the record says of categories; sums to one.
    var statedCategories: [Float] = []
    /// What the record says of each of `tags`; sums to one, 0 for what is left out.
    var stated: [Float] = []
    /// The Euclidean length of `stated`.
    var statedLength: Float = 1
    /// Vibes, ascending, and their weights, which sum to one.
    var vibes: [UInt8] = []
    var vibeWeights: [Float] = []
    var sessionsPerWeek: Float = 0
    var viewsPerSession: Float = 0
    var likesPerSession: Float = 0
    var savesPerSession: Float = 0
    var attendsPerMonth: Float = 0
    var ageGroup: UInt8 = 0
    var gender: UInt8 = 0
}

extension SyntheticPerson {
    /// Small: most of a person's interest goes to one or two categories.
    private static let categoryConcentration = 0.35
    /// Fine tags outside a person's categories, and the sum within them.
    private static let strayConcentration = 0.01
    private static let tasteConcentration = 5.0
    /// Shares below this are too small to act on; they are dropped.
    private static let leastShare = 0.004
    /// A tag goes unmentioned in the record.
    private static let unmentionedShare = 0.2
    private static let habitConcentration = 3.0

    /// Vibes that go with each coarse category.
    private static let vibesOfCategory: [[Int]] = [
        [1, 13, 11, 22, 24],  // entertainment: extrovert, social, spontaneous, playful, musical
        [3, 6, 16, 8, 12],  // sports: fitness, early_bird, competitive, adventurous, planner
        [2, 5, 1, 19, 24],  // clubs: party, night_owl, extrovert, trendy, musical
        [7, 15, 9, 28, 13],  // dining: foodie, romantic, chill, luxury, social
        [8, 20, 23, 14, 6],  // outdoors: adventurous, outdoorsy, mindful, independent, early_bird
        [4, 10, 17, 0, 18],  // culture: artsy, intellectual, curious, introvert, nostalgic
    ]
    private static let familySizes: [Double] = Taxonomy.fineTags.indices.map { tag in
        Double(Taxonomy.fineTags(ofCategory: Taxonomy.category(ofFineTag: tag)).count)
    }

    /// Makes a person from their own generator: the same one each time. About 15 µs.
    init(home: Int, neighborhoodsCount: Int, _ random: inout SeededRandom) {
        self.home = UInt32(home)
        addAreas(neighborhoodsCount, &random)
        let count = Taxonomy.categories.count
        let preference = random.dirichlet([Double](repeating: Self.categoryConcentration, count: count))
        addTaste(preference, &random)
        addVibes(preference, &random)
        addBehaviour(&random)
    }

    /// One to three neighbourhoods, the home among them.
    private mutating func addAreas(_ neighborhoodsCount: Int, _ random: inout SeededRandom) {
        neighborhood = UInt16(random.below(neighborhoodsCount))
        var chosen = [neighborhood]
        for _ in 0..<random.below(3) {
            let other = UInt16(random.below(neighborhoodsCount))
            if !chosen.contains(other) { chosen.append(other) }
        }
        var concentrations = [Double](repeating: 1.5, count: chosen.count)
        concentrations[0] = 3
        let weights = shares(of: random.dirichlet(concentrations))
        areas = zip(chosen, weights).map { AreaFrequency(neighborhood: $0, weight: $1) }
    }

    private mutating func addTaste(_ preference: [Double], _ random: inout SeededRandom) {
        for (category, weight) in preference.enumerated() { categories[category] = Float(weight) }
        statedCategories = shares(of: preference.map { $0 * (0.6 + 0.8 * random.uniform()) }, leastShare: 0.001)
        let weights = Taxonomy.fineTags.indices.map { tag in
            let share = preference[Taxonomy.category(ofFineTag: tag)] / Self.familySizes[tag]
            return random.gamma(shape: Self.strayConcentration + Self.tasteConcentration * share)
        }
        let all = shares(of: weights, leastShare: Self.leastShare)
        for tag in all.indices where all[tag] > 0 {
            tags.append(UInt8(tag))
            taste.append(all[tag])
        }
        var said = taste.map { weight in
            random.uniform() < Self.unmentionedShare ? 0 : Double(weight) * (0.5 + random.uniform())
        }
        if said.allSatisfy({ $0 == 0 }) { said = taste.map(Double.init) }
        stated = shares(of: said)
        statedLength = stated.reduce(0) { $0 + $1 * $1 }.squareRoot()
        let length = taste.reduce(0) { $0 + $1 * $1 }.squareRoot()
        for index in taste.indices { taste[index] /= length }
    }

    /// Three to ten vibes, about half of them such as go with the person's categories.
    private mutating func addVibes(_ preference: [Double], _ random: inout SeededRandom) {
        var weights = [Double](repeating: 0, count: Taxonomy.vibes.count)
        var missing = 3 + random.below(8)
        while missing > 0 {
            let fitting = Self.vibesOfCategory[random.weighted(preference, total: 1)]
            let suits = random.uniform() < 0.5
            let vibe = suits ? fitting[random.below(fitting.count)] : random.below(weights.count)
            if weights[vibe] > 0 { continue }
            weights[vibe] = 0.2 + random.uniform()
            missing -= 1
        }
        let all = shares(of: weights)
        for vibe in all.indices where all[vibe] > 0 {
            vibes.append(UInt8(vibe))
            vibeWeights.append(all[vibe])
        }
    }

    private mutating func addBehaviour(_ random: inout SeededRandom) {
        let habit = random.dirichlet([Double](repeating: Self.habitConcentration, count: TimeSlot.count))
        for (slot, weight) in habit.enumerated() { habits[slot] = Float(weight) * Float(TimeSlot.count) }
        sociability = Float(0.5 * random.normal())
        sessionsPerWeek = rounded(Float(min(1 + 2.5 * random.exponential(), 10)), to: 1000)
        viewsPerSession = rounded(Float(min(10 + 20 * random.exponential(), 100)), to: 1000)
        likesPerSession = rounded(4 * random.uniformFloat(), to: 1000)
        savesPerSession = rounded(2 * random.uniformFloat(), to: 1000)
        attendsPerMonth = rounded(1 + 6 * random.uniformFloat(), to: 1000)
        ageGroup = UInt8(random.weighted([1, 4, 5, 3, 2, 1], total: 16))
        gender = UInt8(random.weighted([0.48, 0.48, 0.04], total: 1))
    }

    /// How many visits somebody with these sessions and views makes, relative to the mean.
    var activity: Float {
        let (meanSessions, meanViews): (Float, Float) = (3.43, 29.8)
        let activity = sessionsPerWeek / meanSessions * viewsPerSession / meanViews
        return min(max(activity, 0.2), 4)
    }
}
