import Basics
import World

/// Records to test with: the smallest and the fullest of each kind.
enum Samples {
    static func oneHot(_ index: Int, of count: Int) -> [Float] {
        var vector = [Float](repeating: 0, count: count)
        vector[index] = 1
        return vector
    }

    static let stranger = Person(id: PersonID(7), homeCity: CityID(2))

    static let person = Person(
        id: PersonID(0x0102_0304_0506_0708), homeCity: CityID(3), homeNeighborhood: 4,
        categoryPreference: [0.5, 0.25, 0.25, 0, 0, 0], finePreference: oneHot(99, of: 100),
        vibePreference: [Float](repeating: 1.0 / 30, count: 30),
        areaFrequencies: [
            AreaFrequency(neighborhood: 4, weight: 0.75), AreaFrequency(neighborhood: 1, weight: 0.25),
        ],
        sessionsPerWeek: 1, viewsPerSession: 2, likesPerSession: 3, savesPerSession: 4, attendsPerMonth: 5)

    static let described: Person = {
        var person = stranger
        person.gender = 2
        return person
    }()

    static let barePlace = Place(id: PlaceID(1), city: CityID(2))

    static let place = Place(
        id: PlaceID(9), city: CityID(2), neighborhood: 14, categories: oneHot(2, of: 6),
        fineTags: oneHot(1, of: 100), priceBand: 4, typicalSlot: 5,
        popularity: PlacePopularity(base: 2, dailyVisits: 1, conversionRate: 0.5, novelty: 0.25))

    static let checkIn = Visit(
        person: PersonID(1), place: PlaceID(2), time: Timestamp(milliseconds: 3), attended: true)

    static let visit = Visit(
        person: PersonID(1), place: PlaceID(2), time: Timestamp(milliseconds: 3), dwellSeconds: 1, likes: 2,
        saves: 3, shares: 4)

    static let friendship = Friendship(
        first: PersonID(1), second: PersonID(2), interestOverlap: 0.5, coAttendance: 3, sharedNeighborhoods: 1)

    static let label = FriendLabel(first: PersonID(1), second: PersonID(2), isCompatible: true, attends: true)

    static let bareGathering = Gathering(
        id: GatheringID(1), city: CityID(2), place: PlaceID(3), start: Timestamp(milliseconds: 4))

    static let gathering = Gathering(
        id: GatheringID(1), city: CityID(2), place: PlaceID(3), kind: .gig, title: "Fête", host: PersonID(9),
        start: Timestamp(milliseconds: 4), end: Timestamp(milliseconds: 5), capacity: 300, priceBand: 4,
        categories: oneHot(0, of: 6), fineTags: oneHot(99, of: 100), status: .finished)

    static let records: [Record] = [
        .person(stranger), .person(person), .person(described), .place(barePlace), .place(place), .visit(checkIn),
        .visit(visit), .friendship(friendship), .friendLabel(label), .gathering(bareGathering),
        .gathering(gathering),
    ]

    static func bytes(_ record: Record) -> [UInt8] {
        var writer = ByteWriter()
        record.encode(into: &writer)
        return writer.bytes
    }

    static func record(_ bytes: [UInt8]) throws(ByteError) -> Record {
        var reader = ByteReader(bytes)
        let record = try Record(from: &reader)
        try reader.finish()
        return record
    }
}
