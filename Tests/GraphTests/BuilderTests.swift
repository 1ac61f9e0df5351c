import Basics
import Testing
import World

@testable import Graph

@Suite struct BuilderTests {
    @Test func localNumbersAreResidentsThenHaloEachAscending() {
        let graph = Small.graph([
            Small.person(30), Small.person(4, home: 9), Small.person(2), Small.person(50, home: 1), Small.place(8),
            Small.place(3),
        ])
        #expect(graph.people == [2, 30, 4, 50].map { PersonID($0) })
        #expect(graph.residents == 2)
        #expect(graph.places == [3, 8].map { PlaceID($0) })
        #expect(graph.localPerson(PersonID(4)) == 2)
        #expect(graph.localPerson(PersonID(5)) == nil)
        #expect(graph.localPlace(PlaceID(8)) == 1)
        #expect(graph.localPlace(PlaceID(0)) == nil)
    }

    @Test func visitsStandByTimeOnOneSideAndByPersonOnTheOther() {
        let graph = Small.graph([
            Small.person(1), Small.person(2), Small.place(10), Small.place(11), Small.visit(2, 10, hour: 5),
            Small.visit(1, 11, hour: 9), Small.visit(1, 10, hour: 3), Small.visit(2, 11, hour: 1),
        ])
        #expect(graph.visitOffsets == [0, 2, 4])
        #expect(graph.visitPlaces == [0, 1, 1, 0])
        #expect(graph.placeOffsets == [0, 2, 4])
        #expect(Array(graph.placeVisitors) == [0, 1, 0, 1])
        #expect(graph.placeEdges == [0, 3, 1, 2])
        #expect(graph.visits(of: 1) == 2..<4)
        #expect(graph.visitors(of: 0) == 0..<2)
    }

    @Test func theLastOfTwoEqualRecordsWins() {
        let graph = Small.graph([
            Small.person(1, home: 9), Small.person(2), Small.place(10, tag: 1), Small.visit(1, 10, hour: 5, likes: 1),
            Small.friends(1, 2, overlap: 0.25), Small.visit(1, 10, hour: 5, likes: 4), Small.place(10, tag: 2),
            Small.person(1), Small.friends(1, 2, overlap: 0.5), Small.visit(1, 10, hour: 6, likes: 2),
        ])
        #expect(graph.residents == 2)
        #expect(graph.visitSignals.map(\.likes) == [4, 2])
        #expect(graph.placeFeatures[8 + 2] == 1)
        #expect(graph.placeFeatures[8 + 1] == 0)
        #expect(graph.socialNeighbors == [1, 0])
        #expect(graph.socialFeatures[0] == 0.5)
        #expect(graph.checkInvariants() == [])
    }

    @Test func recordsThatNameAStrangerAreLeftOutAndCounted() {
        let elsewhere = Place(id: PlaceID(11), city: CityID(1))
        let graph = Small.graph([
            Small.person(1), Small.place(10), .place(elsewhere), Small.visit(1, 11, hour: 1),
            Small.visit(2, 10, hour: 1), Small.visit(1, 10, hour: 1), Small.friends(1, 2), Small.friends(1, 1),
        ])
        #expect(graph.skipped == SkippedRecords(visits: 2, friendships: 2, places: 1))
        #expect(graph.visitPlaces == [0])
        #expect(graph.socialNeighbors == [])
        #expect(graph.checkInvariants() == [])
    }

    @Test(arguments: [(0, 0), (4, 0), (5, 1), (9, 1), (19, 1), (20, 2), (100, 10)])
    func theLastTenthIsHeldOutButNothingOfFewerThanFive(visits: Int, expected: Int) {
        var records = [Small.person(1)]
        for number in 0..<visits {
            records.append(Small.place(UInt64(number)))
            records.append(Small.visit(1, UInt64(number), hour: Int64(number)))
        }
        let graph = Small.graph(records)
        #expect(graph.visitPlaces.count == visits - expected)
        #expect(graph.heldOutPlaces == (visits - expected..<visits).map { UInt32($0) })
        #expect(Small.graph(records, heldOut: 0).heldOutPlaces == [])
    }

    @Test func heldOutPlacesAreDistinctAndNoneIsKnownFromTraining() {
        var records = [Small.person(1), Small.person(2, home: 9)] + (0..<12).map { Small.place(UInt64($0)) }
        for hour in 0..<20 { records.append(Small.visit(1, UInt64(hour % 5), hour: Int64(hour))) }
        for hour in 20..<30 { records.append(Small.visit(1, [11, 9, 2, 9, 11][hour % 5], hour: Int64(hour))) }
        for hour in 0..<30 { records.append(Small.visit(2, UInt64(hour % 7), hour: Int64(hour))) }
        let graph = Small.graph(records, heldOut: 1.0 / 3)
        #expect(graph.visits(of: 0).count == 20)
        #expect(graph.heldOutOffsets == [0, 2])
        #expect(graph.heldOutPlaces == [9, 11])
        #expect(graph.visits(of: 1).count == 30, "halo people hold out nothing")
    }

    @Test func nothingDerivedEverLooksAtHeldOutVisits() {
        let shared =
            [Small.person(1), Small.person(2), Small.friends(1, 2)]
            + (0..<6).map { Small.place(UInt64($0), neighborhood: UInt16($0), category: Int($0), tag: Int($0)) }
        let training =
            (0..<9).map { Small.visit(1, UInt64($0 % 3), hour: Int64($0)) }
            + (0..<4).map { Small.visit(2, 5, hour: Int64($0)) }
        let one = Small.graph(shared + training + [Small.visit(1, 5, hour: 5000)])
        let other = Small.graph(shared + training + [Small.visit(1, 4, hour: 90, attended: false, likes: 9)])
        #expect(one.heldOutPlaces == [5])
        #expect(other.heldOutPlaces == [4])
        #expect(one.personFeatures == other.personFeatures)
        #expect(one.placeFeatures == other.placeFeatures)
        #expect(one.socialFeatures == other.socialFeatures)
        #expect(one.personSlots == other.personSlots)
        #expect(one.placeSlots == other.placeSlots)
        #expect(one.visitSignals == other.visitSignals)
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func everyGraphIsSoundWhateverTheOrderOfArrivalAndTheNumberOfThreads(seed: UInt64) {
        var records = Small.randomRecords(people: 120, places: 40, visits: 3000, friendships: 300, seed: seed)
        let graph = Small.graph(records)
        #expect(graph.checkInvariants() == [])
        #expect(graph.visitPlaces.count > 2000)
        #expect(graph.heldOutPlaces.count > 50)
        #expect(sameGraph(graph, Small.graph(records, threads: 4)))
        var random = SeededRandom(seed: seed)
        // Only distinct records may change places: of two rows of the same visit the later one counts.
        let visits = records.filter { if case .visit = $0 { true } else { false } }
        records.removeAll { if case .visit = $0 { true } else { false } }
        random.shuffle(&records)
        #expect(sameGraph(graph, Small.graph(visits + records, threads: 2)))
    }

    @Test func anEmptyCityIsAGraphToo() {
        let graph = Small.graph([])
        #expect(graph.checkInvariants() == [])
        #expect(graph.socialOffsets == [0])
        #expect(graph.heldOutOffsets == [0])
    }

    @Test func brokenPromisesAreFound() {
        let none = SkippedRecords()
        let features = CityFeatures(
            people: [], places: [], visits: VisitEdges(), areas: .none, pool: ComputePool(threads: 1))
        let graph = CityGraph(
            city: Small.city, people: [PersonID(2), PersonID(1)], residents: 2, places: [], social: .none,
            labels: FriendLabels(labels: [], people: LocalIndex([]), residents: 0), visits: VisitEdges(),
            features: features, skipped: none)
        #expect(graph.checkInvariants().contains("residents and halo are each ascending"))
        #expect(graph.checkInvariants().contains("offsets start at 0, never fall, and end at the number of edges"))
        #expect(graph.checkInvariants().contains("columns have one entry per vertex or edge"))
    }
}

extension PersonAreas {
    fileprivate static var none: PersonAreas {
        PersonAreas(
            people: [], residents: 0, places: [], visits: VisitEdges(), pool: ComputePool(threads: 1))
    }
}

extension SocialEdges {
    fileprivate static var none: SocialEdges {
        SocialEdges(friendships: [], people: LocalIndex([]), pool: ComputePool(threads: 1))
    }
}
