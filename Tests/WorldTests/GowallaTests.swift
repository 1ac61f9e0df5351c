import Basics
import Testing
import World

@Suite struct GowallaTests {
    private static let files = [
        "poi_city.tsv": """
        poi\tlat\tlon\tcity
        0\t30.23\t-97.79\tAustin
        1\t30.24\t-97.79\tAustin
        2\t30.45\t-97.79\tAustin
        3\t59.25\t18.06\tother
        """,
        "user_home_city.tsv": "user\tcity\n0\tAustin\n1\tother\n2\tDallas\n",
        "train.txt": "0\t2\t4\n0\t3\t1\n0\t0\t1\n0\t1\t1\n1\t3\t1\n",
        "tune.txt": "0\t1\t1\n",
        "test.txt": "1\t0\t2\n",
        "socialRelations.txt": "1\t0\n0\t1\n2\t0\n",
    ]

    @Test func citiesComeInOrderOfFirstAppearance() throws {
        let folder = try Folder(Self.files)
        #expect(try GowallaDataSet(directory: folder.path).cityNames() == ["Austin", "other", "Dallas"])
    }

    @Test func everyPromiseIsKept() throws {
        let folder = try Folder(Self.files)
        let rows = try Rows(GowallaDataSet(directory: folder.path), firstCity: 3)
        try rows.expectPromises()
        #expect(rows.rejects.isEmpty && rows.places.count == 4 && rows.visits.count == 7)
    }

    @Test func aPersonsRowsAreAnHourApartThroughAllThreeFiles() throws {
        let folder = try Folder(Self.files)
        let visits = try Rows(GowallaDataSet(directory: folder.path)).visits.map(\.visit)
        let hours = visits.map { "\($0.person) \(($0.time.milliseconds - 1_233_532_800_000) / 3_600_000)" }
        #expect(hours == ["0 0", "0 1", "0 2", "0 3", "1 0", "0 4", "1 1"])
    }

    @Test func everyReturnCountsAsALike() throws {
        let folder = try Folder(Self.files)
        let visits = try Rows(GowallaDataSet(directory: folder.path)).visits.map(\.visit)
        #expect(visits.map(\.likes) == [3, 0, 0, 0, 0, 0, 1] && visits.allSatisfy(\.attended))
    }

    @Test func neighborhoodsAreSquaresNumberedWithinTheirCity() throws {
        let folder = try Folder(Self.files)
        let rows = try Rows(GowallaDataSet(directory: folder.path))
        #expect(rows.places.map(\.place.neighborhood) == [0, 0, 1, 0])
        // Two places of square 0, one of square 1: rows count, not returns.
        #expect(rows.people.filter { $0.person.id == PersonID(0) }.allSatisfy { $0.person.homeNeighborhood == 0 })
    }

    @Test func guestsAreKnownWhereTheyVisitAndWhereTheirFriendsLive() throws {
        let folder = try Folder(Self.files)
        let people = try Rows(GowallaDataSet(directory: folder.path)).people.map { "\($0.person.id) in \($0.city)" }
        #expect(people == ["0 in 0", "0 in 1", "0 in 2", "1 in 1", "1 in 0", "2 in 2", "2 in 0"])
    }

    @Test func badRowsAreRejectedAndTheRestIsLoaded() throws {
        var files = Self.files
        files["poi_city.tsv"]? += "\n4\t91\t0\tAustin\n0\t1\t1\tAustin\n5\tnorth\t0\tAustin\n"
        files["user_home_city.tsv"]? += "2\tAustin\n"
        files["tune.txt"]? += "9\t0\t1\n0\t9\t1\n0\t0\t0\n0\t0\n"
        files["socialRelations.txt"]? += "0\t0\n0\t9\n"
        let folder = try Folder(files)
        let rows = try Rows(GowallaDataSet(directory: folder.path))
        try rows.expectPromises()
        #expect(rows.visits.count == 7)
        #expect(
            rows.rejects.map(\.description) == [
                "poi_city.tsv:6: lat is 91.0, it must be -90.0...90.0",
                "poi_city.tsv:7: poi 0 was given before",
                "poi_city.tsv:8: lat is not a number",
                "user_home_city.tsv:5: user 2 was given before",
                "tune.txt:2: user 9 is not in user_home_city.tsv",
                "tune.txt:3: poi 9 is not in poi_city.tsv",
                "tune.txt:4: count is 0, it must be 1...1000000",
                "tune.txt:5: the row has 2 fields, it must have 3",
                "socialRelations.txt:4: a user cannot be their own friend",
                "socialRelations.txt:5: user 9 is not in user_home_city.tsv",
            ])
    }

    @Test(arguments: files.keys.sorted())
    func aMissingFileIsNamedBeforeCitiesAreKnown(file: String) throws {
        var files = Self.files
        files[file] = nil
        let folder = try Folder(files)
        let data = GowallaDataSet(directory: folder.path)
        let error = ImportError.unreadable(file: "\(folder.path)/\(file)", reason: "No such file or directory")
        #expect(throws: error) { try data.outline() }
        #expect(throws: error) {
            try data.read(cities: [:], emit: { _, _ in }, reject: { _ in }, progress: { _ in })
        }
    }
}
