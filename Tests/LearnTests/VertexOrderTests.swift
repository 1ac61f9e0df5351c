import Basics
import Graph
import Testing

@testable import Learn

@Suite struct VertexOrderTests {
    private let graph = smallCity(people: 400, places: 200)
    private let pool = ComputePool(threads: 1)

    /// (target, source, kind or silence) of one relation, in vertices.
    private func messages(
        _ rows: MessageRows, _ targets: [UInt32], _ sources: [UInt32], kinds: [UInt32], bySource: Bool = false
    ) -> [[UInt32]] {
        var found: [[UInt32]] = []
        for row in 0..<rows.rows {
            for message in Int(rows.offsets[row])..<Int(rows.offsets[row + 1]) {
                let (one, other) = (targets[row], sources[Int(rows.others[message])])
                let kind = rows.kinds[message] < UInt32(kinds.count) ? kinds[Int(rows.kinds[message])] : .max
                found.append(bySource ? [other, one, kind] : [one, other, kind])
            }
        }
        return found.sorted { $0.lexicographicallyPrecedes($1) }
    }

    @Test func everyVertexHasOneRow() {
        let order = VertexOrder(byVisitsOf: graph, pool: pool)
        #expect(order.people.sorted() == graph.people.indices.map { UInt32($0) })
        #expect(order.places.sorted() == graph.places.indices.map { UInt32($0) })
        #expect(!order.isPlain && order.people != order.people.sorted())
        #expect(order.people.enumerated().allSatisfy { order.personRows[Int($1)] == UInt32($0) })
        #expect(order.places.enumerated().allSatisfy { order.placeRows[Int($1)] == UInt32($0) })
        let other = VertexOrder(byVisitsOf: graph, pool: ComputePool(threads: 2))
        #expect(other.people == order.people && other.places == order.places)
    }

    @Test func anotherOrderOfRowsIsTheSameMessages() throws {
        let trainer = try CityTrainer(graph: graph, configuration: smallConfiguration(), seed: 5, state: nil)
        let (people, places): ([UInt32], [UInt32]) = ([3, 0, 17, 44], [5, 21, 49])
        let excluded = Set(
            people.flatMap { person in
                graph.visitPlaces[graph.visits(of: person)].prefix(3).map { UInt64(person) << 32 | UInt64($0) }
            })
        // A friendship in both directions.
        let friend = graph.socialNeighbors[graph.friends(of: 3)][graph.friends(of: 3).lowerBound]
        let back = graph.friends(of: friend).first { graph.socialNeighbors[$0] == 3 }
        let silent = [UInt32(graph.friends(of: 3).lowerBound), UInt32(try #require(back))]
        let order = VertexOrder(byVisitsOf: graph, pool: pool)
        let read = [nil, order].map { order in
            WholeCity(graph, trainer.inputs, excluding: [UInt64(8) << 32 | 2], order: order).neighborhood(
                people: people, places: places, excluding: excluded, silent: silent, layers: 2)
        }
        for layer in 0..<2 {
            let found = read.map { read -> [[[UInt32]]] in
                let asked = read.layers[layer]
                let targets = (
                    asked.peopleRows.map { $0.map { read.people[Int($0)] } } ?? read.people,
                    asked.placeRows.map { $0.map { read.places[Int($0)] } } ?? read.places
                )
                if layer == 1 { #expect(targets.0 == people && targets.1 == places) }
                let relations = [
                    (asked.social, targets.0, read.people, read.friendshipKinds),
                    (asked.interacts, targets.1, read.people, read.visitKinds),
                    (asked.revInteracts, targets.0, read.places, read.visitKinds),
                ]
                return relations.map { relation, targets, sources, kinds in
                    let there = messages(relation.byTarget, targets, sources, kinds: kinds)
                    let back = relation.bySource.map {
                        messages($0, sources, targets, kinds: kinds, bySource: true)
                    }
                    let agrees = there == back
                    #expect(agrees, "both directions have the same messages")
                    return there
                }
            }
            let agrees = found[0] == found[1]
            #expect(agrees, "in layer \(layer)")
            let silences = found[0].map { $0.contains { $0[2] == .max } }
            #expect(silences[0] && (layer == 1 || silences[1]) && silences[2], "some are silent: \(silences)")
        }
    }
}
