import Basics
import Testing
import World

@Suite struct SyntheticTableTests {
    private static let configuration = SyntheticConfiguration(people: 300, places: 200, cities: 3, seed: 3)

    /// The text of every table, and the counts that the writer states.
    private func tables(threads: Int) throws -> (text: [TableKind: String], counts: SyntheticCounts) {
        let world = try SyntheticWorld(
            Self.configuration, cities: (0..<3).map { CityID($0) }, search: .plain, pool: ComputePool(threads: threads))
        var bytes: [TableKind: [UInt8]] = [:]
        var progress: [Double] = []
        let counts = try world.writeTables(
            { table, text in bytes[table, default: []] += text }, progress: { progress.append($0) })
        #expect(progress == progress.sorted() && progress.last == 1)
        return (bytes.mapValues { String(decoding: $0, as: UTF8.self) }, counts)
    }

    private func rows(_ text: String?) -> [[Substring]] {
        (text ?? "").split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    }

    @Test func everyTableHasItsColumnsAndTheRowsOfTheDataSet() throws {
        let (text, counts) = try tables(threads: 1)
        let data = try Rows(SyntheticDataSet(Self.configuration))
        for table in TableKind.allCases {
            let rows = rows(text[table])
            #expect(rows.first?.map(String.init) == table.columns.map(\.name))
            #expect(rows.allSatisfy { $0.count == table.columns.count })
            #expect(counts.rows[table] == rows.count - 1)
        }
        let residents = data.people.filter { $0.city == $0.person.homeCity }.count
        #expect(counts.rows[.people] == residents && counts.rows[.places] == data.places.count)
        #expect(counts.rows[.visits] == data.visits.count && counts.rows[.gatherings] == data.gatherings.count)
        let ties = Set(data.friendships.map { [$0.friendship.first, $0.friendship.second] })
        #expect(counts.rows[.friendships] == ties.count)
        #expect(counts.rows[.friendLabels] == Set(data.labels.map { [$0.label.first, $0.label.second] }).count)
    }

    @Test func theNumberOfThreadsDoesNotShow() throws {
        #expect(try tables(threads: 1).text == tables(threads: 3).text)
    }

    @Test func numbersReadAgainAreTheNumbersWritten() throws {
        let (text, _) = try tables(threads: 2)
        let data = try Rows(SyntheticDataSet(Self.configuration))
        func list(_ field: Substring) -> [Float] { field.split(separator: ";").compactMap { Float($0) } }
        let people = Dictionary(data.people.map { ($0.person.id, $0.person) }, uniquingKeysWith: { first, _ in first })
        for row in rows(text[.people]).dropFirst() {
            let number = try #require(UInt64(row[0]))
            let person = try #require(people[PersonID(number)])
            #expect(list(row[3]) == person.categoryPreference && list(row[4]) == person.finePreference)
            #expect(list(row[5]) == person.vibePreference && Float(row[7]) == person.sessionsPerWeek)
        }
        let places = Dictionary(data.places.map { ($0.place.id, $0.place) }, uniquingKeysWith: { first, _ in first })
        for row in rows(text[.places]).dropFirst() {
            let number = try #require(UInt64(row[0]))
            let place = try #require(places[PlaceID(number)])
            #expect(list(row[4]) == place.fineTags && Float(row[7]) == place.popularity?.base)
            #expect(Float(row[8]) == place.popularity?.dailyVisits && Float(row[10]) == place.popularity?.novelty)
        }
        let dwell = Set(data.visits.map(\.visit.dwellSeconds))
        #expect(rows(text[.visits]).dropFirst().allSatisfy { row in Float(row[3]).map(dwell.contains) ?? false })
    }

    @Test func timesAreWrittenAsDates() throws {
        let (text, _) = try tables(threads: 1)
        let data = try Rows(SyntheticDataSet(Self.configuration))
        let start: Int64 = 1_767_571_200_000
        var times: [Int64] = []
        for row in rows(text[.visits]).dropFirst() {
            let parts = row[8].split { "-T:.Z".contains($0) }.compactMap { Int64($0) }
            #expect(parts[0] == 2026 && (6...7).contains(parts.count))
            // Days before each month of a common year.
            let days = [0, 31, 59, 90, 120, 151, 181, 212][Int(parts[1]) - 1] + parts[2] - 5
            let seconds = ((days * 24 + parts[3]) * 60 + parts[4]) * 60 + parts[5]
            times.append(start + seconds * 1000 + (parts.count == 7 ? parts[6] : 0))
        }
        #expect(times.sorted() == data.visits.map(\.visit.time.milliseconds).sorted())
    }
}
