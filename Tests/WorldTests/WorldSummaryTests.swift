import Basics
import Testing
import World

@Suite struct WorldSummaryTests {
    private func summary(_ rows: [(CityID, Record)]) -> WorldSummary {
        var summary = WorldSummary()
        for (city, record) in rows { summary.add(record, in: city) }
        return summary
    }

    private func visit(_ person: UInt64, _ place: UInt64, hour: Int64, dwell: Float = 0) -> Record {
        let monday: Int64 = 1_767_571_200_000
        return .visit(
            Visit(
                person: PersonID(person), place: PlaceID(place),
                time: Timestamp(milliseconds: monday + hour * 3_600_000),
                dwellSeconds: dwell, attended: dwell > 100))
    }

    @Test func rowsAreCountedOnceHoweverManyCitiesHoldThem() {
        let (here, there) = (CityID(4), CityID(9))
        let tie = Record.friendship(
            Friendship(first: PersonID(1), second: PersonID(2), interestOverlap: 0.5, coAttendance: 3))
        let label = Record.friendLabel(FriendLabel(first: PersonID(1), second: PersonID(2), isCompatible: true))
        let summary = summary([
            (here, .person(Person(id: PersonID(1), homeCity: here, homeNeighborhood: 2))),
            (there, .person(Person(id: PersonID(1), homeCity: here))),
            (there, .person(Person(id: PersonID(2), homeCity: there))),
            (here, .place(Place(id: PlaceID(5), city: here))), (there, .place(Place(id: PlaceID(5), city: there))),
            (here, visit(1, 5, hour: 18)), (there, visit(1, 5, hour: 167, dwell: 300)),
            (here, tie), (there, tie), (here, label), (there, label),
            (
                here,
                .gathering(
                    Gathering(id: GatheringID(1), city: here, place: PlaceID(5), start: Timestamp(milliseconds: 0)))
            ),
        ])
        #expect(
            summary.counts == [
                .people: 2, .places: 2, .visits: 2, .friendships: 1, .friendLabels: 1, .gatherings: 1,
            ])
        #expect(summary.perCity.map(\.people) == [1, 1] && summary.perCity.map(\.visits) == [1, 1])
        #expect(summary.perCity.map(\.city) == [here, there])
        #expect(summary.visitsAway == 1 && summary.friendshipsAway == 1 && summary.visitsAttended == 1)
        #expect(summary.hours[18] == 1 && summary.hours[167] == 1 && summary.hours.reduce(0, +) == 2)
        #expect(summary.ratings[0] == 1 && summary.ratings[16] == 1, "1, and 1 + 2 + 2")
        #expect(summary.labelsCompatible == 1 && summary.labelsAttending == 0)
        #expect(summary.friendsOverlap == 0.5 && summary.friendsCoAttendance == 3)
        #expect(summary.visitsPerPerson.values == [0, 2] && summary.friendsPerPerson.values == [1, 1])
    }

    @Test func strangersAreComparedWithinTheirCity() {
        var tags = [Float](repeating: 0, count: 100)
        tags[3] = 1
        var other = [Float](repeating: 0, count: 100)
        (other[3], other[4]) = (0.5, 0.5)
        let people = [tags, other, tags].enumerated().map { number, preference in
            (
                CityID(0),
                Record.person(
                    Person(
                        id: PersonID(UInt64(number)), homeCity: CityID(0), homeNeighborhood: number == 2 ? 1 : 0,
                        finePreference: preference))
            )
        }
        let summary = summary(people)
        let half = 0.5.squareRoot()
        #expect(abs(summary.strangersOverlap - (half + 1 + half) / 3) < 1e-9)
        #expect(abs(summary.strangersInNeighborhood - 1.0 / 3) < 1e-9, "one pair of three")
        #expect(summary.preferenceError == 0)
    }

    @Test func anEmptyWorldHasASummaryAndPlotsToo() {
        let summary = WorldSummary()
        #expect(summary.friendsOverlap == 0 && summary.strangersOverlap == 0 && summary.visitsPerPlace.mean == 0)
        #expect(summary.plots.allSatisfy { $0.plot.svg.hasSuffix("</svg>\n") })
    }

    @Test func momentsAreThoseOfTheValues() {
        let distribution = Distribution([4, 1, 1, 2])
        #expect(distribution.values == [1, 1, 2, 4] && distribution.mean == 2 && distribution.quantile(0.5) == 2)
        #expect(abs(distribution.deviation - 1.5.squareRoot()) < 1e-12)
        #expect(abs(distribution.skewness - 1.5 / (1.5 * 1.5.squareRoot())) < 1e-12)
        #expect(abs(distribution.excessKurtosis - (4.5 / 2.25 - 3)) < 1e-12)
        #expect(distribution.topHundredthShare == 0.5)
        #expect(distribution.histogram(bins: 3).map(\.count) == [2, 1, 1])
        #expect(distribution.histogram(bins: 3).map(\.middle) == [1.5, 2.5, 3.5])
    }

    @Test func aPlotDrawsEveryPointInsideItsFrame() {
        let plot = Plot(
            title: "A < B & C", horizontal: "x", vertical: "y", points: [(1, 10), (10, 1000), (0, 5), (100, 20)],
            form: .dots, isLogarithmic: true)
        let svg = plot.svg
        #expect(svg.contains("A &lt; B &amp; C") && !svg.contains("A < B"))
        #expect(svg.components(of: "<circle") == 3, "the point at zero has no logarithm")
        #expect(svg.contains(#"cx="96" cy="344""#), "the least point stands in the corner")
        let bars = Plot(title: "t", horizontal: "x", vertical: "y", points: [(0, 1), (1, 2)]).svg
        #expect(bars.components(of: "<rect") == 3, "two bars and the paper")
    }
}

extension String {
    /// How often a text stands in this one.
    fileprivate func components(of text: String) -> Int {
        var count = 0
        var rest = self[...]
        while let found = rest.firstRange(of: text) {
            count += 1
            rest = rest[found.upperBound...]
        }
        return count
    }
}
