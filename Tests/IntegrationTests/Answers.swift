import Basics
import Foundation
import World

// The JSON answers of the command, as far as the tests read them.

struct StatusAnswer: Decodable {
    struct City: Decodable {
        var name: String
        var home: Bool
        var worker: String?
        var people: UInt64
        var halo: UInt64
        var places: UInt64
        var visits: UInt64
        var friendships: UInt64
        var friendLabels: UInt64
        var gatherings: UInt64
        var model: UInt64
        var seeds: UInt64
        var eventsWaiting: UInt64
    }

    struct Worker: Decodable {
        var name: String
        var alive: Bool
        var cities: UInt32
    }

    var workers: [Worker]
    var cities: [City]
    var jobs: [JobAnswer]
}

struct JobAnswer: Decodable {
    struct City: Decodable {
        var city: String
        var values: [String: Double]
    }

    var job: UInt64
    var kind: String
    var state: String
    var round: Int
    var rounds: Int
    var losses: [Double]
    var cities: [City]
    var training: TrainingAnswer?
}

struct TrainingAnswer: Decodable {
    struct Part: Decodable {
        var city: String
        var worker: String
        var state: String
        var rounds: Int
        var late: Int
        var seconds: Double
    }

    var bytes: UInt64
    var lateUsed: UInt64
    var lateDropped: UInt64
    var expectedSeconds: Double?
    var expectedBytes: UInt64?
    var byCity: [Part]
}

struct ModelAnswer: Decodable {
    var model: UInt64
    var live: Bool
    var ready: Int
    var cities: Int
    var ndcgAt10: Double
}

/// A line of `muster train --json` before the last.
struct RoundAnswer: Decodable {
    var round: Int
    var loss: Double
}

struct EvaluationAnswer: Decodable {
    struct Row: Decodable {
        var rankedBy: String
        var at: Int
        var ndcg: Double
    }

    var city: String
    var model: UInt64
    var rows: [Row]
}

struct SeedAnswer: Decodable, Equatable {
    var seed: String
    var city: String
    var venue: String
    var starters: [String]
    var conversion: Double
    var invites: [String]
}

struct EventAnswer: Decodable {
    struct Details: Decodable {
        var city: String
        var starters: [String]?
    }

    var specversion: String
    var type: String
    var subject: String
    var data: Details
}

struct ImportAnswer: Decodable {
    var rows: Int
    var new: Int
    var known: Int
    var rejected: Int
}

/// What must be in each city once the synthetic world is imported: counted from the rows themselves.
struct ExpectedCity: Equatable {
    var people = Set<PersonID>()
    var halo = Set<PersonID>()
    var places = Set<PlaceID>()
    var visits = Set<[UInt64]>()
    var friendships = Set<[UInt64]>()
    var friendLabels = Set<[UInt64]>()
    var gatherings = Set<GatheringID>()

    static func world(people: Int, places: Int, cities: Int, visits: Int, seed: UInt64) throws -> [String: ExpectedCity]
    {
        let dataSet = SyntheticDataSet(
            SyntheticConfiguration(
                people: people, places: places, cities: cities, visitsPerPerson: visits, seed: seed))
        let names = try dataSet.cityNames()
        let ids = Dictionary(uniqueKeysWithValues: zip(names, names.indices.map { CityID(UInt32($0)) }))
        var expected = Dictionary(uniqueKeysWithValues: names.map { ($0, ExpectedCity()) })
        try dataSet.read(
            cities: ids,
            emit: { city, record in expected[names[Int(city.number)]]?.add(record, city) },
            reject: { _ in }, progress: { _ in })
        return expected
    }

    private mutating func add(_ record: Record, _ city: CityID) {
        switch record {
        case .person(let person) where person.homeCity == city: people.insert(person.id)
        case .person(let person): halo.insert(person.id)
        case .place(let place): places.insert(place.id)
        case .visit(let visit):
            visits.insert([visit.person.number, visit.place.number, UInt64(bitPattern: visit.time.milliseconds)])
        case .friendship(let friendship): friendships.insert([friendship.first.number, friendship.second.number])
        case .friendLabel(let label): friendLabels.insert([label.first.number, label.second.number])
        case .gathering(let gathering): gatherings.insert(gathering.id)
        }
    }

    func matches(_ city: StatusAnswer.City) -> Bool {
        UInt64(people.count) == city.people && UInt64(halo.count) == city.halo && UInt64(places.count) == city.places
            && UInt64(visits.count) == city.visits && UInt64(friendships.count) == city.friendships
            && UInt64(friendLabels.count) == city.friendLabels && UInt64(gatherings.count) == city.gatherings
    }
}
