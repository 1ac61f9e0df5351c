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

    var labels: [(city: CityID, label: FriendLabel)] {
        rows.compactMap { row in
            if case .friendLabel(let label) = row.record { (row.city, label) } else { nil }
        }
    }
    var gatherings: [(city: CityID, gathering: Gathering)] {
        rows.compactMap { row in
            if case .gathering(let gathering) = row.record { (row.city, gathering) } else { nil }
        }
    }

    private struct Known: Hashable {
        var city: CityID
        var number: UInt64
    }

    /// Expects every promise that the data set protocol makes. Collects what is broken, since one
    /// expectation a row would cost more than the reading.
    func expectPromises(guestsLast: Bool = false) throws {
        try expectOrderAndValidity(guestsLast: guestsLast)
        var broken: [String] = []
        var homes: [PersonID: CityID] = [:]
        var known = Set<Known>()
        var guests = Set<Known>()
        for (city, person) in people {
            let here = Known(city: city, number: person.id.number)
            if city == person.homeCity {
                if homes.updateValue(city, forKey: person.id) != nil { broken.append("two homes of \(person.id)") }
            } else {
                if homes[person.id] != person.homeCity { broken.append("guest \(person.id) before their home") }
                guests.insert(here)
            }
            if !known.insert(here).inserted { broken.append("person \(person.id) twice in \(city)") }
        }
        var placesKnown = Set<Known>()
        for (city, place) in places {
            if city != place.city { broken.append("place \(place.id) elsewhere") }
            if !placesKnown.insert(Known(city: city, number: place.id.number)).inserted {
                broken.append("place \(place.id) twice in \(city)")
            }
        }
        for (city, visit) in visits {
            let person = Known(city: city, number: visit.person.number)
            if !placesKnown.contains(Known(city: city, number: visit.place.number)) || !known.contains(person) {
                broken.append("visit of \(visit.person) to \(visit.place) in \(city) hangs in the air")
            }
            guests.remove(person)
        }
        for (kind, pairs) in [
            ("friendship", friendships.map { ($0.city, $0.friendship.first, $0.friendship.second) }),
            ("friend label", labels.map { ($0.city, $0.label.first, $0.label.second) }),
        ] {
            var cities: [[PersonID]: Set<CityID>] = [:]
            for (city, first, second) in pairs {
                if !cities[[first, second], default: []].insert(city).inserted {
                    broken.append("\(kind) of \(first) and \(second) twice in \(city)")
                }
                for friend in [first, second] {
                    let person = Known(city: city, number: friend.number)
                    if !known.contains(person) { broken.append("\(kind): \(friend) is unknown in \(city)") }
                    guests.remove(person)
                }
            }
            for (pair, found) in cities {
                let expected: Set<CityID> = [try #require(homes[pair[0]]), try #require(homes[pair[1]])]
                if found != expected { broken.append("\(kind) of \(pair[0]) in the wrong cities") }
            }
        }
        for (city, gathering) in gatherings {
            if city != gathering.city { broken.append("gathering \(gathering.id) elsewhere") }
            if !placesKnown.contains(Known(city: city, number: gathering.place.number)) {
                broken.append("gathering \(gathering.id) at an unknown place")
            }
        }
        if !guests.isEmpty { broken.append("\(guests.count) guests without a visit or a friend") }
        #expect(broken.isEmpty, "\(broken.prefix(5))")
    }

    private func expectOrderAndValidity(guestsLast: Bool) throws {
        var ranks: [Int] = []
        for row in rows {
            try row.record.validate()
            switch row.record {
            case .person(let person): ranks.append(guestsLast && row.city != person.homeCity ? 6 : 0)
            case .place: ranks.append(1)
            case .visit: ranks.append(2)
            case .friendship: ranks.append(3)
            case .friendLabel: ranks.append(4)
            case .gathering: ranks.append(5)
            }
        }
        let isOrdered = ranks == ranks.sorted()
        #expect(isOrdered, "people, places, visits, friendships, friend labels, gatherings")
        #expect(progress == progress.sorted() && progress.last == 1)
    }
}
