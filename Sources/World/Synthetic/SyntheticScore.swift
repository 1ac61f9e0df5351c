// Why anyone goes anywhere: taste, category, part of town, the crowd, and a whim that belongs to the
// person and the place for good. The weights let taste count clearly more than popularity. Choice,
// dwell and actions follow from the score, and the truth that an evaluator may ask for is the same score.

import Basics

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The score of a person for a place, in parts.
struct SyntheticScore: Sendable {
    static let interestWeight: Float = 8
    static let categoryWeight: Float = 2
    static let areaWeight: Float = 2.5
    static let popularityWeight: Float = 0.6
    static let whimWeight: Float = 0.3

    let people: SyntheticPeople
    let places: SyntheticPlaces
    private let whims: UInt64

    init(_ people: SyntheticPeople, _ places: SyntheticPlaces, _ random: SeededRandom) {
        self.people = people
        self.places = places
        whims = random.child("whims").state
    }

    /// The part that is taste, 0 to about 10: cosine of the fine tags and weight of the categories.
    func affinity(_ person: Int, _ place: Int) -> Float {
        let (tags, taste) = (people.persons[person].tags, people.persons[person].taste)
        var interest: Float = 0
        for index in Int(places.tagStarts[place])..<Int(places.tagStarts[place + 1]) {
            if let own = tags.firstIndex(of: places.tags[index]) {
                interest += taste[own] * places.tagDirections[index]
            }
        }
        return Self.interestWeight * interest
            + Self.categoryWeight * category(people.persons[person].categories, place)
    }

    /// All of it: affinity, part of town, popularity and whim.
    func utility(_ person: Int, _ place: Int) -> Float {
        affinity(person, place) + setting(people.persons[person], place) + whim(person, place)
    }

    @inline(__always)
    func category(_ preference: SIMD8<Float>, _ place: Int) -> Float {
        let (first, second) = places.categories[place]
        return preference[Int(first)] + (second >= 0 ? preference[Int(second)] : 0)
    }

    /// Part of town and popularity.
    private func setting(_ person: SyntheticPerson, _ place: Int) -> Float {
        let popularity = Self.popularityWeight * places.logPopularities[place]
        let home = Int(person.home)
        guard (places.starts[home]..<places.starts[home + 1]).contains(place) else { return popularity }
        let area = person.areas.first { $0.neighborhood == places.neighborhoods[place] }
        return popularity + Self.areaWeight * (area?.weight ?? 0)
    }

    /// Nearly normal, of deviation `whimWeight`; the same whenever asked.
    @inline(__always)
    func whim(_ person: Int, _ place: Int) -> Float {
        let pair = UInt64(person) << 32 | UInt64(place)
        return Self.whimWeight * bell(of: SeededRandom.mix(whims &+ pair &* 0x9E37_79B9_7F4A_7C15))
    }

    /// How well a place that somebody likes so much pleases them, 0...1.
    static func joy(ofAffinity affinity: Float) -> Float {
        let ordinaryAffinity: Float = 3
        return 1 / (1 + exp(ordinaryAffinity - affinity))
    }
}

/// The chances of one person's visits to the places of one city: a softmax over the scores of all of them,
/// or of an even sample where there are very many. Kept from person to person for its memory.
struct PlaceChances {
    private var first = 0
    /// Places from one that is scored to the next, and where within the first step it begins.
    private var step = 1.0
    private var offset = 0.0
    /// Running sums of the softmax's numerators.
    private var sums: [Double] = []
    private var taste = [Float](repeating: 0, count: Taxonomy.fineTags.count)
    private var areaWeights: [Float] = []

    /// `neighborhoodsCount` holds for every city.
    init(neighborhoodsCount: Int) { areaWeights = [Float](repeating: 0, count: neighborhoodsCount) }

    /// Scores the places of a city, at most `most` of them. O(places scored).
    mutating func prepare(
        _ number: Int, _ score: SyntheticScore, city: Int, most: Int, _ random: inout SeededRandom
    ) {
        let range = score.places.starts[city]..<score.places.starts[city + 1]
        let count = min(range.count, most)
        first = range.lowerBound
        step = Double(range.count) / Double(count)
        offset = count == range.count ? 0 : random.uniform()
        let person = score.people.persons[number]
        for (tag, weight) in zip(person.tags, person.taste) { taste[Int(tag)] = weight }
        let isHome = city == Int(person.home)
        if isHome { for area in person.areas { areaWeights[Int(area.neighborhood)] += area.weight } }
        sums.removeAll(keepingCapacity: true)
        sums.reserveCapacity(count)
        addScores(number, person.categories, score, count)
        for tag in person.tags { taste[Int(tag)] = 0 }
        if isHome { for area in person.areas { areaWeights[Int(area.neighborhood)] = 0 } }
    }

    private mutating func addScores(_ number: Int, _ categories: SIMD8<Float>, _ score: SyntheticScore, _ count: Int) {
        let places = score.places
        var sum = 0.0
        for candidate in 0..<count {
            let place = place(candidate)
            var interest: Float = 0
            for index in Int(places.tagStarts[place])..<Int(places.tagStarts[place + 1]) {
                interest += taste[Int(places.tags[index])] * places.tagDirections[index]
            }
            let total =
                SyntheticScore.interestWeight * interest
                + SyntheticScore.categoryWeight * score.category(categories, place)
                + SyntheticScore.areaWeight * areaWeights[Int(places.neighborhoods[place])]
                + SyntheticScore.popularityWeight * places.logPopularities[place] + score.whim(number, place)
            sum += Double(exp(total))
            sums.append(sum)
        }
    }

    @inline(__always)
    private func place(_ candidate: Int) -> Int { first + Int((Double(candidate) + offset) * step) }

    /// A place, by chance.
    func draw(_ random: inout SeededRandom) -> Int { place(firstAbove(random.uniform(), in: sums)) }
}
