import Basics
import Testing
import World

@Suite struct FoursquareTests {
    private static let venues = """
        city\tvenue\tfoursquare_id\tcategory
        NYC\t10\taaaa\t2
        NYC\t11\tbbbb\t106
        Jakarta\t10\tcccc\t0
        """
    private static let checkIns = """
        city\tuser\tvenue\tcategory\thour_of_week\tseq\tpseudo_week
        NYC\t1\t10\t2\t1\t0\t0
        NYC\t1\t11\t2\t168\t1\t0
        NYC\t2\t11\t2\t20\t2\t1
        Jakarta\t1\t10\t0\t20\t0\t1
        Jakarta\t2\t10\t0\t20\t3600001\t1
        Jakarta\t3\t10\t0\t20\t2\t1
        """
    private static let friends = """
        city\tuser_a\tuser_b
        NYC\t2\t1
        NYC\t1\t2
        Jakarta\t3\t1
        Jakarta\t3\t4
        """

    private func folder(
        venues: String = venues, checkIns: String = checkIns, friends: String = friends
    ) throws -> Folder {
        try Folder(["venues.tsv": venues, "checkins.tsv": checkIns, "friends_new.tsv": friends])
    }

    @Test func citiesComeInOrderOfFirstAppearance() throws {
        let folder = try folder()
        #expect(try FoursquareDataSet(directory: folder.path).cityNames() == ["NYC", "Jakarta"])
    }

    @Test func everyPromiseIsKept() throws {
        let folder = try folder()
        let rows = try Rows(FoursquareDataSet(directory: folder.path), firstCity: 7)
        try rows.expectPromises()
        #expect(rows.rejects.isEmpty)
    }

    @Test func peopleLiveWhereMostOfTheirCheckInsAre() throws {
        let folder = try folder()
        let rows = try Rows(FoursquareDataSet(directory: folder.path))
        let people = rows.people.map { "\($0.person.id) of \($0.person.homeCity) in \($0.city)" }
        // 2 has one check-in in each city and saw New York first; 4 only has a friend.
        #expect(
            people == [
                "1 of 0 in 0", "1 of 0 in 1", "2 of 0 in 0", "2 of 0 in 1", "3 of 1 in 1", "3 of 1 in 0", "4 of 1 in 1",
            ])
    }

    @Test func aCategoryNumberBecomesOneTagAndItsCategory() throws {
        let folder = try folder()
        let places = try Rows(FoursquareDataSet(directory: folder.path)).places.map(\.place)
        #expect(places.map(\.id.number) == [10, 11, 10])
        #expect(places[1].fineTags == Samples.oneHot(6, of: 100) && places[1].categories == Samples.oneHot(3, of: 6))
        #expect(places[2].fineTags == Samples.oneHot(0, of: 100) && places[2].categories == Samples.oneHot(4, of: 6))
        #expect(places.allSatisfy { $0.popularity == nil })
    }

    @Test func timeIsTheHourOfANumberedWeek() throws {
        let folder = try folder()
        let visits = try Rows(FoursquareDataSet(directory: folder.path)).visits.map(\.visit)
        let monday: Int64 = 1_333_324_800_000
        let hour: Int64 = 3_600_000
        #expect(visits[0].time == Timestamp(milliseconds: monday) && visits[0].attended)
        #expect(visits[1].time == Timestamp(milliseconds: monday + 167 * hour + 1))
        #expect(visits[4].time == Timestamp(milliseconds: monday + (168 + 19) * hour + 1))
        #expect(visits[0].time.weekday == 0 && visits[1].time.weekday == 6)
    }

    @Test func friendshipsGoToBothHomesAndOnlyOnce() throws {
        let folder = try folder()
        let ties = try Rows(FoursquareDataSet(directory: folder.path)).friendships
        let found = ties.map { "\($0.friendship.first)-\($0.friendship.second) in \($0.city)" }
        #expect(found == ["1-2 in 0", "1-3 in 0", "1-3 in 1", "3-4 in 1"])
    }

    @Test func badRowsAreRejectedWithLineAndReasonAndTheRestIsLoaded() throws {
        let folder = try folder(
            venues: Self.venues + "\nNYC\t10\tdddd\t5\nNYC\tx\teeee\t5\n",
            checkIns: Self.checkIns + "\nNYC\t1\t12\t2\t1\t0\t0\nNYC\t1\t10\t2\t169\t0\t0\n"
                + "Paris\t1\t10\t2\t1\t0\t0\nNYC\t1\n",
            friends: Self.friends + "\nNYC\t5\t5\n")
        let rows = try Rows(FoursquareDataSet(directory: folder.path))
        try rows.expectPromises()
        #expect(rows.places.count == 3 && rows.visits.count == 6)
        #expect(
            rows.rejects.map(\.description) == [
                "venues.tsv:5: venue 10 of this city was given before",
                "venues.tsv:6: venue is not a whole number of at most 19 digits",
                "checkins.tsv:8: venue 12 of this city is not in venues.tsv",
                "checkins.tsv:9: hour_of_week is 169, it must be 1...168",
                "checkins.tsv:10: city Paris is not one of the import's cities",
                "checkins.tsv:11: the row has 2 fields, it must have 7",
                "friends_new.tsv:6: user 5 cannot be their own friend",
            ])
    }

    @Test func rowsOfCitiesThatAreNotWantedAreRejected() throws {
        let folder = try folder()
        let rows = try Rows(FoursquareDataSet(directory: folder.path), only: ["Jakarta"])
        try rows.expectPromises()
        #expect(rows.visits.count == 3 && rows.rejects.count == 2 + 3 + 2)
    }

    @Test func aCityWhoseFirstVenueIsBadStillWorks() throws {
        let venues = "city\tvenue\tcategory\nNYC\tx\t1\nJakarta\t10\t0\nNYC\t10\t1\nNYC\t11\t1\n"
        let folder = try folder(venues: venues)
        let rows = try Rows(FoursquareDataSet(directory: folder.path))
        try rows.expectPromises()
        #expect(rows.visits.count == 6 && rows.rejects.count == 1)
    }

    @Test func columnsAreFoundByNameInAnyOrder() throws {
        let venues = "category\tvenue\tcity\r\n2\t10\tNYC\r\n6\t11\tNYC\r\n0\t10\tJakarta\r\n"
        let folder = try folder(venues: venues)
        let rows = try Rows(FoursquareDataSet(directory: folder.path))
        #expect(rows.places.count == 3 && rows.visits.count == 6 && rows.rejects.isEmpty)
    }

    @Test func missingFoldersAndColumnsAreNamed() throws {
        #expect(throws: ImportError.missingFolder("/nowhere/at/all")) {
            try FoursquareDataSet(directory: "/nowhere/at/all").cityNames()
        }
        let other = try folder(checkIns: "city\tuser\n")
        #expect(throws: ImportError.missingColumn(file: "checkins.tsv", column: "venue")) {
            try Rows(FoursquareDataSet(directory: other.path))
        }
    }

    @Test(arguments: ["venues.tsv", "checkins.tsv", "friends_new.tsv"])
    func aMissingFileIsNamedBeforeCitiesAreKnown(file: String) throws {
        var files = ["venues.tsv": Self.venues, "checkins.tsv": Self.checkIns, "friends_new.tsv": Self.friends]
        files[file] = nil
        let folder = try Folder(files)
        let data = FoursquareDataSet(directory: folder.path)
        let error = ImportError.unreadable(file: "\(folder.path)/\(file)", reason: "No such file or directory")
        #expect(throws: error) { try data.outline() }
        #expect(throws: error) {
            try data.read(cities: [:], emit: { _, _ in }, reject: { _ in }, progress: { _ in })
        }
    }

    @Test func theCallerStopsTheReadingByThrowing() throws {
        struct Enough: Error {}
        let folder = try folder()
        let data = FoursquareDataSet(directory: folder.path)
        #expect(throws: Enough.self) {
            try data.read(
                cities: ["NYC": CityID(0)], emit: { _, _ in throw Enough() }, reject: { _ in }, progress: { _ in })
        }
    }
}
