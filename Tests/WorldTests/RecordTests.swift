import Basics
import Testing
import World

@Suite struct RatingTests {
    private func rating(
        _ dwell: Float, likes: UInt16 = 0, saves: UInt16 = 0, shares: UInt16 = 0, attended: Bool = false
    ) -> Float {
        Visit(
            person: PersonID(1), place: PlaceID(1), time: Timestamp(milliseconds: 0), dwellSeconds: dwell,
            likes: likes, saves: saves, shares: shares, attended: attended
        ).implicitRating
    }

    @Test func nothingDoneIsOne() { #expect(rating(0) == 1) }

    @Test func eachSignalCountsUpToItsBound() {
        #expect(rating(75) == 1.5 && rating(10_000) == 3)
        #expect(rating(0, likes: 1) == 1.5 && rating(0, likes: 9) == 2.5)
        #expect(rating(0, saves: 1) == 2 && rating(0, saves: 9) == 3)
        #expect(rating(0, shares: 1) == 1.5 && rating(0, shares: 9) == 2)
        #expect(rating(0, attended: true) == 3)
    }

    @Test func theSumStopsAtFive() { #expect(rating(300, likes: 3, saves: 2, shares: 2, attended: true) == 5) }
}

@Suite struct ValidationTests {
    @Test(arguments: Samples.records) func theSamplesAreValid(record: Record) throws { try record.validate() }

    /// The error of a person that is valid but for one change.
    private func fault(person change: (inout Person) -> Void) -> ValidationError? {
        var person = Samples.person
        change(&person)
        return fault(.person(person))
    }

    private func fault(place change: (inout Place) -> Void) -> ValidationError? {
        var place = Samples.place
        change(&place)
        return fault(.place(place))
    }

    private func fault(_ record: Record) -> ValidationError? {
        do throws(ValidationError) {
            try record.validate()
            return nil
        } catch {
            return error
        }
    }

    @Test func theErrorNamesRecordFieldValueAndRule() {
        let error = fault { (place: inout Place) in place.priceBand = 5 }
        #expect(error?.description == "place 9: priceBand is 5, but it is 0...4")
    }

    @Test func aPersonBreaksOneRuleAtATime() {
        let many = (0..<65).map { AreaFrequency(neighborhood: $0, weight: 1.0 / 65) }
        let changes: [(field: String, change: (inout Person) -> Void)] = [
            ("sum of categoryPreference", { $0.categoryPreference[0] = 0.7 }),
            ("categoryPreference[1]", { $0.categoryPreference[1] = -0.25 }),
            ("finePreference[3]", { $0.finePreference[3] = .nan }),
            ("finePreference", { $0.finePreference.removeLast() }),
            ("vibePreference[29]", { $0.vibePreference[29] = .infinity }),
            ("sum of areaFrequencies", { $0.areaFrequencies[0].weight = 0 }),
            ("areaFrequencies", { $0.areaFrequencies[0].neighborhood = 1 }),
            ("areaFrequencies", { $0.areaFrequencies = many }),
            ("sessionsPerWeek", { $0.sessionsPerWeek = -1 }),
            ("viewsPerSession", { $0.viewsPerSession = -1 }),
            ("likesPerSession", { $0.likesPerSession = .infinity }),
            ("savesPerSession", { $0.savesPerSession = -1 }),
            ("attendsPerMonth", { $0.attendsPerMonth = .nan }),
            ("ageGroup", { $0.ageGroup = 6 }),
            ("gender", { $0.gender = 3 }),
        ]
        for (field, change) in changes {
            let found = fault(person: change)?.field
            #expect(found == field)
        }
    }

    @Test func aPlaceBreaksOneRuleAtATime() {
        let changes: [(field: String, change: (inout Place) -> Void)] = [
            ("categories[0]", { $0.categories[0] = 1.5 }),
            ("categories", { $0.categories.append(0) }),
            ("sum of fineTags", { $0.fineTags[0] = 1 }),
            ("typicalSlot", { $0.typicalSlot = 6 }),
            ("popularity.base", { $0.popularity?.base = -1 }),
            ("popularity.dailyVisits", { $0.popularity?.dailyVisits = .infinity }),
            ("popularity.conversionRate", { $0.popularity?.conversionRate = 2 }),
            ("popularity.novelty", { $0.popularity?.novelty = .nan }),
        ]
        for (field, change) in changes {
            let found = fault(place: change)?.field
            #expect(found == field)
        }
    }

    @Test func sumsAreOneWithinAHundredThousandth() throws {
        var person = Samples.person
        person.finePreference = [Float](repeating: 1, count: 100).map { $0 / 100 }
        try person.validate()
        person.finePreference[0] += 0.000_009
        try person.validate()
        person.finePreference[0] += 0.000_002
        #expect(fault(.person(person))?.field == "sum of finePreference")
        #expect(fault(.person(person))?.rule == "it is 1 within 1e-05")
    }

    @Test func rowsOfTwoNumbersAreNamedByBoth() {
        var visit = Samples.visit
        visit.dwellSeconds = .nan
        #expect(
            fault(.visit(visit))?.description
                == "visit of person 1 to place 2: dwellSeconds is nan, but it is a finite number from 0 up")
        let label = FriendLabel(first: PersonID(5), second: PersonID(4), isCompatible: true)
        #expect(
            fault(.friendLabel(label))?.description
                == "friend label of person 5 and person 4: second is 4, but it is greater than first: each pair is "
                + "stored once")
    }

    @Test func onlyCompatiblePeopleAttend() {
        let label = FriendLabel(first: PersonID(1), second: PersonID(2), isCompatible: false, attends: true)
        #expect(fault(.friendLabel(label))?.field == "attends")
    }

    @Test func aGatheringBreaksOneRuleAtATime() throws {
        let changes: [(field: String, change: (inout Gathering) -> Void)] = [
            ("title", { $0.title = String(repeating: "é", count: 100) + "!" }),
            ("start", { $0.start = Timestamp(milliseconds: -1) }),
            ("end", { $0.end = Timestamp(milliseconds: 4_102_444_800_000) }),
            ("end", { $0.end = $0.start }),
            ("priceBand", { $0.priceBand = 5 }),
            ("categories", { $0.categories.removeLast() }),
            ("categories[5]", { $0.categories[5] = .nan }),
            ("fineTags[7]", { $0.fineTags[7] = -1 }),
            ("sum of fineTags", { $0.fineTags[99] = 0 }),
        ]
        for (field, change) in changes {
            var gathering = Samples.gathering
            change(&gathering)
            #expect(fault(.gathering(gathering))?.field == field)
            #expect(fault(.gathering(gathering))?.record == "gathering 1")
        }
        var longest = Samples.gathering
        longest.title = String(repeating: "é", count: 100)
        try longest.validate()
    }

    @Test func visitsAndFriendshipsHaveRulesToo() {
        var visit = Samples.visit
        visit.dwellSeconds = -1
        #expect(fault(.visit(visit))?.field == "dwellSeconds")
        visit = Samples.visit
        visit.time = Timestamp(milliseconds: -1)
        #expect(fault(.visit(visit))?.field == "time")
        var friendship = Samples.friendship
        friendship.second = friendship.first
        #expect(fault(.friendship(friendship))?.field == "second")
        friendship = Samples.friendship
        friendship.interestOverlap = 1.01
        #expect(fault(.friendship(friendship))?.field == "interestOverlap")
    }

    @Test func noveltyStaysBetweenZeroAndOne() {
        #expect(PlacePopularity.novelty(ofBase: 0) == 1)
        #expect(PlacePopularity.novelty(ofBase: 1000) > 0)
        #expect(PlacePopularity.novelty(ofBase: 2) < PlacePopularity.novelty(ofBase: 0.37))
    }
}
