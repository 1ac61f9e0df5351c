import Basics
import Graph
import Testing
import World

private func isClose(_ a: [Float], _ b: [Float]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) < 1e-6 }
}

private func row(_ matrix: [Float], _ number: Int, of columns: Int) -> [Float] {
    Array(matrix[number * columns..<(number + 1) * columns])
}

/// Numbers worked out by hand from section 3.2 of the specification.
@Suite struct FeatureTests {
    @Test func aBusyVisitHasTheTwelveFeaturesOfTheSpecification() {
        // Rating: 1 + 75/150 + min(2 * 0.5, 1.5) + min(1, 2) + min(3 * 0.5, 1) = 4.5
        let signals = VisitSignals(
            dwellSeconds: 75, likes: 2, saves: 1, shares: 3, attended: false, timeOfDay: 2, isWeekend: true)
        #expect(signals.implicitRating == 4.5)
        var features = [Float](repeating: -1, count: 12)
        do {
            var span = features.mutableSpan
            signals.features(into: &span)
        }
        // log(76) / 6 = 4.3307333 / 6
        #expect(isClose(features, [0.9, 0.721_788_9, 0.4, 1.0 / 3, 1, 0, 0, 0, 1, 0, 0, 1]))
    }

    @Test func everySignalIsCappedAndTheRatingEndsAtFive() {
        let signals = VisitSignals(
            dwellSeconds: 1e9, likes: 1000, saves: 1000, shares: 1000, attended: true, timeOfDay: 0, isWeekend: false)
        #expect(signals.likes == 255)
        #expect(signals.implicitRating == 5)
        var features = [Float](repeating: -1, count: 14)
        do {
            var span = features.mutableSpan
            signals.features(into: &span, at: 1)
        }
        #expect(features == [-1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 0, -1])
    }

    @Test func aBareViewRatesOneAndAttendanceAloneThree() {
        let view = VisitSignals(
            dwellSeconds: 0, likes: 0, saves: 0, shares: 0, attended: false, timeOfDay: 3, isWeekend: false)
        var there = view
        there.flags |= 1
        #expect(view.implicitRating == 1)
        #expect(there.implicitRating == 3)
        #expect(view.timeOfDay == 3)
        #expect(!view.isWeekend)
    }

    @Test func recordedVisitsKeepWhenTheyWereAndRateAlike() {
        for step in 0..<400 {
            let time = Timestamp(milliseconds: Small.monday + Int64(step) * 3_600_000)
            let visit = Visit(
                person: PersonID(1), place: PlaceID(1), time: time, dwellSeconds: Float(step),
                likes: UInt16(step % 7), saves: UInt16(step % 5), shares: UInt16(step % 3), attended: step % 2 == 0)
            let signals = VisitSignals(visit)
            #expect(signals.timeOfDay == visit.time.timeOfDay)
            #expect(signals.isWeekend == (visit.time.dayOfWeek == 1))
            #expect(signals.implicitRating == visit.implicitRating)
        }
    }

    @Test func manyEdgesAtOnceAreTheSameAsOneByOne() {
        let signals = (0..<5).map { number in
            VisitSignals(
                dwellSeconds: Float(number * 40), likes: number, saves: number, shares: number,
                attended: number % 2 == 0, timeOfDay: number % 4, isWeekend: number == 3)
        }
        let edges: [UInt32] = [4, 0, 3, 3]
        var together = [Float](repeating: -1, count: 48)
        var apart = together
        do {
            var span = together.mutableSpan
            VisitSignals.features(of: edges.span, in: VisitSignalColumn(signals), into: &span)
        }
        do {
            var span = apart.mutableSpan
            for (index, edge) in edges.enumerated() { signals[Int(edge)].features(into: &span, at: index * 12) }
        }
        #expect(together == apart)
    }

    @Test func aStatedPersonIsEncodedAsStated() {
        let person = Person(
            id: PersonID(1), homeCity: Small.city, homeNeighborhood: 12,
            categoryPreference: [0.5, 0, 0.25, 0, 0, 0.25],
            finePreference: Small.one(99, of: 100), vibePreference: Small.one(2, of: 30),
            areaFrequencies: [
                AreaFrequency(neighborhood: 9, weight: 0.1), AreaFrequency(neighborhood: 3, weight: 0.3),
                AreaFrequency(neighborhood: 4, weight: 0.2), AreaFrequency(neighborhood: 1, weight: 0.2),
                AreaFrequency(neighborhood: 2, weight: 0.15), AreaFrequency(neighborhood: 8, weight: 0.05),
            ],
            sessionsPerWeek: 2.5, viewsPerSession: 25, likesPerSession: 3, savesPerSession: 12, attendsPerMonth: 4)
        let features = row(Small.graph([.person(person)]).personFeatures, 0, of: 148)
        var expected: [Float] = [7, 12, 0.5, 0, 0.25, 0, 0, 0.25]
        expected += Small.one(99, of: 100) + Small.one(2, of: 30)
        expected += [0.3, 0.2, 0.2, 0.15, 0.1]
        expected += [0.25, 0.25, 0.3, 1, 0.2]
        #expect(isClose(features, expected))
    }

    @Test func aStatedPlaceIsEncodedAsStated() {
        let place = Place(
            id: PlaceID(1), city: Small.city, neighborhood: 3, categories: [1, 0, 0, 0.5, 0, 0],
            fineTags: Small.one(5, of: 100), priceBand: 4, typicalSlot: 2,
            popularity: PlacePopularity(base: 1.5, dailyVisits: 19, conversionRate: 0.25, novelty: 0.7))
        let features = row(Small.graph([.place(place)]).placeFeatures, 0, of: 114)
        // log(2.5) / 5 = 0.9162907 / 5, log(20) / 5 = 2.9957323 / 5
        var expected: [Float] = [7, 3, 1, 0, 0, 0.5, 0, 0]
        expected += Small.one(5, of: 100)
        expected += [4, 2, 0.183_258_1, 0.599_146_5, 0.25, 0.7]
        #expect(isClose(features, expected))
    }

    @Test func aStatedFriendshipHasItsThreeFeaturesInBothDirections() {
        let tie = Friendship(
            first: PersonID(1), second: PersonID(2), interestOverlap: 0.75, coAttendance: 4, sharedNeighborhoods: 0.5)
        let close = Friendship(
            first: PersonID(2), second: PersonID(3), interestOverlap: 1, coAttendance: 25, sharedNeighborhoods: 1)
        let graph = Small.graph([
            Small.person(1), Small.person(2), Small.person(3), .friendship(tie), .friendship(close),
        ])
        #expect(graph.socialNeighbors == [1, 0, 2, 1])
        #expect(graph.socialFeatures == [0.75, 0.4, 0.5, 0.75, 0.4, 0.5, 1, 1, 1, 1, 1, 1])
    }

    @Test func unknownPreferencesAreTheSharesOfTheVisitedPlaces() {
        let graph = Small.graph([
            Small.person(1), Small.place(10, neighborhood: 1, category: 2, tag: 20),
            Small.place(11, neighborhood: 2, category: 4, tag: 40), Small.visit(1, 10, hour: 1),
            Small.visit(1, 11, hour: 2), Small.visit(1, 10, hour: 3), Small.visit(1, 10, hour: 4),
        ])
        let features = row(graph.personFeatures, 0, of: 148)
        #expect(Array(features[PersonColumns.categories]) == [0, 0, 0.75, 0, 0.25, 0])
        #expect(features[8 + 20] == 0.75)
        #expect(features[8 + 40] == 0.25)
        #expect(features[PersonColumns.fineTags].reduce(0, +) == 1)
        #expect(features[PersonColumns.vibes].allSatisfy { $0 == 0 })
        #expect(Array(features[PersonColumns.areas]) == [0.75, 0.25, 0, 0, 0])
    }

    @Test func aStatedPreferenceIsKeptWhereAnotherIsDerived() {
        let graph = Small.graph([
            Small.person(1, fine: Small.one(3, of: 100)), Small.place(10, category: 2, tag: 20),
            Small.visit(1, 10, hour: 1),
        ])
        let features = row(graph.personFeatures, 0, of: 148)
        #expect(features[PersonColumns.categories.lowerBound + 2] == 1)
        #expect(Array(features[PersonColumns.fineTags]) == Small.one(3, of: 100))
    }

    @Test func unknownPopularityIsCountedAndNoveltyStaysBetweenZeroAndOne() {
        // Four visits over two places and two days: base 1.5 and 0.5, daily 1.5 and 0.5.
        let graph = Small.graph([
            Small.person(1), Small.place(10), Small.place(11), Small.visit(1, 10, hour: 0),
            Small.visit(1, 10, hour: 10, attended: false), Small.visit(1, 10, hour: 20, attended: false),
            Small.visit(1, 11, hour: 48),
        ])
        let busy = row(graph.placeFeatures, 0, of: 114)[PlaceColumns.popularity]
        let calm = row(graph.placeFeatures, 1, of: 114)[PlaceColumns.popularity]
        // Novelty is 1 / (1 + log(2.5)) = 1 / 1.9162907 and 1 / (1 + log(1.5)) = 1 / 1.4054651.
        #expect(isClose(Array(busy), [0.183_258_1, 0.183_258_1, 1.0 / 3, 0.521_841_5]))
        #expect(isClose(Array(calm), [0.081_093_0, 0.081_093_0, 1, 0.711_508_2]))
    }

    @Test func friendsWithoutFeaturesAreComparedByWhatTheyDidInTraining() {
        let graph = Small.graph([
            Small.person(1), Small.person(2), Small.place(10, neighborhood: 1, tag: 0),
            Small.place(11, neighborhood: 2, tag: 1), Small.visit(1, 10, hour: 1), Small.visit(1, 11, hour: 2),
            Small.visit(2, 10, hour: 3), Small.visit(2, 11, hour: 4, attended: false), Small.visit(2, 10, hour: 5),
            Small.visit(2, 10, hour: 6), Small.friends(1, 2),
        ])
        // Tastes (1/2, 1/2) and (3/4, 1/4): cosine 0.5 / sqrt(0.5 * 0.625). Both attended one place.
        let expected: [Float] = [0.894_427_2, 0.1, 0.75]
        #expect(isClose(graph.socialFeatures, expected + expected))
    }

    @Test func timeSharesCountTrainingVisitsBySlot() {
        // Hours after Monday midnight: 8 and 9 are a morning, 23 a night, 5 * 24 + 13 a weekend day.
        let graph = Small.graph([
            Small.person(1), Small.person(2), Small.place(10), Small.place(11), Small.visit(1, 10, hour: 8),
            Small.visit(1, 10, hour: 9), Small.visit(1, 10, hour: 23), Small.visit(1, 11, hour: 133),
        ])
        #expect(graph.personSlots == [0.5, 0, 0, 0.25, 0.25, 0] + [0, 0, 0, 0, 0, 0])
        #expect(isClose(graph.placeSlots, [2.0 / 3, 0, 0, 1.0 / 3, 0, 0] + [0, 0, 0, 0, 1, 0]))
    }
}
