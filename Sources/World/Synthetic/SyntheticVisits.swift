// Where people go. Each person gives every place of a city a score: taste, category, part of town,
// popularity and whim; a softmax over the scores is the chance of a visit. The weights let taste
// count clearly more than popularity. One visit in ten follows a friend, one in twenty-five is made
// while travelling.

import Basics

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// One visit of a made-up world.
struct SyntheticVisit {
    var place: UInt32
    var city: UInt32
    var time: Int64
    var dwellSeconds: Float
    var likes: UInt16
    var saves: UInt16
    var shares: UInt16
    var attended: Bool
}

/// Visits of all people: person p has `visits[p * perPerson..<(p + 1) * perPerson]`, rising in time.
struct SyntheticVisits {
    let perPerson: Int
    private(set) var visits: [SyntheticVisit] = []

    private static let travelShare = 0.04
    private static let followShare = 0.1

    init(
        _ configuration: SyntheticConfiguration, _ people: SyntheticPeople, _ places: SyntheticPlaces,
        _ friendships: SyntheticFriendships, _ random: SeededRandom
    ) {
        perPerson = configuration.visitsPerPerson
        visits.reserveCapacity(configuration.people * perPerson)
        let earlierFriends = Self.earlierFriends(people, friendships)
        let calendar = SyntheticCalendar()
        var atHome = PlaceChances(), away = PlaceChances()
        for person in people.homes.indices {
            var random = random.child("visits", UInt64(person))
            let home = people.homes[person]
            atHome.prepare(person, people, places, city: home, configuration.neighborhoodsPerCity, &random)
            var awayCity: Int?
            var own: [SyntheticVisit] = []
            own.reserveCapacity(perPerson)
            for _ in 0..<perPerson {
                let chance = random.uniform()
                if chance < Self.travelShare && configuration.cities > 1 {
                    if awayCity == nil {
                        let city = anotherCity(than: home, people, &random)
                        away.prepare(person, people, places, city: city, configuration.neighborhoodsPerCity, &random)
                        awayCity = city
                    }
                    own.append(Self.visit(away, places, calendar, &random))
                } else if chance > 1 - Self.followShare, !earlierFriends[person].isEmpty,
                    let followed = follow(earlierFriends[person], home, atHome, &random)
                {
                    own.append(followed)
                } else {
                    own.append(Self.visit(atHome, places, calendar, &random))
                }
            }
            own.sort { ($0.time, $0.place) < ($1.time, $1.place) }
            for index in own.indices.dropFirst() where own[index].time <= own[index - 1].time {
                own[index].time = own[index - 1].time + 1
            }
            visits.append(contentsOf: own)
        }
    }

    /// Friends of the same city with a smaller number: their visits are made before.
    private static func earlierFriends(_ people: SyntheticPeople, _ friendships: SyntheticFriendships) -> [[UInt32]] {
        var friends = [[UInt32]](repeating: [], count: people.homes.count)
        for pair in friendships.pairs where people.homes[pair.first] == people.homes[pair.second] {
            friends[pair.second].append(UInt32(pair.first))
        }
        return friends
    }

    /// Comes along to something that a friend attended at home; nil where the drawn visit is none such.
    private func follow(
        _ friends: [UInt32], _ home: Int, _ chances: PlaceChances, _ random: inout SeededRandom
    ) -> SyntheticVisit? {
        let friend = Int(friends[random.below(friends.count)])
        let shown = visits[friend * perPerson + random.below(perPerson)]
        guard shown.attended, shown.city == UInt32(home) else { return nil }
        var visit = Self.signals(chances.affinity(of: Int(shown.place)), &random)
        visit.place = shown.place
        visit.city = shown.city
        visit.time = shown.time
        visit.attended = true
        return visit
    }

    private static func visit(
        _ chances: PlaceChances, _ places: SyntheticPlaces, _ calendar: SyntheticCalendar,
        _ random: inout SeededRandom
    ) -> SyntheticVisit {
        let place = chances.draw(&random)
        var visit = signals(chances.affinity(of: place), &random)
        visit.place = UInt32(place)
        visit.city = UInt32(chances.city)
        visit.time = calendar.time(typicalSlot: Int(places.slots[place]), &random)
        return visit
    }

    /// What somebody does at a place they like as much as `affinity` says.
    private static func signals(_ affinity: Float, _ random: inout SeededRandom) -> SyntheticVisit {
        let ordinaryAffinity: Float = 2.6
        let joy = 1 / (1 + exp(ordinaryAffinity - affinity))
        let likes: UInt16 = random.uniformFloat() < 0.1 + 0.6 * joy ? 1 : 0
        return SyntheticVisit(
            place: 0, city: 0, time: 0,
            dwellSeconds: (15 + 200 * joy) * (0.5 + random.uniformFloat()),
            likes: likes + (random.uniformFloat() < 0.2 * joy ? 1 : 0),
            saves: random.uniformFloat() < 0.4 * joy * joy ? 1 : 0,
            shares: random.uniformFloat() < 0.15 * joy ? 1 : 0,
            attended: random.uniformFloat() < 0.1 + 0.55 * joy)
    }
}

/// The chances of one person's visits to the places of one city.
struct PlaceChances {
    private(set) var city = 0
    private var start = 0
    /// Running sums of the softmax's numerators.
    private var sums: [Double] = []
    /// The part of each score that is taste.
    private var affinities: [Float] = []
    private var areaWeights: [Float] = []

    static let interestWeight: Float = 7
    static let categoryWeight: Float = 2
    static let areaWeight: Float = 1.5
    static let popularityWeight: Float = 0.4
    static let whimWeight: Float = 0.3

    /// Scores all places of a city. O(places of the city).
    mutating func prepare(
        _ person: Int, _ people: SyntheticPeople, _ places: SyntheticPlaces, city: Int, _ neighborhoodsCount: Int,
        _ random: inout SeededRandom
    ) {
        self.city = city
        start = places.starts[city]
        areaWeights = [Float](repeating: 0, count: neighborhoodsCount)
        if city == people.homes[person] {
            for area in people.areas[person] { areaWeights[Int(area.neighborhood)] = area.weight }
        }
        let range = places.starts[city]..<places.starts[city + 1]
        scoreAll(
            range, places,
            taste: people.tastes[person * SyntheticPeople.tagsCount..<(person + 1) * SyntheticPeople.tagsCount],
            preference: people.categories[
                person * SyntheticPeople.categoriesCount..<(person + 1) * SyntheticPeople.categoriesCount],
            &random)
    }

    private mutating func scoreAll(
        _ range: Range<Int>, _ places: SyntheticPlaces, taste: ArraySlice<Float>, preference: ArraySlice<Float>,
        _ random: inout SeededRandom
    ) {
        sums.removeAll(keepingCapacity: true)
        affinities.removeAll(keepingCapacity: true)
        var sum = 0.0
        var tag = Int(places.tagStarts[range.lowerBound])
        for place in range {
            var interest: Float = 0
            let end = Int(places.tagStarts[place + 1])
            while tag < end {
                interest += taste[taste.startIndex + Int(places.tags[tag])] * places.tagDirections[tag]
                tag += 1
            }
            let (first, second) = places.categories[place]
            var category = preference[preference.startIndex + Int(first)]
            if second >= 0 { category += preference[preference.startIndex + Int(second)] }
            let affinity = Self.interestWeight * interest + Self.categoryWeight * category
            affinities.append(affinity)
            let score =
                affinity + Self.areaWeight * areaWeights[Int(places.neighborhoods[place])]
                + Self.popularityWeight * places.logPopularities[place] + Self.whimWeight * bell(&random)
            sum += Double(exp(score))
            sums.append(sum)
        }
    }

    /// A place, by chance.
    func draw(_ random: inout SeededRandom) -> Int { start + firstAbove(random.uniform(), in: sums) }

    /// How much of a place's score is the person's taste, 0 to about 9: cosine and categories, weighted.
    func affinity(of place: Int) -> Float { affinities[place - start] }
}

/// The index at which running sums pass a share, 0..<1, of their total.
func firstAbove(_ share: Double, in sums: [Double]) -> Int {
    let target = share * sums[sums.count - 1]
    var low = 0, high = sums.count - 1
    while low < high {
        let middle = (low + high) / 2
        if sums[middle] > target { high = middle } else { low = middle + 1 }
    }
    return low
}
