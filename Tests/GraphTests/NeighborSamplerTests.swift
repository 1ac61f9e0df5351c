import Basics
import Graph
import Testing
import World

private let busy = Small.graph(
    Small.randomRecords(people: 150, places: 50, visits: 4000, friendships: 900, seed: 21))

/// Holds a sampled subgraph against the graph it was drawn from and notes the promises it breaks.
private struct Referee {
    let graph: CityGraph
    let sample: SampledSubgraph
    let excluded: Set<UInt64>
    var broken: [String] = []

    init(_ sample: SampledSubgraph, _ graph: CityGraph, excluded: Set<UInt64>) {
        self.graph = graph
        self.sample = sample
        self.excluded = excluded
    }

    mutating func expect(_ holds: Bool, _ promise: String) { if !holds { broken.append(promise) } }

    mutating func check(fanouts: [Int], people: [UInt32], places: [UInt32]) -> [String] {
        expect(Set(sample.people).count == sample.people.count, "a person has one row")
        expect(Set(sample.places).count == sample.places.count, "a place has one row")
        expect(Array(sample.people.prefix(people.count)) == people, "targets are the first people")
        expect(Array(sample.places.prefix(places.count)) == places, "targets are the first places")
        expect(sample.layers.count == fanouts.count, "one layer per fan-out")
        var inputs = (people: sample.people.count, places: sample.places.count)
        for (layer, fanout) in zip(sample.layers, fanouts.reversed()) {
            expect(layer.people <= inputs.people && layer.places <= inputs.places, "targets are inputs")
            checkShape(layer.social, targets: layer.people, sources: inputs.people)
            checkShape(layer.interacts, targets: layer.places, sources: inputs.people)
            checkShape(layer.revInteracts, targets: layer.people, sources: inputs.places)
            if !broken.isEmpty { return broken }
            for target in 0..<layer.people {
                checkFriends(of: target, layer.social.messages(of: target), fanout)
                checkVisits(of: target, layer.revInteracts.messages(of: target), fanout)
            }
            for target in 0..<layer.places {
                checkVisitors(of: target, layer.interacts.messages(of: target), fanout)
            }
            inputs = (layer.people, layer.places)
        }
        expect(inputs == (people.count, places.count), "the last targets are what was asked for")
        return broken
    }

    private mutating func checkShape(_ relation: SampledRelation, targets: Int, sources: Int) {
        expect(relation.offsets.count == targets + 1, "offsets of every target")
        expect(Int(relation.offsets.last ?? 0) == relation.edges.count, "offsets end at the messages")
        expect(relation.sources.count == relation.edges.count, "a source for every message")
        expect(relation.sources.allSatisfy { Int($0) < sources }, "sources are inputs")
    }

    private mutating func checkFriends(of target: Int, _ friends: [Message], _ fanout: Int) {
        let row = graph.friends(of: sample.people[target])
        expect(friends.count == min(fanout, row.count), "as many friends as fit")
        expect(Set(friends.map(\.edge)).count == friends.count, "no friend twice")
        for (source, edge) in friends {
            expect(row.contains(Int(edge)), "edges of the target")
            expect(graph.socialNeighbors[Int(edge)] == sample.people[Int(source)], "the edge leads to its source")
        }
    }

    private mutating func checkVisits(of target: Int, _ visits: [Message], _ fanout: Int) {
        let person = sample.people[target]
        let allowed = graph.visits(of: person).filter {
            !excluded.contains(UInt64(person) << 32 | UInt64(graph.visitPlaces[$0]))
        }
        let chosen = Set(visits.map(\.source))
        expect(chosen.count == min(fanout, Set(allowed.map { graph.visitPlaces[$0] }).count), "as many places as fit")
        let whole = allowed.filter { edge in chosen.contains { graph.visitPlaces[edge] == sample.places[Int($0)] } }
        expect(visits.map { Int($0.edge) }.sorted() == whole, "all visits to a place that is chosen, each once")
        for (source, edge) in visits {
            expect(allowed.contains(Int(edge)), "allowed visits of the target")
            expect(graph.visitPlaces[Int(edge)] == sample.places[Int(source)], "the visit leads to its place")
        }
    }

    private mutating func checkVisitors(of target: Int, _ visitors: [Message], _ fanout: Int) {
        let place = sample.places[target]
        let allowed = graph.visitors(of: place).filter {
            !excluded.contains(UInt64(graph.placeVisitors[$0]) << 32 | UInt64(place))
        }
        let chosen = Set(visitors.map(\.source))
        expect(
            chosen.count == min(fanout, Set(allowed.map { graph.placeVisitors[$0] }).count), "as many visitors as fit")
        let whole = allowed.filter { at in chosen.contains { graph.placeVisitors[at] == sample.people[Int($0)] } }
        expect(visitors.map(\.edge) == whole.map { graph.placeEdges[$0] }, "all visits of a visitor that is chosen")
        for (source, edge) in visitors {
            expect(graph.visits(of: sample.people[Int(source)]).contains(Int(edge)), "a visit of its source")
            expect(allowed.contains { graph.placeEdges[$0] == edge }, "an allowed visit to the target")
        }
    }
}

private typealias Message = (source: UInt32, edge: UInt32)

extension SampledRelation {
    fileprivate func messages(of target: Int) -> [(source: UInt32, edge: UInt32)] {
        (Int(offsets[target])..<Int(offsets[target + 1])).map { (sources[$0], edges[$0]) }
    }
}

@Suite struct NeighborSamplerTests {
    @Test(arguments: [[], [1], [3, 2], [10, 5], [500, 500], [2, 3, 4]])
    func aSampleKeepsAllItsPromises(fanouts: [Int]) {
        let sampler = NeighborSampler(graph: busy, fanouts: fanouts)
        var random = SeededRandom(seed: 4)
        for _ in 0..<5 {
            let people = distinct(8, below: busy.people.count, &random)
            let places = distinct(6, below: busy.places.count, &random)
            var excluded: Set<UInt64> = []
            for person in people {
                for edge in busy.visits(of: person) where random.below(3) == 0 {
                    excluded.insert(UInt64(person) << 32 | UInt64(busy.visitPlaces[edge]))
                }
            }
            let sample = sampler.sample(people: people, places: places, excluding: excluded, random: &random)
            var referee = Referee(sample, busy, excluded: excluded)
            #expect(referee.check(fanouts: fanouts, people: people, places: places) == [])
            let free = sampler.sample(people: people, places: places, excluding: [], random: &random)
            referee = Referee(free, busy, excluded: [])
            #expect(referee.check(fanouts: fanouts, people: people, places: places) == [])
        }
    }

    private func distinct(_ count: Int, below bound: Int, _ random: inout SeededRandom) -> [UInt32] {
        var all = (0..<UInt32(bound)).map { $0 }
        random.shuffle(&all)
        return Array(all.prefix(count))
    }

    @Test func theSameSeedDrawsTheSameSampleEvenFromAUsedSampler() {
        let used = NeighborSampler(graph: busy, fanouts: [4, 3])
        var warm = SeededRandom(seed: 99)
        _ = used.sample(people: [5, 6, 7], places: [1], excluding: [], random: &warm)
        var (first, second, other) = (SeededRandom(seed: 8), SeededRandom(seed: 8), SeededRandom(seed: 9))
        let fresh = NeighborSampler(graph: busy, fanouts: [4, 3])
        let a = used.sample(people: [1, 2], places: [3, 4], excluding: [], random: &first)
        let b = fresh.sample(people: [1, 2], places: [3, 4], excluding: [], random: &second)
        let c = fresh.sample(people: [1, 2], places: [3, 4], excluding: [], random: &other)
        #expect(a == b)
        #expect(a != c)
    }

    @Test func aPersonWhoseOnlyVisitIsExcludedHearsNothingOfIt() {
        let graph = Small.graph([
            Small.person(1), Small.person(2), Small.place(10), Small.place(11), Small.visit(1, 10, hour: 1),
            Small.visit(1, 10, hour: 2), Small.visit(2, 10, hour: 3),
        ])
        let sampler = NeighborSampler(graph: graph, fanouts: [5, 5])
        var random = SeededRandom(seed: 1)
        let sample = sampler.sample(people: [0], places: [0, 1], excluding: [0], random: &random)
        #expect(sample.people == [0, 1])
        #expect(sample.places == [0, 1])
        for layer in sample.layers {
            #expect(layer.revInteracts.offsets.prefix(2) == [0, 0])
            #expect(layer.interacts.edges == [2])
        }
    }

    @Test func everyNeighborIsDrawnAboutEquallyOften() {
        // One person, 20 places visited once each, 5 drawn: 40,000 draws give each about 10,000.
        var records = [Small.person(1)]
        for number in 0..<20 {
            records.append(Small.place(UInt64(number)))
            records.append(Small.visit(1, UInt64(number), hour: Int64(number)))
        }
        let sampler = NeighborSampler(graph: Small.graph(records, heldOut: 0), fanouts: [5])
        var random = SeededRandom(seed: 2)
        var counts = [Int](repeating: 0, count: 20)
        for _ in 0..<40_000 {
            let sample = sampler.sample(people: [0], places: [], excluding: [], random: &random)
            for place in sample.places { counts[Int(place)] += 1 }
        }
        // Deviation of a binomial with p = 1/4: 87. Five of them.
        #expect(counts.allSatisfy { abs($0 - 10_000) < 433 })
    }

    @Test func recentVisitsAreDrawnAsOftenAsTheirWeightsSay() {
        // Three visits, one drawn, a half-life of one visit: shares of 1/7, 2/7 and 4/7.
        var records = [Small.person(1)]
        for number in 0..<3 {
            records.append(Small.place(UInt64(number)))
            records.append(Small.visit(1, UInt64(number), hour: Int64(number)))
        }
        let sampler = NeighborSampler(graph: Small.graph(records, heldOut: 0), fanouts: [1], recency: 1)
        var random = SeededRandom(seed: 3)
        var counts = [Int](repeating: 0, count: 3)
        for _ in 0..<35_000 {
            let sample = sampler.sample(people: [0], places: [], excluding: [], random: &random)
            for place in sample.places { counts[Int(place)] += 1 }
        }
        for (count, expected) in zip(counts, [5_000, 10_000, 20_000]) { #expect(abs(count - expected) < 470) }
    }

    @Test func choosersOfOneBatchChooseTheSameNeighborsWhereTheyCan() {
        // Ten people with the same 40 places: five places serve them all.
        var records = (0..<40 as Range<UInt64>).map { Small.place($0) }
        for person in 1...10 as ClosedRange<UInt64> {
            records.append(Small.person(person))
            for place in 0..<40 as Range<UInt64> { records.append(Small.visit(person, place, hour: Int64(place))) }
        }
        let sampler = NeighborSampler(graph: Small.graph(records, heldOut: 0), fanouts: [5])
        var random = SeededRandom(seed: 5)
        let sample = sampler.sample(people: (0..<10).map { $0 }, places: [], excluding: [], random: &random)
        #expect(sample.places.count == 5 && sample.layers[0].revInteracts.edges.count == 50)
    }

    @Test func aHubLooksAtAStretchOfItsRow() {
        let visits = NeighborSampler.edgesSeenMax + 500
        var records = [Small.person(1)]
        for number in 0..<visits {
            records.append(Small.place(UInt64(number)))
            records.append(Small.visit(1, UInt64(number), hour: Int64(number)))
        }
        let sampler = NeighborSampler(graph: Small.graph(records, heldOut: 0), fanouts: [100_000])
        var random = SeededRandom(seed: 6)
        var counts = [Int](repeating: 0, count: visits)
        for _ in 0..<300 {
            let sample = sampler.sample(people: [0], places: [], excluding: [], random: &random)
            #expect(sample.places.count == NeighborSampler.edgesSeenMax)
            for place in sample.places { counts[Int(place)] += 1 }
        }
        #expect(counts.allSatisfy { $0 > 120 && $0 < 282 })
    }

    @Test func aTargetGivenTwiceIsOurOwnFault() async {
        await #expect(processExitsWith: .failure) {
            let sampler = NeighborSampler(graph: Small.graph([Small.person(1)]), fanouts: [2])
            var random = SeededRandom(seed: 1)
            _ = sampler.sample(people: [0, 0], places: [], excluding: [], random: &random)
        }
    }
}
