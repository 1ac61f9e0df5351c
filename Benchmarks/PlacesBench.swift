// Whom to ask first in several cities, each holding its own people, beside one process that has the union of their
// graphs: the same people, or not; what travels (questions and answers as bytes); what both cost. Cities answer in turn
// on one thread; on workers of their own they would answer at a time.
//
// The floor: 8 bytes each time a set goes from one city to another, and once per greedy run 4 bytes a person.

import Basics
import Graph
import Influence

extension Bench {
    static let places = Bench(
        name: "places",
        summary: "choose the people who bring most others in several cities, beside one process with all of them",
        readsCities: true,
        settings: [
            Setting("choose", "how many to choose", .integer(1...10_000), default: "50", scope: .call),
            Setting("eps", "the wanted ratio is 1 - 1/e - eps", .number(0.001...0.63), default: "0.1", scope: .call),
        ] + Cities.settings(people: 20_000, places: 1_000, cities: 4, visits: 20)
    ) { run in
        let graphs = try run.loading { () throws -> [CityGraph] in
            let cities = try Cities(run)
            var builders = cities.names.indices.map { CityGraphBuilder(city: CityID(UInt32($0))) }
            try cities.read(emit: { city, record in builders[Int(city.number)].add(record) })
            return builders.map { $0.build(pool: run.pool) }
        }
        let residents = graphs.map(\.residents)
        let union = try run.loading { try unionOf(graphs) }
        var carried = try run.loading { try Carried(graphs, seed: run.seed) }
        let options = try InfluenceOptions(
            budget: run.settings.integer("choose"), epsilon: run.settings.number("eps"), seed: run.seed,
            usesSentinels: false)
        let (several, cost) = try run.working {
            try maximizeInfluence(over: &carried, people: residents, options: options)
        }
        let sampler = SetSampler(union.graph, threads: run.pool.threads)
        let (one, single) = run.timing { maximizeInfluence(sampler, options: options, pool: run.pool) }
        try run.report([
            "cities": .whole(graphs.count), "people": .whole(union.graph.count), "edges": .whole(union.edges),
            "edges_between_cities": .whole(union.crossing), "same_people": .whole(several.seeds == one.seeds ? 1 : 0),
            "sets": .whole(several.sets), "members": .whole(several.kept), "bytes": .whole(carried.bytes),
            "questions": .whole(carried.questions), "places_cpu_seconds": .real(cost.cpu),
            "single_cpu_seconds": .real(single.cpu), "certified_ratio": .real(several.certifiedRatio),
        ])
    }
}

/// The number in the union of everybody who lives in one of the cities.
private func numbers(_ graphs: [CityGraph]) -> [PersonID: UInt32] {
    var numbers: [PersonID: UInt32] = [:]
    for graph in graphs {
        for person in graph.people[..<graph.residents] { numbers[person] = UInt32(numbers.count) }
    }
    return numbers
}

private func unionOf(_ graphs: [CityGraph]) throws -> (graph: InfluenceGraph, edges: Int, crossing: Int) {
    let numbers = numbers(graphs)
    var offsets: [UInt32] = [0], sources: [UInt32] = [], crossing = 0
    for graph in graphs {
        for person in 0..<graph.residents {
            for edge in graph.friends(of: UInt32(person)) {
                let friend = Int(graph.socialNeighbors[edge])
                guard let number = numbers[graph.people[friend]] else { continue }
                sources.append(number)
                if friend >= graph.residents { crossing += 1 }
            }
            offsets.append(UInt32(sources.count))
        }
    }
    let union = try InfluenceGraph(offsets: offsets, sources: sources, chances: .weightedCascade(factor: 1))
    return (union, sources.count, crossing)
}

/// Places in this process that are talked to in bytes.
private struct Carried: InfluencePlaces {
    private var places: [InfluencePlace] = []
    private(set) var bytes = 0
    private(set) var questions = 0

    init(_ graphs: [CityGraph], seed: UInt64) throws {
        let numbers = numbers(graphs)
        let bases = graphs.reduce(into: [UInt32(0)]) { $0.append($0[$0.count - 1] + UInt32($1.residents)) }
        for (index, graph) in graphs.enumerated() {
            var others: [UInt32: UInt32] = [:], far: [FarVertex] = []
            for guest in graph.residents..<graph.people.count {
                guard let number = numbers[graph.people[guest]],
                    let home = graphs.indices.last(where: { bases[$0] <= number })
                else { continue }
                others[UInt32(guest)] = UInt32(graph.residents + far.count)
                far.append(FarVertex(place: UInt16(home), vertex: number - bases[home]))
            }
            let part = try InfluenceGraph.weightedCascade(of: graph).part(
                residents: graph.residents, others: others, far: far.count)
            places.append(InfluencePlace(part, far: far, base: bases[index], seed: seed))
        }
    }

    mutating func ask(
        _ questions: [(place: Int, question: PlaceQuestion)]
    ) throws(BenchError) -> [PlaceAnswer] {
        var answers: [PlaceAnswer] = []
        for (place, question) in questions {
            do {
                var asked = ByteWriter(), told = ByteWriter()
                question.encode(into: &asked)
                var reader = ByteReader(asked.bytes)
                try places[place].answer(try PlaceQuestion(from: &reader)).encode(into: &told)
                bytes += asked.bytes.count + told.bytes.count
                self.questions += 1
                var back = ByteReader(told.bytes)
                answers.append(try PlaceAnswer(from: &back))
            } catch {
                throw BenchError("a place does not answer: \(error)")
            }
        }
        return answers
    }
}
