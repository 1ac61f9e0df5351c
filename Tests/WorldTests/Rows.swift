import Basics
import Testing
import World

/// What a data set streamed, and the promises every data set must keep.
struct Rows {
    var cities: [String: CityID] = [:]
    var rows: [(city: CityID, record: Record)] = []
    var rejects: [Reject] = []
    var progress: [Double] = []

    /// Reads all of a data set, its cities numbered from `firstCity` in order.
    init(_ data: some DataSet, firstCity: UInt32 = 0, only wanted: [String]? = nil) throws {
        for (index, name) in try data.cityNames().enumerated() where wanted?.contains(name) ?? true {
            cities[name] = CityID(firstCity + UInt32(index))
        }
        var rows: [(city: CityID, record: Record)] = []
        var rejects: [Reject] = []
        var progress: [Double] = []
        try data.read(
            cities: cities, emit: { rows.append(($0, $1)) }, reject: { rejects.append($0) },
            progress: { progress.append($0) })
        (self.rows, self.rejects, self.progress) = (rows, rejects, progress)
    }

    var people: [(city: CityID, person: Person)] {
        rows.compactMap { row in
            if case .person(let person) = row.record { (row.city, person) } else { nil }
        }
    }
    var places: [(city: CityID, place: Place)] {
        rows.compactMap { row in
            if case .place(let place) = row.record { (row.city, place) } else { nil }
        }
    }
    var visits: [(city: CityID, visit: Visit)] {
        rows.compactMap { row in
            if case .visit(let visit) = row.record { (row.city, visit) } else { nil }
        }
    }
    var friendships: [(city: CityID, friendship: Friendship)] {
        rows.compactMap { row in
            if case .friendship(let friendship) = row.record { (row.city, friendship) } else { nil }
        }
    }

    private struct Known: Hashable {
        var city: CityID
        var number: UInt64
    }

    /// Expects every promise that the data set protocol makes.
    func expectPromises() throws {
        try expectOrderAndValidity()
        var homes: [PersonID: CityID] = [:]
        var known = Set<Known>()
        var guests = Set<Known>()
        for (city, person) in people {
            if city == person.homeCity {
                #expect(homes.updateValue(city, forKey: person.id) == nil, "one home")
            } else {
                #expect(homes[person.id] == person.homeCity, "the home comes first and is the same everywhere")
                guests.insert(Known(city: city, number: person.id.number))
            }
            #expect(known.insert(Known(city: city, number: person.id.number)).inserted, "once per city")
        }
        var placesKnown = Set<Known>()
        for (city, place) in places {
            #expect(city == place.city)
            #expect(placesKnown.insert(Known(city: city, number: place.id.number)).inserted)
        }
        for (city, visit) in visits {
            #expect(placesKnown.contains(Known(city: city, number: visit.place.number)))
            #expect(known.contains(Known(city: city, number: visit.person.number)))
            guests.remove(Known(city: city, number: visit.person.number))
        }
        var ties: [UInt64: Set<CityID>] = [:]
        for (city, tie) in friendships {
            ties[tie.first.number &* 1_000_003 &+ tie.second.number, default: []].insert(city)
            for person in [tie.first, tie.second] {
                #expect(known.contains(Known(city: city, number: person.number)))
                guests.remove(Known(city: city, number: person.number))
            }
        }
        for (_, tie) in friendships {
            let expected: Set<CityID> = [try #require(homes[tie.first]), try #require(homes[tie.second])]
            #expect(ties[tie.first.number &* 1_000_003 &+ tie.second.number] == expected)
        }
        #expect(guests.isEmpty, "nobody is a guest without a visit or a friend")
    }

    private func expectOrderAndValidity() throws {
        var last = 0
        for row in rows {
            try row.record.validate()
            let rank =
                switch row.record {
                case .person: 0
                case .place: 1
                case .visit: 2
                case .friendship: 3
                }
            #expect(rank >= last, "people, places, visits, friendships")
            last = rank
        }
        #expect(progress == progress.sorted() && progress.last == 1)
    }
}
