import Basics
import Testing
import World

@Suite struct SyntheticTests {
    private static let small = SyntheticConfiguration(people: 400, places: 300, cities: 3, seed: 4)

    private func block(_ rows: Rows) -> [UInt8] {
        RecordBlock(city: CityID(0), records: rows.rows.map(\.record)).encoded()
    }

    @Test func theSameSeedMakesTheSameWorldAndAnotherSeedAnother() throws {
        let one = block(try Rows(SyntheticDataSet(Self.small)))
        #expect(one == block(try Rows(SyntheticDataSet(Self.small))))
        var other = Self.small
        other.seed = 5
        #expect(one != block(try Rows(SyntheticDataSet(other))))
    }

    @Test(arguments: [2, 3, 5])
    func theNumberOfThreadsDoesNotShow(threads: Int) throws {
        let one = block(try Rows(SyntheticDataSet(Self.small)))
        #expect(one == block(try Rows(SyntheticDataSet(Self.small, pool: ComputePool(threads: threads)))))
    }

    @Test func everyPromiseIsKept() throws {
        let rows = try Rows(SyntheticDataSet(Self.small), firstCity: 20)
        try rows.expectPromises()
        #expect(rows.rejects.isEmpty)
        #expect(rows.people.filter { $0.city == $0.person.homeCity }.count == 400)
        #expect(rows.places.count == 300)
        let mean = Double(rows.visits.count) / 400
        #expect(mean > 0.85 * 60 && mean < 1.15 * 60, "\(mean) visits each")
    }

    @Test(arguments: [(1, 1, 1, 0), (1, 1, 1, 3), (2, 2, 2, 5), (3, 50, 3, 1), (50, 3, 3, 40), (200, 100, 90, 2)])
    func tinyWorldsAreMadeToo(people: Int, places: Int, cities: Int, visits: Int) throws {
        let configuration = SyntheticConfiguration(
            people: people, places: places, cities: cities, neighborhoodsPerCity: 1, visitsPerPerson: visits)
        let rows = try Rows(SyntheticDataSet(configuration))
        try rows.expectPromises()
        #expect(rows.cities.count == cities && (visits == 0) == rows.visits.isEmpty)
        #expect(Set(rows.places.map(\.city)).count == cities)
    }

    @Test func citiesDifferInSize() throws {
        let rows = try Rows(SyntheticDataSet(Self.small))
        #expect(try SyntheticDataSet(Self.small).cityNames() == ["Aarhus", "Bergen", "Cork"])
        let residents = rows.people.filter { $0.city == $0.person.homeCity }
        let sizes = (0..<3).map { city in residents.filter { $0.city == CityID(UInt32(city)) }.count }
        #expect(sizes[0] > sizes[1] && sizes[1] > sizes[2] && sizes[0] < 2 * 3 * sizes[2])
    }

    @Test func anyoneHasAboutTenFriendsMostlyAtHomeAndAlike() throws {
        let rows = try Rows(SyntheticDataSet(Self.small))
        let homes = Dictionary(rows.people.map { ($0.person.id, $0.person.homeCity) }, uniquingKeysWith: { $1 })
        var ties: [UInt64: Friendship] = [:]
        for (_, tie) in rows.friendships { ties[tie.first.number << 32 | tie.second.number] = tie }
        let degree = 2 * Double(ties.count) / 400
        #expect(degree > 8 && degree < 12, "\(degree) friends each")
        let away = Double(ties.values.filter { homes[$0.first] != homes[$0.second] }.count) / Double(ties.count)
        #expect(away > 0.03 && away < 0.2, "\(away) of the friendships between cities")
        let overlap = ties.values.reduce(0) { $0 + Double($1.interestOverlap) } / Double(ties.count)
        let people = Dictionary(rows.people.map { ($0.person.id, $0.person) }, uniquingKeysWith: { $1 })
        var strangers = 0.0
        for number in 0..<399 {
            guard let one = people[PersonID(UInt64(number))], let other = people[PersonID(UInt64(number + 1))] else {
                continue
            }
            strangers += cosine(one.finePreference, other.finePreference) / 399
        }
        #expect(overlap > 2 * strangers, "friends \(overlap), strangers \(strangers)")
        #expect(ties.values.contains { $0.coAttendance > 1 } && ties.values.contains { $0.sharedNeighborhoods > 0.5 })
    }

    @Test func aboutOneVisitInTwentyFiveIsMadeInAnotherCity() throws {
        let rows = try Rows(SyntheticDataSet(Self.small))
        let homes = Dictionary(rows.people.map { ($0.person.id, $0.person.homeCity) }, uniquingKeysWith: { $1 })
        let away = Double(rows.visits.filter { homes[$0.visit.person] != $0.city }.count) / Double(rows.visits.count)
        #expect(away > 0.03 && away < 0.05, "\(away)")
    }

    @Test func visitsFillTwentySixWeeksAndFavourEveningsAndWeekends() throws {
        let visits = try Rows(SyntheticDataSet(Self.small)).visits.map(\.visit)
        let start: Int64 = 1_767_571_200_000
        let end = start + 26 * 7 * 86_400_000
        #expect(visits.allSatisfy { (start..<end).contains($0.time.milliseconds) })
        let count = Double(visits.count)
        let evening = Double(visits.filter { $0.time.timeOfDay == 2 }.count) / count
        let weekend = Double(visits.filter { $0.time.dayOfWeek == 1 }.count) / count
        #expect(evening > 0.3, "a fifth of the hours, \(evening) of the visits")
        #expect(weekend > 0.35, "two days of seven, \(weekend) of the visits")
        let liked = Double(visits.filter { $0.implicitRating >= 3 }.count) / count
        #expect(liked > 0.3 && liked < 0.9, "\(liked) rated 3 or more")
    }

    @Test func tasteForetellsNewPlacesFarBetterThanPopularity() throws {
        let rows = try Rows(SyntheticDataSet(SyntheticConfiguration(people: 600, places: 400, cities: 2, seed: 9)))
        let recall = Foretelling(rows).recallAt10()
        #expect(recall.taste > 1.5 * recall.popularity, "\(recall)")
        #expect(recall.taste > 0.1 && recall.taste < 0.8, "\(recall)")
    }

    @Test func visitsFollowActivityAndPreferencesSumToOne() throws {
        let rows = try Rows(SyntheticDataSet(Self.small))
        let people = rows.people.filter { $0.city == $0.person.homeCity }.map(\.person)
        var counts: [PersonID: Int] = [:]
        for (_, visit) in rows.visits { counts[visit.person, default: 0] += 1 }
        let byActivity = people.sorted {
            $0.sessionsPerWeek * $0.viewsPerSession < $1.sessionsPerWeek * $1.viewsPerSession
        }
        let idle = byActivity.prefix(100).reduce(0) { $0 + (counts[$1.id] ?? 0) }
        let busy = byActivity.suffix(100).reduce(0) { $0 + (counts[$1.id] ?? 0) }
        #expect(busy > 3 * idle, "\(busy) visits of the busiest quarter, \(idle) of the idlest")
        for person in people {
            for sum in [person.categoryPreference, person.finePreference, person.vibePreference].map({ $0.reduce(0, +) }
            ) {
                #expect(abs(sum - 1) < 1e-5)
            }
            #expect((3...10).contains(person.vibePreference.count { $0 > 0 }) && person.areaFrequencies.count <= 3)
        }
    }

    @Test func popularityIsLogNormal() throws {
        let rows = try Rows(
            SyntheticDataSet(SyntheticConfiguration(people: 2, places: 4000, cities: 1, visitsPerPerson: 1)))
        var summary = WorldSummary()
        for (city, record) in rows.rows { summary.add(record, in: city) }
        let logarithm = summary.logPopularity
        #expect(abs(logarithm.mean) < 0.06 && abs(logarithm.deviation - 0.9) < 0.05)
        #expect(abs(logarithm.skewness) < 0.15 && abs(logarithm.excessKurtosis) < 0.3)
    }

    @Test func settingsOutOfRangeAreNamed() {
        let data = SyntheticDataSet(SyntheticConfiguration(people: 2, places: 10, cities: 3))
        #expect(
            throws: ImportError.badSetting(name: "number of people", value: 2, rule: "3...10000000")
        ) { try data.cityNames() }
    }

    @Test func aCityWithoutNumberIsNamed() {
        #expect(throws: ImportError.unknownCity("Bergen")) {
            try SyntheticDataSet(Self.small).read(
                cities: ["Aarhus": CityID(0)], emit: { _, _ in }, reject: { _ in }, progress: { _ in })
        }
    }
}

private func cosine(_ left: [Float], _ right: [Float]) -> Double {
    var (product, one, other) = (0.0, 0.0, 0.0)
    for (x, y) in zip(left, right) {
        product += Double(x * y)
        one += Double(x * x)
        other += Double(y * y)
    }
    return product / (one * other).squareRoot()
}

/// How well the new places of each person's last visits are found by what the person says they like,
/// and by what everybody visits. Only home-city visits count.
private struct Foretelling {
    private var people: [Person] = []
    private var places: [Place] = []
    private var visits: [PersonID: [Visit]] = [:]

    init(_ rows: Rows) {
        people = rows.people.filter { $0.city == $0.person.homeCity }.map(\.person)
        places = rows.places.map(\.place)
        let homes = Dictionary(people.map { ($0.id, $0.homeCity) }, uniquingKeysWith: { $1 })
        for (city, visit) in rows.visits where homes[visit.person] == city {
            visits[visit.person, default: []].append(visit)
        }
    }

    func recallAt10() -> (taste: Double, popularity: Double) {
        var counts: [PlaceID: Double] = [:]
        for person in people { for visit in training(person.id) { counts[visit.place, default: 0] += 1 } }
        var (taste, popularity, judged) = (0.0, 0.0, 0.0)
        for person in people {
            let known = Set(training(person.id).map(\.place))
            let wanted = Set((visits[person.id] ?? []).suffix(heldOut(person.id)).map(\.place)).subtracting(known)
            if wanted.isEmpty { continue }
            judged += 1
            let candidates = places.filter { $0.city == person.homeCity && !known.contains($0.id) }
            let byTaste = candidates.map { ($0.id, cosine(person.finePreference, $0.fineTags)) }
            let byCount = candidates.map { ($0.id, counts[$0.id] ?? 0) }
            taste += share(of: wanted, in: byTaste)
            popularity += share(of: wanted, in: byCount)
        }
        return (taste / judged, popularity / judged)
    }

    private func heldOut(_ person: PersonID) -> Int { (visits[person]?.count ?? 0) / 10 }

    private func training(_ person: PersonID) -> ArraySlice<Visit> {
        (visits[person] ?? []).dropLast(heldOut(person))
    }

    private func share(of wanted: Set<PlaceID>, in scored: [(PlaceID, Double)]) -> Double {
        let best = scored.sorted { ($1.1, $0.0) < ($0.1, $1.0) }.prefix(10)
        return Double(best.filter { wanted.contains($0.0) }.count) / Double(wanted.count)
    }
}
