// What the layouts of check-ins have in common beside their columns: people named by the outside's numbers, who is
// friends with whom, the places and the visits, all in memory; and sending that, in the order that a data set
// promises, to where it belongs.

import Basics

/// Everything that the files of a layout of check-ins say. Cities are slots, people and places positions in order of
/// first appearance.
struct CheckIns {
    struct Visit {
        var time: Int64
        var person: UInt32
        var place: UInt32
        var likes: UInt16 = 0
    }

    /// For layouts that say hours.
    static let hourMilliseconds: Int64 = 3_600_000

    var people = CheckInPeople()
    /// With the slots of their cities.
    var places: [(slot: Int, record: Place)] = []
    var visits: [Visit] = []

    /// Sends all rows; a slot stands for a city of `cities`. Reading the files was a tenth of the way.
    func emitAll(
        to cities: [CityID], _ emit: (CityID, Record) throws -> Void, _ progress: (Double) -> Void
    ) throws {
        let parsed = 0.1
        progress(parsed)
        var meter = ProgressMeter(total: people.rows + places.count + visits.count, from: parsed)
        var guests = GuestList()
        for visit in visits {
            let person = Int(visit.person)
            guests.note(person: person, in: places[Int(visit.place)].slot, home: people.homes[person])
        }
        try people.emitPeople(guests, to: cities, emit) { meter.step(progress) }
        for (slot, place) in places {
            try emit(cities[slot], .place(place))
            meter.step(progress)
        }
        for row in visits {
            let place = places[Int(row.place)]
            let visit = World.Visit(
                person: PersonID(people.numbers[Int(row.person)]), place: place.record.id,
                time: Timestamp(milliseconds: row.time), likes: row.likes, attended: true)
            try emit(cities[place.slot], .visit(visit))
            meter.step(progress)
        }
        try people.emitFriendships(to: cities, emit) { meter.step(progress) }
        progress(1)
    }
}

/// People in order of first appearance, their homes and their friendships.
struct CheckInPeople {
    private struct Tie: Hashable {
        var first: UInt32
        var second: UInt32
    }

    /// The outside's number of each person.
    private(set) var numbers: [UInt64] = []
    /// The slot of each one's home city.
    var homes: [Int] = []
    /// The neighbourhood of each one's home; empty where none is known.
    var neighborhoods: [UInt16] = []
    private var positions = NumberIndex()
    private var ties: [Tie] = []
    private var known: Set<Tie> = []

    /// How many rows the people and their friendships are.
    var rows: Int { numbers.count + ties.count }

    /// Where a person stands, or nil.
    func position(of number: UInt64) -> UInt32? { positions[number].map { UInt32($0) } }

    /// Where a person stands, who is added when not known yet.
    mutating func added(_ number: UInt64) -> UInt32 {
        if let known = positions[number] { return UInt32(known) }
        _ = positions.insert(number, numbers.count)
        numbers.append(number)
        return UInt32(numbers.count - 1)
    }

    /// Notes a friendship of two different people, once.
    mutating func befriend(_ one: UInt32, _ other: UInt32) {
        let isOrdered = numbers[Int(one)] < numbers[Int(other)]
        let tie = Tie(first: isOrdered ? one : other, second: isOrdered ? other : one)
        if known.insert(tie).inserted { ties.append(tie) }
    }

    /// Sends everybody home and to where they are guests: `guests` knows from visits, friendships are added here.
    func emitPeople(
        _ guests: consuming GuestList, to cities: [CityID], _ emit: (CityID, Record) throws -> Void, step: () -> Void
    ) throws {
        for tie in ties { guests.note(pair: Int(tie.first), Int(tie.second), homes: homes) }
        try guests.forEach(homes: homes) { person, city in
            let record = Person(
                id: PersonID(numbers[person]), homeCity: cities[homes[person]],
                homeNeighborhood: neighborhoods.isEmpty ? 0 : neighborhoods[person])
            try emit(cities[city], .person(record))
            if city == homes[person] { step() }
        }
    }

    /// Sends each friendship to the home cities of both.
    func emitFriendships(to cities: [CityID], _ emit: (CityID, Record) throws -> Void, step: () -> Void) throws {
        for tie in ties {
            let (first, second) = (Int(tie.first), Int(tie.second))
            let friendship = Friendship(first: PersonID(numbers[first]), second: PersonID(numbers[second]))
            try emit(cities[homes[first]], .friendship(friendship))
            if homes[second] != homes[first] { try emit(cities[homes[second]], .friendship(friendship)) }
            step()
        }
    }
}
