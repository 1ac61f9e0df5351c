import Basics
import Testing

@testable import Influence

@Suite struct ShardedTests {
    /// Greedy over places, with the messages carried by hand.
    private func choose(_ budget: Int, from places: [ShardedSets]) -> (seeds: [UInt32], added: [Int]) {
        var places = places
        var coordinator = CoverCoordinator(counts: places.map { $0.counts() })
        while coordinator.seeds.count < budget, let person = coordinator.next() {
            let met = places.flatMap { $0.setsNewlyMet(by: person) }
            for index in places.indices { coordinator.absorb(places[index].meet(met)) }
        }
        return (coordinator.seeds, coordinator.added)
    }

    private func graphs() throws -> [InfluenceGraph] {
        let base = try randomGraph(vertices: 120, edges: 700, seed: 4)
        return [
            base,
            try InfluenceGraph(
                offsets: base.offsets, sources: base.sources, chances: .weightedCascade(factor: 1)),
        ]
    }

    @Test(arguments: [1, 2, 3])
    func setsSharedOutOverWorkersChooseTheSamePeople(workers: Int) throws {
        for graph in try graphs() {
            let whole = generateSets(graph, count: 1000, seed: 6)
            let cover = greedyCover(whole, budget: 8)!
            let sampler = SetSampler(graph, threads: 1)
            let places = (0..<workers).map { worker in
                let range = worker * 4 / workers * 256..<min((worker + 1) * 4 / workers * 256, 1000)
                return ShardedSets(sampler, range, of: 1000, seed: 6)
            }
            let chosen = choose(8, from: places)
            #expect(chosen.seeds == cover.seeds && chosen.added == cover.gains)
        }
    }

    @Test(arguments: [1, 2, 4])
    func shardsThatExchangeFrontiersDrawTheSetsOfTheUnion(shards: Int) throws {
        for graph in try graphs() {
            let whole = generateSets(graph, count: 1000, seed: 6)
            let owners = (0..<graph.count).map { UInt8(($0 * 7) % shards) }
            var parts = try (0..<UInt8(shards)).map { me in
                FrontierShard(try part(of: graph, owners: owners, me: me), owners: owners, me: me, seed: 6)
            }
            for index in parts.indices { parts[index].start(count: 1000) }
            var letters = [[FrontierEntry]](repeating: [], count: shards)
            var rounds = 0
            repeat {
                var next = [[FrontierEntry]](repeating: [], count: shards)
                for index in parts.indices {
                    for (owner, entries) in parts[index].step(letters[index]) { next[Int(owner)] += entries }
                }
                letters = next
                rounds += 1
            } while letters.contains { !$0.isEmpty }
            #expect(shards == 1 ? rounds == 1 : rounds > 2)
            let places = parts.map { $0.members(count: 1000) }
            // Every member lies somewhere, and once.
            let counts = places.map { $0.counts() }
            for vertex in 0..<graph.count {
                #expect(counts.reduce(0) { $0 + Int($1[vertex]) } == whole.sets(holding: UInt32(vertex)).count)
                let held = places.flatMap { $0.setsNewlyMet(by: UInt32(vertex)) }.sorted()
                #expect(held == Array(whole.sets(holding: UInt32(vertex))))
            }
            let cover = greedyCover(whole, budget: 8)!
            let chosen = choose(8, from: places)
            #expect(chosen.seeds == cover.seeds && chosen.added == cover.gains)
        }
    }

    /// The rows that one shard owns, in the numbering of the union. Chances stand per edge where they are unequal;
    /// else a row's own length says them.
    private func part(of graph: InfluenceGraph, owners: [UInt8], me: UInt8) throws -> InfluenceGraph {
        var offsets: [UInt32] = [0], sources: [UInt32] = [], chances: [Float] = []
        for vertex in 0..<graph.count {
            if owners[vertex] == me {
                for edge in Int(graph.offsets[vertex])..<Int(graph.offsets[vertex + 1]) {
                    sources.append(graph.sources[edge])
                    chances.append(Float(graph.chance(of: edge, into: vertex)))
                }
            }
            offsets.append(UInt32(sources.count))
        }
        if case .each = graph.chances {
            return try InfluenceGraph(offsets: offsets, sources: sources, chances: .each(chances))
        }
        return try InfluenceGraph(offsets: offsets, sources: sources, chances: graph.chances)
    }
}
