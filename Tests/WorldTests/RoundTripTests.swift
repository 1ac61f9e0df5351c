import Basics
import Foundation
import Testing

@testable import World

/// What is written as tables is read again as the same records, to the bit.
@Suite struct RoundTripTests {
    private static let cities = [CityID(0): "Ål, \"by\"", CityID(1): "7"]

    /// Weights that sum to one, some of them zero.
    private static func weights(_ count: Int, _ random: inout SeededRandom) -> [Float] {
        let raw = (0..<count).map { _ in random.uniform() < 0.3 ? 0 : random.uniform() }
        let total = raw.reduce(0, +)
        return raw.map { Float($0 / max(total, 1e-9)) }
    }

    private static func person(_ number: UInt64, _ random: inout SeededRandom) -> Person {
        var person = Person(id: PersonID(number), homeCity: CityID(UInt32(number % 2)))
        if number % 3 == 0 { return person }
        person.homeNeighborhood = UInt16(number)
        person.categoryPreference = weights(6, &random)
        person.finePreference = weights(100, &random)
        person.vibePreference = weights(30, &random)
        person.areaFrequencies = [
            AreaFrequency(neighborhood: 9, weight: 0.75), AreaFrequency(neighborhood: 2, weight: 0.25),
        ]
        person.sessionsPerWeek = Float(random.uniform() * 10)
        person.viewsPerSession = .leastNormalMagnitude
        person.likesPerSession = 1e20
        person.ageGroup = UInt8(number % 6)
        person.gender = number % 2 == 0 ? nil : 2
        return person
    }

    private static func world() -> [(city: CityID, record: Record)] {
        var random = SeededRandom(seed: 3)
        var rows: [(CityID, Record)] = []
        for number in 1...20 as ClosedRange<UInt64> {
            let city = CityID(UInt32(number % 2))
            rows.append((city, .person(person(number, &random))))
            var place = Place(id: PlaceID(number), city: city, fineTags: number % 4 == 0 ? [] : weights(100, &random))
            if number % 3 == 0 {
                place.categories = [0, 0.1, 1, 0, 1e-10, 0]
                place.popularity = PlacePopularity(base: 0.1, dailyVisits: 1 / 3, conversionRate: 1, novelty: 0)
            }
            rows.append((city, .place(place)))
            let visit = Visit(
                person: PersonID(number), place: PlaceID(number),
                time: Timestamp(milliseconds: Int64(random.next() % 4_102_444_800_000)),
                dwellSeconds: Float(random.uniform() * 300), likes: 65_535, saves: 1, attended: number % 5 == 0)
            rows.append((city, .visit(visit)))
            guard number <= 18 else { continue }
            // Two of one city: the next number but one.
            let (first, second) = (PersonID(number), PersonID(number + 2))
            let overlap = Float(random.uniform())
            rows.append(
                (
                    city,
                    .friendship(Friendship(first: first, second: second, interestOverlap: overlap, coAttendance: .max))
                ))
            let label = FriendLabel(first: first, second: second, isCompatible: number % 3 > 0, attends: number % 3 > 1)
            rows.append((city, .friendLabel(label)))
            rows.append((city, .gathering(gathering(number, city, &random))))
        }
        return rows
    }

    private static func gathering(_ number: UInt64, _ city: CityID, _ random: inout SeededRandom) -> Gathering {
        var gathering = Gathering(
            id: GatheringID(number), city: city, place: PlaceID(number), kind: number % 2 == 0 ? .gig : .event,
            start: Timestamp(milliseconds: Int64(number) * 1001))
        if number % 3 == 0 { return gathering }
        gathering.title = ["tab\tquote\"", "two\nlines; \"a\", b", "{1:2}", " blanks ", "ø\u{1}\\"][Int(number % 5)]
        gathering.host = PersonID(number)
        gathering.end = Timestamp(milliseconds: Int64(number) * 1002)
        gathering.capacity = .max
        gathering.priceBand = 4
        gathering.categories = [1, 0, 0, 0.5, 0, 0]
        gathering.fineTags = weights(100, &random)
        gathering.status = [.scheduled, .cancelled, .finished][Int(number % 3)]
        return gathering
    }

    private static func kind(_ record: Record) -> TableKind {
        switch record {
        case .person: .people
        case .place: .places
        case .visit: .visits
        case .friendship: .friendships
        case .friendLabel: .friendLabels
        case .gathering: .gatherings
        }
    }

    @Test(arguments: TextFormat.allCases)
    func everyRecordComesBack(format: TextFormat) throws {
        let world = Self.world()
        var files: [String: String] = [:]
        for kind in TableKind.allCases {
            var table = TableText(kind, format: format, cityNames: Self.cities)
            table.head()
            for row in world where Self.kind(row.record) == kind { table.append(row.record, of: row.city) }
            files["\(kind.rawValue).\(format.rawValue)"] = String(decoding: table.drain(), as: UTF8.self)
        }
        let folder = try Folder(files)
        var read: [String] = []
        var rejects: [Reject] = []
        let numbers = Dictionary(uniqueKeysWithValues: Self.cities.map { ($1, $0) })
        try TableDataSet(directory: folder.path).read(
            cities: numbers, emit: { read.append("\($0) \($1)") }, reject: { rejects.append($0) }, progress: { _ in })
        #expect(rejects.isEmpty, "\(rejects.first?.description ?? "")")
        #expect(read.sorted() == world.map { "\($0.city) \($0.record)" }.sorted())
    }

    @Test func anEmptyFileOfJSONLinesIsATableWithoutRows() throws {
        let people = "{\"user_id\":1,\"home_city_id\":\"7\"}\n"
        let folder = try Folder(["people.jsonl": people, "friend_labels.jsonl": "", "visits.jsonl": ""])
        var rows = 0
        try TableDataSet(directory: folder.path).read(
            cities: ["7": CityID(1)], emit: { _, _ in rows += 1 }, reject: { _ in }, progress: { _ in })
        #expect(rows == 1)
        let tables = try Folder(["people.csv": ""])
        #expect(throws: ImportError.self) { try TableDataSet(directory: tables.path).outline() }
    }
}
