import Basics
import Testing

@testable import World

@Suite struct TableTextTests {
    private static let names = [CityID(2): "Aarhus", CityID(3): "Ål, \"by\"\nthe fjord"]

    private func text(_ kind: TableKind, _ format: TextFormat, _ records: [Record], of city: CityID) -> String {
        var table = TableText(kind, format: format, cityNames: Self.names)
        for record in records { table.append(record, of: city) }
        return String(decoding: table.drain(), as: UTF8.self)
    }

    @Test func theHeadNamesTheSharedColumnsAndWhatFollowsFromThem() {
        for kind in TableKind.allCases {
            var table = TableText(kind, format: .tsv, cityNames: [:])
            table.head()
            let line = String(decoding: table.drain(), as: UTF8.self).dropLast()
            let names = line.split(separator: "\t").map(String.init)
            #expect(names == kind.columns.map(\.name) + kind.followingColumns)
            #expect(Array(names.prefix(kind.columns.count)) == kind.columns.map(\.name))
            #expect(names.dropFirst(kind.columns.count).allSatisfy(kind.derivedColumns.contains))
            var lines = TableText(kind, format: .jsonl, cityNames: [:])
            lines.head()
            #expect(lines.drain().isEmpty)
        }
    }

    @Test func aPersonOfWhomNothingIsKnownHasEmptyFields() {
        #expect(
            text(.people, .csv, [.person(Person(id: PersonID(7), homeCity: CityID(2)))], of: CityID(2))
                == "7,Aarhus,0,,,,,0,0,0,0,0,,\n")
    }

    @Test func aPersonIsWrittenWithListsAndAQuotedCity() {
        let person = Person(
            id: PersonID(.max), homeCity: CityID(3), homeNeighborhood: 4,
            categoryPreference: [0.5, 0.25, 0.1, 1e-7, 0, 0.15],
            areaFrequencies: [
                AreaFrequency(neighborhood: 4, weight: 0.75), AreaFrequency(neighborhood: 1, weight: 0.25),
            ],
            sessionsPerWeek: 2.5, ageGroup: 0, gender: 2)
        #expect(
            text(.people, .csv, [.person(person)], of: CityID(3))
                == "18446744073709551615,\"Ål, \"\"by\"\"\nthe fjord\",4,0.5;0.25;0.1;1e-07;0;0.15,,,4:0.75;1:0.25,"
                + "2.5,0,0,0,0,0,2\n")
        #expect(
            text(.people, .jsonl, [.person(person)], of: CityID(3))
                == #"{"user_id":18446744073709551615,"home_city_id":"Ål, \"by\"\u000athe fjord","#
                + #""home_neighborhood_id":4,"cat_pref":[0.5,0.25,0.1,1e-07,0,0.15],"fine_pref":null,"#
                + #""vibe_pref":null,"area_freqs":{"4":0.75,"1":0.25},"avg_sessions_per_week":2.5,"#
                + #""avg_views_per_session":0,"avg_likes_per_session":0,"avg_saves_per_session":0,"#
                + #""avg_attends_per_month":0,"age_group":0,"gender":2}"# + "\n")
    }

    @Test func aPlaceIsWrittenWithAndWithoutPopularity() {
        var place = Place(
            id: PlaceID(9), city: CityID(2), neighborhood: 14, categories: [0, 0.5, 0, 1, 0, 0], priceBand: 4,
            typicalSlot: 5)
        #expect(
            text(.places, .csv, [.place(place)], of: CityID(2)) == "9,Aarhus,14,0;0.5;0;1;0;0,,4,5,,,,,1;3\n")
        place.popularity = PlacePopularity(base: 2, dailyVisits: 0.1, conversionRate: 0, novelty: 0.25)
        #expect(
            text(.places, .tsv, [.place(place)], of: CityID(2))
                == "9\tAarhus\t14\t0;0.5;0;1;0;0\t\t4\t5\t2\t0.1\t0\t0.25\t1;3\n")
    }

    @Test func aVisitNamesItsCityAndWhatFollows() {
        let visit = Visit(
            person: PersonID(1), place: PlaceID(2), time: Timestamp(milliseconds: 1_333_392_600_250),
            dwellSeconds: 75, likes: 2, attended: true)
        #expect(
            text(.visits, .csv, [.visit(visit)], of: CityID(2))
                == "1,2,Aarhus,75,2,0,0,true,2012-04-02T18:50:00.250Z,4.5,2,0\n")
    }

    @Test func tiesLabelsAndGatheringsAreWritten() {
        let tie = Friendship(first: PersonID(1), second: PersonID(2), interestOverlap: 1 / 3, coAttendance: 3)
        #expect(text(.friendships, .csv, [.friendship(tie)], of: CityID(2)) == "1,2,0.33333334,3,0\n")
        let label = FriendLabel(first: PersonID(1), second: PersonID(2), isCompatible: true)
        #expect(text(.friendLabels, .csv, [.friendLabel(label)], of: CityID(2)) == "1,2,true,false\n")
        var gathering = Gathering(
            id: GatheringID(5), city: CityID(2), place: PlaceID(6), kind: .gig, start: Timestamp(milliseconds: 0))
        #expect(
            text(.gatherings, .csv, [.gathering(gathering)], of: CityID(2))
                == "5,gig,,Aarhus,6,,1970-01-01T00:00:00Z,,0,0,,,scheduled\n")
        gathering.title = " Jazz\r\tin the \"Blue\" room"
        gathering.host = PersonID(8)
        gathering.end = Timestamp(milliseconds: 1)
        gathering.status = .cancelled
        #expect(
            text(.gatherings, .tsv, [.gathering(gathering)], of: CityID(2))
                == "5\tgig\t\" Jazz\r\tin the \"\"Blue\"\" room\"\tAarhus\t6\t8\t1970-01-01T00:00:00Z\t"
                + "1970-01-01T00:00:00.001Z\t0\t0\t\t\tcancelled\n")
    }

    @Test func everyNumberWrittenReadsBackAsTheSameBits() throws {
        var random = SeededRandom(seed: 11)
        var values: [Float] = [0, -0.0, 1, -1, 999_999, 1e6, 16_777_216, .leastNonzeroMagnitude]
        values += [.leastNormalMagnitude, .greatestFiniteMagnitude, .pi, 0.1, 1 / 3]
        while values.count < 50_000 {
            let value = Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
            if value.isFinite { values.append(value) }
        }
        for format in TextFormat.allCases {
            var row = RowText(format: format, columns: ["list"])
            row.put(list: values)
            row.endRow()
            let text = String(decoding: row.drain(), as: UTF8.self).dropLast(format == .jsonl ? 3 : 1)
            let words = text.dropFirst(format == .jsonl ? "{\"list\":[".count : 0)
                .split(separator: format == .jsonl ? "," : ";")
            let read = try words.map { try #require(Float($0)) }
            #expect(read.map(\.bitPattern) == values.map(\.bitPattern))
        }
    }

    /// Decimals that floats tell apart are written as they are, without zeros at their end.
    @Test func fewDecimalsAreWrittenAsTheyAre() {
        var random = SeededRandom(seed: 12)
        var (texts, values): ([String], [Float]) = ([], [])
        for (limit, places) in [(16, 6), (1024, 4), (131_072, 2)] {
            for _ in 0..<10_000 {
                var digits = String(random.below(limit)) + "."
                for _ in 0..<places { digits += String(random.below(10)) }
                guard let value = Float(digits) else { continue }
                while digits.hasSuffix("0") { digits.removeLast() }
                if digits.hasSuffix(".") { digits.removeLast() }
                texts.append((random.below(2) == 0 && value > 0 ? "-" : "") + digits)
                values.append(texts[texts.count - 1].hasPrefix("-") ? -value : value)
            }
        }
        var row = RowText(format: .csv, columns: ["list"])
        row.put(list: values)
        row.endRow()
        let written = String(decoding: row.drain(), as: UTF8.self).dropLast().split(separator: ";").map(String.init)
        #expect(written == texts)
        #expect(zip(written, values).allSatisfy { Float($0.0) == $0.1 })
    }

    @Test func jsonHasNoWordForWhatIsNoNumber() {
        var row = RowText(format: .jsonl, columns: ["a", "b"])
        row.put(Float.nan)
        row.put(-Float.infinity)
        row.endRow()
        #expect(row.drain() == Array("{\"a\":null,\"b\":null}\n".utf8))
    }

    /// Counts the days of 130 years one by one, as a child would.
    @Test func everyDayHasItsDate() {
        var (year, month, day) = (1970, 1, 1)
        var wrong = 0
        for number in 0..<47_482 {
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
            var bytes: [UInt8] = []
            bytes.append(time: Timestamp(milliseconds: Int64(number) * 86_400_000 + 86_399_000))
            func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
            if String(decoding: bytes, as: UTF8.self) != "\(year)-\(two(month))-\(two(day))T23:59:59Z" { wrong += 1 }
            day += 1
            if day > lengths[month - 1] { (month, day) = (month + 1, 1) }
            if month > 12 { (year, month) = (year + 1, 1) }
        }
        #expect(wrong == 0 && year == 2100)
    }

    @Test func embeddingsAreARowEach() {
        var people = EmbeddingText(ofPeople: true, format: .csv)
        people.head()
        people.append(
            number: 7, city: "Aarhus", atHome: false, model: ModelVersion(3), vector: [0.5, -0.1, 1][...])
        #expect(
            String(decoding: people.drain(), as: UTF8.self)
                == "user_id,city_id,at_home,model_version,embedding\n7,Aarhus,false,3,0.5;-0.1;1\n")
        var places = EmbeddingText(ofPeople: false, format: .jsonl)
        places.append(number: 7, city: "Aarhus", atHome: true, model: ModelVersion(3), vector: [0.5][...])
        #expect(
            String(decoding: places.drain(), as: UTF8.self)
                == "{\"place_id\":7,\"city_id\":\"Aarhus\",\"model_version\":3,\"embedding\":[0.5]}\n")
    }

    /// Whatever bits a model's floats have, text keeps them.
    @Test(arguments: TextFormat.allCases) func embeddingsReadBackAsTheSameBits(format: TextFormat) throws {
        var random = SeededRandom(seed: 21)
        var vector: [Float] = [0, -0.0, .leastNonzeroMagnitude, -.greatestFiniteMagnitude, 0.1, -1 / 3]
        while vector.count < 20_000 {
            // Of any size, and of the size that embeddings have.
            let value = Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
            if value.isFinite { vector.append(value) }
            vector.append(random.uniformFloat() * 2 - 1)
        }
        var text = EmbeddingText(ofPeople: false, format: format)
        text.append(number: 7, city: "Aarhus", atHome: true, model: ModelVersion(3), vector: vector[...])
        let line = String(decoding: text.drain(), as: UTF8.self).dropLast()
        let list =
            format == .jsonl
            ? line.dropLast(2).split(separator: "[")[1] : line.split(separator: format == .tsv ? "\t" : ",")[3]
        let read = try list.split(separator: format == .jsonl ? "," : ";").map { try #require(Float($0)) }
        #expect(read.map(\.bitPattern) == vector.map(\.bitPattern))
    }
}
