package import Basics

/// The made-up world as a data set. Made anew by each reading, all of it in memory at once. Validates its
/// configuration when used.
package struct SyntheticDataSet: DataSet {
    private let configuration: SyntheticConfiguration
    private let search: SimilaritySearch
    private let pool: ComputePool

    /// `search` finds similar people; any exact one makes the same world, on any number of threads.
    package init(
        _ configuration: SyntheticConfiguration, search: SimilaritySearch = .plain,
        pool: ComputePool = ComputePool(threads: 1)
    ) {
        self.configuration = configuration
        self.search = search
        self.pool = pool
    }

    package func outline() throws(ImportError) -> [CityOutline] {
        try configuration.validate()
        let starts = SyntheticCities.shares(of: configuration.places, among: configuration.cities)
        return (0..<configuration.cities).map { city in
            CityOutline(name: SyntheticCities.name(city), size: UInt64(starts[city + 1] - starts[city]))
        }
    }

    package func read(
        cities: [String: CityID], emit: (CityID, Record) throws -> Void, reject: (Reject) throws -> Void,
        progress: (Double) -> Void
    ) throws {
        var numbers: [CityID] = []
        for name in try cityNames() {
            guard let number = cities[name] else { throw ImportError.unknownCity(name) }
            numbers.append(number)
        }
        let world = try SyntheticWorld(configuration, cities: numbers, search: search, pool: pool)
        let made = 0.4
        var rows = SyntheticRows(world)
        for city in numbers.indices {
            rows.add(world.city(city))
            progress(made * Double(city + 1) / Double(numbers.count))
        }
        try rows.emitAll(emit, progress, from: made)
        progress(1)
    }
}

/// All rows of a made-up world, each sent to the cities that must hold it.
private struct SyntheticRows {
    private let world: SyntheticWorld
    private var cities: [SyntheticCity] = []

    init(_ world: SyntheticWorld) { self.world = world }

    mutating func add(_ city: SyntheticCity) { cities.append(city) }

    func emitAll(
        _ emit: (CityID, Record) throws -> Void, _ progress: (Double) -> Void, from made: Double
    ) throws {
        let between = world.betweenCities(AttendedPlaces(joining: cities.map(\.attended)))
        let people = world.score.people
        let total = cities.reduce(people.persons.count) { total, city in
            total + city.places.count + city.visits.reduce(0) { $0 + $1.count } + city.friendships.count
        }
        var meter = ProgressMeter(total: total, from: made)
        try guests().forEach(homes: people.persons.map { Int($0.home) }) { person, city in
            let home = people.home(of: person)
            try emit(world.cities[city], .person(people.record(person, home: world.cities[home])))
            if city == home { meter.step(progress) }
        }
        for (city, number) in zip(cities, world.cities) {
            for place in city.places {
                try emit(number, .place(world.score.places.record(place, in: number)))
                meter.step(progress)
            }
        }
        for city in cities {
            for (person, visits) in zip(city.residents, city.visits) {
                for visit in visits {
                    try emit(world.cities[Int(visit.city)], .visit(world.record(of: visit, by: person)))
                    meter.step(progress)
                }
            }
        }
        for (city, number) in zip(cities, world.cities) {
            for friendship in city.friendships {
                try emit(number, .friendship(friendship))
                meter.step(progress)
            }
        }
        for friendship in between.friendships {
            for city in homes(friendship.first, friendship.second) { try emit(city, .friendship(friendship)) }
        }
        for (city, number) in zip(cities, world.cities) {
            for label in city.labels { try emit(number, .friendLabel(label)) }
        }
        for label in between.labels {
            for city in homes(label.first, label.second) { try emit(city, .friendLabel(label)) }
        }
        for (city, number) in zip(cities, world.cities) {
            for gathering in city.gatherings { try emit(number, .gathering(gathering)) }
        }
    }

    private func homes(_ first: PersonID, _ second: PersonID) -> [CityID] {
        [first, second].map { world.cities[world.score.people.home(of: Int($0.number))] }
    }

    private func guests() -> GuestList {
        var guests = GuestList()
        for (home, city) in cities.enumerated() {
            for (person, visits) in zip(city.residents, city.visits) {
                for visit in visits { guests.note(person: person, in: Int(visit.city), home: home) }
            }
        }
        for tie in world.tiesBetweenCities {
            let (first, second) = (Int(tie.first), Int(tie.second))
            let (firstHome, secondHome) = (world.score.people.home(of: first), world.score.people.home(of: second))
            guests.note(person: first, in: secondHome, home: firstHome)
            guests.note(person: second, in: firstHome, home: secondHome)
        }
        return guests
    }
}
