import Basics

/// A whole made-up world, and its records. The parts are made one after the other, each from its own
/// child of the seed: places, people, friendships, visits.
struct SyntheticWorld {
    private let cities: [CityID]
    private let places: SyntheticPlaces
    private let people: SyntheticPeople
    private let friendships: SyntheticFriendships
    private let visits: SyntheticVisits

    /// What friends did together is counted up to here. Models are judged by what people do at the end
    /// of the time told of, and must not read it off their friendships.
    private static let lastWeekCounted = 22

    /// Makes the world; `cities` are the numbers of its cities. The configuration is valid.
    init(_ configuration: SyntheticConfiguration, cities: [CityID]) {
        let random = SeededRandom(seed: configuration.seed)
        self.cities = cities
        places = SyntheticPlaces(configuration, random)
        people = SyntheticPeople(configuration, random)
        friendships = SyntheticFriendships(people, random)
        visits = SyntheticVisits(configuration, people, places, friendships, random)
    }

    func emitAll(
        _ emit: (CityID, Record) throws -> Void, _ progress: (Double) -> Void, from made: Double
    ) throws {
        let total = people.homes.count + places.slots.count + visits.visits.count + friendships.pairs.count
        var meter = ProgressMeter(total: total, from: made)
        try guests().forEach(homes: people.homes) { person, city in
            let home = people.homes[person]
            try emit(cities[city], .person(people.record(person, home: cities[home])))
            if city == home { meter.step(progress) }
        }
        for city in cities.indices {
            for place in places.starts[city]..<places.starts[city + 1] {
                try emit(cities[city], .place(places.record(place, in: cities[city])))
                meter.step(progress)
            }
        }
        for person in people.homes.indices {
            for visit in visits(of: person) {
                try emit(cities[Int(visit.city)], .visit(record(of: visit, by: person)))
                meter.step(progress)
            }
        }
        let attended = people.homes.indices.map { attendedPlaces(of: $0) }
        for pair in friendships.pairs {
            let record = Record.friendship(
                Friendship(
                    first: PersonID(UInt64(pair.first)), second: PersonID(UInt64(pair.second)),
                    interestOverlap: people.statedOverlap(pair.first, pair.second),
                    coAttendance: countCommon(attended[pair.first], attended[pair.second]),
                    sharedNeighborhoods: people.sharedNeighborhoods(pair.first, pair.second)))
            let (first, second) = (people.homes[pair.first], people.homes[pair.second])
            try emit(cities[first], record)
            if second != first { try emit(cities[second], record) }
            meter.step(progress)
        }
    }

    private func visits(of person: Int) -> ArraySlice<SyntheticVisit> {
        visits.visits[person * visits.perPerson..<(person + 1) * visits.perPerson]
    }

    private func record(of visit: SyntheticVisit, by person: Int) -> Visit {
        Visit(
            person: PersonID(UInt64(person)), place: PlaceID(UInt64(visit.place)),
            time: Timestamp(milliseconds: visit.time), dwellSeconds: visit.dwellSeconds, likes: visit.likes,
            saves: visit.saves, shares: visit.shares, attended: visit.attended)
    }

    /// The places that somebody attended in the weeks counted, ascending, each once.
    private func attendedPlaces(of person: Int) -> [UInt32] {
        let end = SyntheticCalendar.start + Int64(Self.lastWeekCounted) * 7 * 86_400_000
        var places = visits(of: person).filter { $0.attended && $0.time < end }.map(\.place)
        places.sort()
        var distinct: [UInt32] = []
        for place in places where distinct.last != place { distinct.append(place) }
        return distinct
    }

    private func guests() -> GuestList {
        var guests = GuestList()
        for (person, home) in people.homes.enumerated() {
            for visit in visits(of: person) { guests.note(person: person, in: Int(visit.city), home: home) }
        }
        for pair in friendships.pairs {
            let (first, second) = (people.homes[pair.first], people.homes[pair.second])
            guests.note(person: pair.first, in: second, home: first)
            guests.note(person: pair.second, in: first, home: second)
        }
        return guests
    }
}

/// How many numbers two ascending lists have in common.
private func countCommon(_ left: [UInt32], _ right: [UInt32]) -> UInt32 {
    var (one, other, common) = (0, 0, UInt32(0))
    while one < left.count && other < right.count {
        if left[one] == right[other] {
            common += 1
            one += 1
            other += 1
        } else if left[one] < right[other] {
            one += 1
        } else {
            other += 1
        }
    }
    return common
}
