// What the layouts of check-ins have in common beside their columns: rows that are taken or rejected one by one, people
// named by the outside's numbers, who is friends with whom, and sending all of it to where it belongs.

import Basics

extension TextTable {
    /// Hands each row to `take`. What that throws, and a row of another width, is a reject.
    mutating func forEachRow(
        _ reject: (Reject) throws -> Void, _ take: (borrowing TextTable) throws(RowFault) -> Void
    ) throws {
        while next() {
            do throws(RowFault) {
                try checkWidth()
                try take(self)
            } catch {
                try reject(rejected(error))
            }
        }
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
    private var positions: [UInt64: UInt32] = [:]
    private var ties: [Tie] = []
    private var known: Set<Tie> = []

    /// How many rows the people and their friendships are.
    var rows: Int { numbers.count + ties.count }

    /// Where a person stands, or nil.
    func position(of number: UInt64) -> UInt32? { positions[number] }

    /// Where a person stands, who is added when not known yet.
    mutating func added(_ number: UInt64) -> UInt32 {
        if let known = positions[number] { return known }
        let position = UInt32(numbers.count)
        positions[number] = position
        numbers.append(number)
        return position
    }

    /// Notes a friendship of two different people, once.
    mutating func befriend(_ one: UInt32, _ other: UInt32) {
        let isOrdered = numbers[Int(one)] < numbers[Int(other)]
        let tie = Tie(first: isOrdered ? one : other, second: isOrdered ? other : one)
        if known.insert(tie).inserted { ties.append(tie) }
    }

    /// Sends everybody home and to where they are guests: `guests` knows from visits, friendships are added here.
    /// `record` makes the record of a person by position and the slot of their home.
    func emitPeople(
        _ guests: consuming GuestList, to cities: [CityID], _ emit: (CityID, Record) throws -> Void,
        _ record: (_ person: Int, _ home: Int) -> Person, step: () -> Void
    ) throws {
        for tie in ties { guests.note(pair: Int(tie.first), Int(tie.second), homes: homes) }
        try guests.forEach(homes: homes) { person, city in
            try emit(cities[city], .person(record(person, homes[person])))
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
