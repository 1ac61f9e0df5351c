import Basics
import FoundationEssentials
import Linalg
import Testing

@testable import Learn

/// Both light models against PyTorch, number by number. `Fixtures/light.py` makes the file.
@Suite struct LightParityTests {
    private struct Model: Decodable {
        var embeddings: [Double]
        var fusion: [Double]
        var users: [UInt32]
        var wanted: [UInt32]
        var others: [UInt32]
        var results: [Double]
        var loss: Double
        var gradient: [Double]
        var fusionGradient: [Double]
    }

    private struct Fixture: Decodable {
        var users: Int
        var items: Int
        var width: Int
        var layers: Int
        var decay: Double
        var interactions: [[UInt32]]
        var friends: [[UInt32]]
        var lightgcn: Model
        var sociallgn: Model
    }

    private let fixture: Fixture
    private let graph: InteractionGraph
    /// The vertex of each row of the fixture's tables.
    private let vertices: [UInt32]

    init() throws {
        let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
        let data = try Data(contentsOf: URL(filePath: "/\(folder)/Fixtures/light.json"))
        fixture = try JSONDecoder().decode(Fixture.self, from: data)
        let known = ItemLists(
            users: fixture.users, items: fixture.items, pairs: fixture.interactions.map { ($0[0], $0[1]) })
        let friends = ItemLists(
            users: fixture.users, items: fixture.users, pairs: fixture.friends.map { ($0[0], $0[1]) })
        graph = InteractionGraph(known, friends: friends)
        vertices = graph.vertexOfUser + graph.vertexOfItem
    }

    /// Within 1e-4 of the largest entry.
    private func expectEqual(_ ours: [Float], _ theirs: [Double], _ location: SourceLocation = #_sourceLocation) {
        let largest = theirs.map(abs).max() ?? 0
        #expect(ours.count == theirs.count && largest > 0, sourceLocation: location)
        let worst = zip(ours, theirs).map { abs(Double($0) - $1) }.max() ?? .infinity
        #expect(worst <= 1e-4 * largest, sourceLocation: location)
    }

    private func check(_ encoder: any LightEncoder, _ model: Model) {
        let (d, pool) = (fixture.width, ComputePool(threads: 2))
        for (row, vertex) in vertices.enumerated() {
            for column in 0..<d { encoder.embeddings[Int(vertex)][column] = Float(model.embeddings[row * d + column]) }
        }
        encoder.refresh(pool)
        let all = VertexTable<Float>(rows: vertices.count, columns: d)
        encoder.results(of: vertices, into: all, pool)
        expectEqual(all.array(rows: vertices.count), model.results)

        var active = ActiveRows(vertexCount: graph.vertexCount)
        let triples = model.users.indices.map { index in
            PairTriple(
                user: graph.vertexOfUser[Int(model.users[index])], wanted: graph.vertexOfItem[Int(model.wanted[index])],
                other: graph.vertexOfItem[Int(model.others[index])])
        }
        let batch = PairBatch(triples, &active)
        let (results, slopes) = (VertexTable<Float>(rows: 24, columns: d), VertexTable<Float>(rows: 24, columns: d))
        encoder.results(of: active.vertices, into: results, pool)
        let pairLoss = batch.loss(results, into: slopes, columns: d)
        let pulls = batch.counts.map { $0 * Float(fixture.decay) / Float(triples.count) }
        let pull = zip(active.vertices, pulls).reduce(0.0) { sum, entry in
            sum + (0..<d).reduce(0.0) { $0 + Double(entry.1 / 2 * square(encoder.embeddings[Int(entry.0)][$1])) }
        }
        #expect(abs(pairLoss + pull - model.loss) < 1e-4 * model.loss)

        let found = VertexTable<Float>(rows: vertices.count, columns: d)
        let (rows, table) = (active, encoder.embeddings)
        encoder.back(slopes, rows, pool) { vertex, gradient in
            found[vertex].update(from: gradient, count: d)
            let slot = Int(rows.slots[vertex])
            if slot >= 0 { Float.add(table[vertex], scale: pulls[slot], to: found[vertex], columns: d) }
        }
        expectEqual(vertices.flatMap { vertex in (0..<d).map { found[Int(vertex)][$0] } }, model.gradient)
    }

    private func square(_ x: Float) -> Float { x * x }

    @Test func lightGCNIsPyTorchs() {
        check(LightConvolution<Float>(graph.links, dimensions: fixture.width, layers: fixture.layers), fixture.lightgcn)
    }

    @Test func socialLGNIsPyTorchs() {
        let encoder = SocialConvolution(
            graph, dimensions: fixture.width, layers: fixture.layers, length: 1, SeededRandom(seed: 1))
        encoder.shared = fixture.sociallgn.fusion.map { Float($0) }
        check(encoder, fixture.sociallgn)
        expectEqual(encoder.weightGradient, fixture.sociallgn.fusionGradient)
    }
}
