import Basics
import Foundation
import Streams
import Testing

@testable import World

/// A small world in tables.
enum SmallTables {
    static let people = """
        user_id,home_city_id,home_neighborhood_id,cat_pref,fine_pref,vibe_pref,area_freqs,avg_sessions_per_week,gender
        1,Oslo,3,0.5;0.5;0;0;0;0,techno:0.75;jazz:0.25,"{""party"": 1}",3:0.5;7:0.5,2.5,1
        2,"Oslo",,,,,,,
        3,"Paris, Texas",,,,,,,
        4,7,,,,,,,

        """
    static let places = """
        place_id,city_id,category_ids,category_one_hot,fine_tag_vector,price_band,typical_time_slot,base_popularity
        10,Oslo,[1],"[0, 1, 0, 0, 0, 0]",1:1,4,5,1.5
        11,"Paris, Texas",,,,,,
        10,7,,,,,,
        12,7,,,,,,

        """
    static let visits = """
        user_id,place_id,city_id,dwell_time,num_likes,num_saves,num_shares,attended,implicit_rating,timestamp
        1,10,Oslo,30.5,1,2,3,true,5,2012-04-02T18:30:00.250Z
        2,11,,,,,,,,2012-04-02
        1,12,7,,,,,,,1333391400000
        1,12,7,,,,,,,1333391400001

        """
    static let friendships = "user_u,user_v,interest_overlap_score,co_attendance_count\n1,2,0.5,3\n3,1,,\n"
    static let labels = "user_u,user_v,label_compat,label_attend\n1,2,1,0\n4,3,true,True\n"
    static let gatherings = """
        gathering_id,kind,title,city_id,place_id,host_id,start,end,capacity,price_band,categories,fine_tags,status
        5,gig,"Say ""hello""
        twice, please",Oslo,10,1,2012-04-02T18:30:00Z,2012-04-02T20:30:00Z,80,2,,,open

        """

    static let files = [
        "people.csv": people, "places.csv": places, "visits.csv": visits, "friendships.csv": friendships,
        "friend_labels.csv": labels, "gatherings.csv": gatherings,
    ]
}

@Suite struct TableTests {
    @Test func everyTableIsReadAndEveryPromiseKept() throws {
        let folder = try Folder(SmallTables.files)
        let data = try TableDataSet(directory: folder.path)
        #expect(try data.cityNames() == ["Oslo", "Paris, Texas", "7"])
        let rows = try Rows(data)
        try rows.expectPromises(guestsLast: true)
        #expect(rows.rejects.isEmpty)
        #expect(
            rows.visits.map { "\($0.visit.person) \($0.visit.place) \($0.city)" } == [
                "1 10 0", "2 11 1", "1 12 2", "1 12 2",
            ])
        #expect(rows.places.count == 4 && rows.gatherings.map(\.gathering.title) == ["Say \"hello\"\ntwice, please"])
        let guests = rows.people.filter { $0.city != $0.person.homeCity }.map { "\($0.person.id) in \($0.city)" }
        #expect(guests == ["1 in 1", "1 in 2", "2 in 1", "3 in 0", "3 in 2", "4 in 1"])
    }

    @Test func valuesAreWhatTheRowsSay() throws {
        let folder = try Folder(SmallTables.files)
        let rows = try Rows(TableDataSet(directory: folder.path))
        let person = try #require(rows.people.first?.person)
        var expected = Person(id: PersonID(1), homeCity: CityID(0), homeNeighborhood: 3)
        expected.categoryPreference = [0.5, 0.5, 0, 0, 0, 0]
        expected.finePreference = [Float](repeating: 0, count: 100)
        expected.finePreference[2] = 0.75
        expected.finePreference[8] = 0.25
        expected.vibePreference = Samples.oneHot(2, of: 30)
        expected.areaFrequencies = [
            AreaFrequency(neighborhood: 3, weight: 0.5), AreaFrequency(neighborhood: 7, weight: 0.5),
        ]
        expected.sessionsPerWeek = 2.5
        expected.gender = 1
        #expect(person == expected)
        let place = try #require(rows.places.first?.place)
        #expect(place.categories == [0, 1, 0, 0, 0, 0] && place.fineTags == Samples.oneHot(1, of: 100))
        #expect(place.popularity?.base == 1.5 && place.popularity?.novelty == PlacePopularity.novelty(ofBase: 1.5))
        #expect(
            rows.visits[0].visit
                == Visit(
                    person: PersonID(1), place: PlaceID(10), time: Timestamp(milliseconds: 1_333_391_400_250),
                    dwellSeconds: 30.5, likes: 1, saves: 2, shares: 3, attended: true))
        #expect(rows.friendships.map(\.friendship.first) == [PersonID(1), PersonID(1), PersonID(1)])
        #expect(rows.labels.map(\.label.attends) == [false, true, true])
        let gathering = try #require(rows.gatherings.first?.gathering)
        #expect(gathering.kind == .gig && gathering.status == .scheduled && gathering.host == PersonID(1))
        #expect(gathering.capacity == 80 && gathering.end == Timestamp(milliseconds: 1_333_398_600_000))
    }

    /// The same visits as objects, with tabs, in another order of columns, under our names, and packed.
    @Test(
        arguments: [
            (
                "visits.jsonl",
                "{\"time\": \"2012-04-02T18:30:00Z\", \"user_id\": 1, \"place_id\": \"10\", \"city\": \"\\u004Fslo\", "
                    + "\"extra\": {\"a\": [1, \"}\"]}, \"attended\": true, \"num_likes\": null}\n\n"
            ),
            (
                "visits.tsv",
                "extra\tlikes\ttimestamp\tplace\tuser\tcity\tattended\r\n\"a\tb\"\t\t1333391400000\t10\t1\tOslo\t1\r\n"
            ),
            (
                "visits.csv",
                "\u{FEFF}Attended,timestamp,place_id,user_id,\"city_id\",extra\ntrue,\"2012-04-02 18:30\",10,1,Oslo,x"
            ),
        ], Compression.allCases)
    func theSameVisitInEveryDress(file: (name: String, text: String), compression: Compression) throws {
        let folder = try Folder([:])
        let sink = try ByteSink(path: "\(folder.path)/\(file.name)\(compression.suffix)", compression: compression)
        try sink.write(file.text.utf8)
        try sink.finish()
        let data = try TableDataSet(directory: folder.path)
        #expect(try data.notes() == ["\(file.name)\(compression.suffix): column 'extra' not known, ignored"])
        let rows = try Rows(data)
        #expect(rows.rejects.isEmpty && rows.cities == ["Oslo": CityID(0)])
        #expect(
            rows.visits.map(\.visit) == [
                Visit(
                    person: PersonID(1), place: PlaceID(10), time: Timestamp(milliseconds: 1_333_391_400_000),
                    attended: true)
            ])
    }

    @Test func badRowsAreNamedAndTheRestIsLoaded() throws {
        var files = SmallTables.files
        files["people.csv"]? +=
            "1,Oslo,,,,,,,\n5,Oslo,,0.5;0.6;0;0;0;0,,,,,\n6,Oslo,70000,,,,,,\nx,Oslo,,,,,,,\n8,Oslo\n"
        files["places.csv"]? += "10,Oslo,,,,,,\n13,Oslo,,,,9,,\n14,,,,,,,\n15,Oslo,,,nothing:1,,,\n"
        files["visits.csv"]? += """
            9,10,Oslo,,,,,,,2012-04-02
            1,99,Oslo,,,,,,,2012-04-02
            1,10,,,,,,,,2012-04-02
            1,11,Oslo,,,,,,,2012-04-02
            1,10,Oslo,nan,,,,,,2012-04-02
            1,10,Oslo,,,,,,,
            1,10,Oslo,,,,,,,2200-01-01
            1,10,Oslo,"3"x,,,,,,2012-04-02
            2,11,,"an open quote,,,,,,2012-04-02
            1,10,Oslo,,,,,yes,,2012-04-02

            """
        files["friendships.csv"]? += "1,1,,\n1,77,,\n1,2,1.5,\n"
        files["friend_labels.csv"]? += "1,2,0,1\n1,3,,1\n"
        let folder = try Folder(files)
        let rows = try Rows(TableDataSet(directory: folder.path))
        try rows.expectPromises(guestsLast: true)
        #expect(rows.visits.count == 4 && rows.places.count == 4)
        let expected = [
            "people.csv:6: person 1 was given before",
            "people.csv:7: person 5: sum of categoryPreference is 1.1",
            "people.csv:8: home_neighborhood_id is '70000', it must be a whole number from 0 to 65535",
            "people.csv:9: user_id is 'x', it must be a whole number of at most 19 digits",
            "people.csv:10: the row has 2 fields, it must have 9",
            "places.csv:6: place 10 of this city was given before",
            "places.csv:7: place 13: priceBand is 9",
            "places.csv:8: the row names no city",
            "places.csv:9: fine_tag_vector names 'nothing', which is no word of its vocabulary",
            "visits.csv:6: person 9 is not in people.csv",
            "visits.csv:7: place 99 is not in places.csv",
            "visits.csv:8: place 10 is in several cities, and the row does not say in which",
            "visits.csv:9: place 11 of this city is not in places.csv",
            "visits.csv:10: dwell_time is 'nan', it must be a number",
            "visits.csv:11: timestamp is missing",
            "visits.csv:12: visit of person 1 to place 10: time is",
            "visits.csv:13: text follows a closing quote",
            "visits.csv:14: a quoted field is never closed",
            "visits.csv:15: attended is 'yes', it must be true, false, 1 or 0",
            "friendships.csv:4: user_u and user_v are the same person, 1",
            "friendships.csv:5: person 77 is not in people.csv",
            "friendships.csv:6: friendship of person 1 and person 2: interestOverlap is 1.5",
            "friend_labels.csv:4: friend label of person 1 and person 2: attends is true",
            "friend_labels.csv:5: label_compat is missing",
        ]
        #expect(rows.rejects.count == expected.count)
        for (reject, text) in zip(rows.rejects, expected) { #expect(reject.description.hasPrefix(text), "\(reject)") }
    }

    @Test func whatCannotBeMeantIsSaidBeforeAnythingIsLoaded() throws {
        func fault(_ files: [String: String], city: String? = nil) -> String {
            do {
                let folder = try Folder(files)
                _ = try TableDataSet(directory: folder.path, city: city).outline()
                return ""
            } catch {
                return "\(error)"
            }
        }
        #expect(fault(["notes.txt": ""]).contains("holds no table"))
        #expect(fault(["visits.csv": "user_id,place_id,city_id\n"]).contains("has no column timestamp"))
        #expect(fault(["visits.csv": "user_id,place_id,timestamp\n"]).contains("has no column city_id"))
        #expect(fault(["visits.csv": "user_id,place_id,timestamp\n"], city: "Oslo").isEmpty)
        #expect(fault(["visits.csv": ""], city: "Oslo").contains("has no column user_id"))
        #expect(
            fault(["visits.jsonl": "{\"user_id\":1,\"place_id\":2}\n"], city: "Oslo").contains(
                "has no column timestamp"))
        #expect(fault(["visits.csv": SmallTables.visits, "visits.tsv": ""]).contains("keep one of them"))
        #expect(fault(["friendships.csv": SmallTables.friendships]).contains("needs the people"))
        #expect(fault(["people.csv": "user_id,user,city\n1,1,Oslo\n"]).contains("two of its columns are user_id"))
        #expect(fault(["people.csv.gz": SmallTables.people]).contains("does not begin as gzip does"))
    }

    @Test func aLongLineCostsOneRow() throws {
        let long = String(repeating: "1", count: 3 << 20)
        let text = "user_id,home_city_id\n1,Oslo\n2,\(long)\n3,Oslo\n\"4\(long)\n5,Oslo\n"
        let folder = try Folder(["people.csv": text])
        let rows = try Rows(TableDataSet(directory: folder.path))
        #expect(rows.people.map(\.person.id.number) == [1, 3, 5])
        #expect(rows.rejects.map(\.line) == [3, 5])
    }

    @Test func singleTablesNeedNoOthers() throws {
        let folder = try Folder(SmallTables.files)
        let rows = try Rows(TableDataSet(paths: ["\(folder.path)/visits.csv"], city: "Oslo"))
        #expect(rows.rejects.isEmpty && rows.visits.map(\.city) == [CityID(0), CityID(0), CityID(1), CityID(1)])
        let ties = try Rows(TableDataSet(paths: ["\(folder.path)/friendships.csv"], city: "Oslo"))
        #expect(ties.rejects.isEmpty && ties.friendships.count == 2)
    }
}

@Suite struct LightGCNTests {
    @Test func linesAreUsersAndTheirItems() throws {
        let folder = try Folder(["train.txt": "0 5 6 7\n1 5 \n2\n0 x\n", "test.txt": "1 6\r\n"])
        let rows = try Rows(LightGCNDataSet(directory: folder.path, city: "Gowalla"))
        try rows.expectPromises()
        #expect(rows.people.count == 3 && rows.places.map(\.place.id.number) == [5, 6, 7])
        #expect(rows.visits.map { "\($0.visit.person) \($0.visit.place)" } == ["0 5", "0 6", "0 7", "1 5", "1 6"])
        #expect(rows.visits[4].visit.time > rows.visits[3].visit.time && rows.visits.allSatisfy(\.visit.attended))
        #expect(rows.rejects.map(\.description) == ["train.txt:4: entry 2 is not a whole number of at most 19 digits"])
    }
}
