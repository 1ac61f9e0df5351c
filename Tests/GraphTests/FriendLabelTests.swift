import Basics
import Testing
import World

@testable import Graph

@Suite struct FriendLabelTests {
    /// Residents 10, 30 and 40 have the local numbers 0, 1 and 2; the guests 20 and 25 have 3 and 4.
    private let people = [10, 30, 40].map { Small.person($0) } + [20, 25].map { Small.person($0, home: 8) }

    @Test func labelsOfResidentsStandByLocalNumbersInOrder() {
        let graph = Small.graph(
            people + [
                Small.label(30, 40, compatible: false), Small.label(20, 40, compatible: true),
                Small.label(10, 40, compatible: true, attends: true),
            ])
        #expect(graph.labelPairs == [0, 2, 1, 2, 2, 3])
        #expect(graph.labelOutcomes == [[.compatible, .attends], [], [.compatible]])
        #expect(graph.skipped == SkippedRecords())
        #expect(graph.checkInvariants() == [])
        #expect(graph.socialNeighbors == [], "a label is no edge")
    }

    @Test func theLaterOfTwoLabelsOfTheSamePeopleStays() {
        let labels = [Small.label(10, 30, compatible: true, attends: true), Small.label(10, 30, compatible: false)]
        #expect(Small.graph(people + labels).labelOutcomes == [[]])
        #expect(Small.graph(people + labels.reversed()).labelOutcomes == [[.compatible, .attends]])
    }

    @Test func labelsOfStrangersAndOfGuestsAmongThemselvesAreCountedAndLeftOut() {
        let graph = Small.graph(
            people + [Small.label(10, 99, compatible: true), Small.label(20, 25, compatible: true)])
        #expect(graph.labelPairs == [] && graph.labelOutcomes == [])
        #expect(graph.skipped.friendLabels == 2)
    }

    @Test func gatheringsChangeNothing() {
        let gathering = Gathering(
            id: GatheringID(1), city: Small.city, place: PlaceID(2), start: Timestamp(milliseconds: Small.monday))
        let rows = people + [Small.place(2), Small.visit(10, 2, hour: 1)]
        #expect(sameGraph(Small.graph(rows), Small.graph(rows + [.gathering(gathering)])))
    }
}
