// SocialLGN: light convolution where, on each layer, a small network joins what a user's friends and what their items
// say. Because of that network the layers are no powers of one matrix any more, so the savings of `LightConvolution` do
// not apply: every layer is computed for all vertices, and kept for the way back.

import Basics
import Linalg

final class SocialConvolution: LightEncoder {
    let embeddings: VertexTable<Float>
    private(set) var weights: FusionWeights
    private let graph: InteractionGraph
    private let d: Int
    private let fusions: [SocialFusion]
    /// Layers 1 and up of all vertices.
    private let layers: [VertexTable<Float>]
    /// What a product gathers: rows times 1 / sqrt(degree). One for each kind of link.
    private let scaled: VertexTable<Float>
    private let friendScaled: VertexTable<Float>
    /// The gradient of a layer, and of the one before.
    private let change: VertexTable<Float>
    private let before: VertexTable<Float>
    private var slopes: [Float]
    var sharedMoments: Moments
    private var isPropagated = false

    init(_ graph: InteractionGraph, dimensions d: Int, layers count: Int, length: Float, _ random: SeededRandom) {
        (self.graph, self.d) = (graph, d)
        let (all, users) = (graph.vertexCount, graph.userCount)
        func table(_ rows: Int) -> VertexTable<Float> { VertexTable(rows: rows, columns: d) }
        (embeddings, scaled, change, before) = (table(all), table(all), table(all), table(all))
        friendScaled = table(users)
        layers = (0..<count).map { _ in table(all) }
        fusions = (0..<count).map { _ in SocialFusion(users: users, dimensions: d, length: length) }
        weights = FusionWeights(dimensions: d, random)
        slopes = [Float](repeating: 0, count: weights.values.count)
        sharedMoments = Moments(count: weights.values.count)
    }

    /// The fusion's numbers.
    var shared: [Float] {
        get { weights.values }
        set {
            precondition(newValue.count == weights.values.count, "a fusion has its number of weights")
            weights.values = newValue
            isPropagated = false
        }
    }

    /// The gradient of the fusion's numbers in the last way back.
    var weightGradient: [Float] { slopes }

    func refresh(_ pool: ComputePool) { isPropagated = false }

    func results(of vertices: [UInt32], into results: VertexTable<Float>, _ pool: ComputePool) {
        if !isPropagated { propagate(pool) }
        isPropagated = true
        let (tables, d) = ([embeddings] + layers, d)
        let share = 1 / Float(tables.count)
        pool.forEachPiece(of: vertices.count) { piece in
            for index in piece {
                results[index].update(repeating: 0, count: d)
                for table in tables {
                    Float.add(table[Int(vertices[index])], scale: share, to: results[index], columns: d)
                }
            }
        }
    }

    private func propagate(_ pool: ComputePool) {
        var source = embeddings
        for (layer, fusion) in zip(layers, fusions) {
            multiply(graph.bipartite, source, scaled, into: layer, adding: false, pool)
            multiply(graph.friendLinks, source, friendScaled, into: fusion.friends, adding: false, pool)
            let count = graph.userCount * d
            fusion.items.base.update(from: layer.base, count: count)
            fusion.forward(weights)
            layer.base.update(from: fusion.next.base, count: count)
            source = layer
        }
    }

    /// target = (target +) D^-1/2 A D^-1/2 · source over the vertices of `links`.
    private func multiply(
        _ links: VertexLinks, _ source: VertexTable<Float>, _ scratch: VertexTable<Float>,
        into target: VertexTable<Float>, adding: Bool, _ pool: ComputePool
    ) {
        let (d, from, between, to) = (d, source.view, scratch.view, target.view)
        pool.forEachPiece(of: links.vertexCount) { piece in
            for vertex in piece {
                Float.store(from[vertex], scale: links.inverseRoots[vertex], to: between[vertex], columns: d)
            }
        }
        if !adding {
            links.multiply(scratch, columns: d, 0..<links.vertexCount, scales: links.inverseRoots, into: target, pool)
            return
        }
        links.withLists { lists in
            pool.forEachPiece(of: links.vertexCount) { piece in
                var sum = [Float](repeating: 0, count: d)
                for vertex in piece {
                    let (first, count) = lists.list(vertex)
                    Float.sumRows(between.base, columns: d, first, count: count, into: &sum)
                    Float.add(sum, scale: links.inverseRoots[vertex], to: to[vertex], columns: d)
                }
            }
        }
    }

    func back(
        _ gradient: VertexTable<Float>, _ active: ActiveRows, _ pool: ComputePool,
        finish: @Sendable (_ vertex: Int, _ gradient: UnsafeMutablePointer<Float>) -> Void
    ) {
        for index in slopes.indices { slopes[index] = 0 }
        let (change, before, d, count) = (change, before, d, graph.userCount * d)
        change.clear()
        addActive(gradient, active)
        for fusion in fusions.reversed() {
            fusion.back(change, weights, &slopes)
            change.base.update(from: fusion.items.base, count: count)
            multiply(graph.bipartite, change, scaled, into: before, adding: false, pool)
            multiply(graph.friendLinks, fusion.friends, friendScaled, into: before, adding: true, pool)
            change.base.update(from: before.base, count: graph.vertexCount * d)
            addActive(gradient, active)
        }
        pool.forEachPiece(of: graph.vertexCount) { piece in
            for vertex in piece { finish(vertex, change[vertex]) }
        }
        isPropagated = false
    }

    /// Every layer has its share of the result's gradient.
    private func addActive(_ gradient: VertexTable<Float>, _ active: ActiveRows) {
        let share = 1 / Float(layers.count + 1)
        for (slot, vertex) in active.vertices.enumerated() {
            Float.add(gradient[slot], scale: share, to: change[Int(vertex)], columns: d)
        }
    }

    func moveShared(_ step: AdamStep) {
        weights.values.withUnsafeMutableBufferPointer { values in
            slopes.withUnsafeMutableBufferPointer { slopes in
                sharedMoments.move(values, by: slopes, part: 0..<values.count, step)
            }
        }
    }
}
