// Trains a light model. A step draws a batch, asks the encoder for the results of the rows that the batch looks at,
// takes the loss and its gradient there, and goes back; Adam moves each row in the encoder's last pass.

package import Basics
import Glibc
import Linalg

/// One light model in training. Single-threaded towards its caller; each call shares its work on the pool. The same
/// seed gives the same embeddings for any number of threads.
package final class LightTrainer {
    package let graph: InteractionGraph
    package let configuration: LightConfiguration
    let encoder: any LightEncoder
    let first: VertexTable<Float>
    let second: VertexTable<Float>
    private let random: SeededRandom
    /// Users that can be learned from.
    private let people: [UInt32]
    /// Taken since the beginning.
    var steps = 0
    /// Users in the order of an epoch.
    private var order: (epoch: Int, users: [UInt32])?
    private var active: ActiveRows
    private let results: VertexTable<Float>
    private let gradient: VertexTable<Float>
    private var softmax: SoftmaxObjective?

    /// `spectrum`, of the same interactions, spares a spectral start its own.
    package init(
        _ graph: InteractionGraph, _ configuration: LightConfiguration, spectrum: SpectralFilter? = nil, seed: UInt64,
        pool: ComputePool
    ) {
        precondition(configuration.problem == nil, configuration.problem ?? "")
        let d = configuration.dimensions
        (self.graph, self.configuration, random) = (graph, configuration, SeededRandom(seed: seed))
        encoder = makeEncoder(graph, configuration, random.child("fusion"))
        people = (0..<UInt32(graph.userCount)).filter {
            (1..<graph.itemCount).contains(graph.interactions.range(of: Int($0)).count)
        }
        (first, second) = (
            VertexTable(rows: graph.vertexCount, columns: d), VertexTable(rows: graph.vertexCount, columns: d)
        )
        active = ActiveRows(vertexCount: graph.vertexCount)
        let rows: Int
        switch configuration.loss {
        case .pairs(let batch): rows = min(3 * batch, graph.vertexCount)
        case .softmax(let users, let candidates, let temperature, let exponent):
            rows = min(graph.itemCount + users, graph.vertexCount)
            softmax = SoftmaxObjective(
                rows: rows, candidates: candidates == 0 ? graph.itemCount : min(candidates, graph.itemCount),
                dimensions: d, temperature: temperature, exponent: exponent)
        }
        (results, gradient) = (VertexTable(rows: rows, columns: d), VertexTable(rows: rows, columns: d))
        start(spectrum, pool)
        encoder.refresh(pool)
    }

    private func start(_ spectrum: SpectralFilter?, _ pool: ComputePool) {
        let (embeddings, d) = (encoder.embeddings, configuration.dimensions)
        switch configuration.start {
        case .normal(let deviation):
            embeddings.fillNormal(deviation: Double(deviation), random.child("embeddings"))
        case .spectral(let length):
            let filter =
                spectrum ?? SpectralFilter(graph, dimensions: d, random: random.child("spectrum"), pool: pool)
            precondition(filter.dimensions == d, "a spectrum that starts a model has its dimensions")
            place(filter.users, at: graph.vertexOfUser, meanLength: length)
            place(filter.items, at: graph.vertexOfItem, meanLength: length)
        }
    }

    private func place(_ rows: [Float], at vertices: [UInt32], meanLength: Float) {
        let d = configuration.dimensions
        let squares = dot(rows.span, rows.span) / Float(max(vertices.count, 1))
        let scale = squares > 0 ? meanLength / squares.squareRoot() : 0
        for (row, vertex) in vertices.enumerated() {
            for column in 0..<d { encoder.embeddings[Int(vertex)][column] = scale * rows[row * d + column] }
        }
    }

    /// Steps of one epoch: as many triples as there are interactions, or every user once.
    package var stepsPerEpoch: Int {
        switch configuration.loss {
        case .pairs(let batch): people.isEmpty ? 0 : (graph.interactions.items.count + batch - 1) / batch
        case .softmax(let users, _, _, _): (people.count + users - 1) / users
        }
    }

    /// One epoch, the next one; `total` of them are to come in all, which only a falling rate looks at. The mean loss.
    package func epoch(of total: Int, pool: ComputePool) -> Double {
        var schedule = configuration.schedule
        schedule.fallSteps = max(total * stepsPerEpoch, 1)
        let losses = (0..<stepsPerEpoch).map { _ in step(schedule, pool) }
        return losses.reduce(0, +) / Double(max(losses.count, 1))
    }

    /// Whether there is anything to learn from.
    var canLearn: Bool { !people.isEmpty }

    /// The next step; its loss.
    func step(_ schedule: RateSchedule, _ pool: ComputePool) -> Double {
        if people.isEmpty { return 0 }
        let (epoch, index) = steps.quotientAndRemainder(dividingBy: stepsPerEpoch)
        let rate = configuration.learningRate * schedule.pace(step: steps + 1)
        switch configuration.loss {
        case .pairs(let batch):
            let size = min(batch, graph.interactions.items.count - index * batch)
            return pairStep(size, random.child("pairs", UInt64(epoch), UInt64(index)), rate, pool)
        case .softmax(let users, let candidates, _, _):
            let order = order(epoch)
            let chosen = order[index * users..<min((index + 1) * users, order.count)]
            let drawn = random.child("candidates", UInt64(epoch), UInt64(index))
            return softmaxStep(Array(chosen), candidates, drawn, rate, pool)
        }
    }

    private func order(_ epoch: Int) -> [UInt32] {
        if let order, order.epoch == epoch { return order.users }
        var users = people
        var shuffling = random.child("order", UInt64(epoch))
        shuffling.shuffle(&users)
        order = (epoch, users)
        return users
    }

    private func pairStep(_ size: Int, _ random: SeededRandom, _ rate: Float, _ pool: ComputePool) -> Double {
        let batch = PairBatch(PairTriple.draw(size, graph, people, random), &active)
        encoder.results(of: active.vertices, into: results, pool)
        let loss = batch.loss(results, into: gradient, columns: configuration.dimensions)
        // Squared lengths count half, once each time a row is named.
        let pull = configuration.decay / Float(size)
        move(rate, decay: 0, pulls: batch.counts.map { $0 * pull }, pool)
        return loss
    }

    private func softmaxStep(
        _ users: [UInt32], _ candidates: Int, _ random: SeededRandom, _ rate: Float, _ pool: ComputePool
    ) -> Double {
        guard let softmax else { return 0 }
        active.removeAll()
        var random = random
        for vertex in drawn(candidates, &random) { _ = active.insert(vertex) }
        let count = active.vertices.count
        let slots = users.map { active.insert(graph.vertexOfUser[Int($0)]) }
        var (items, offsets): ([Int], [Int]) = ([], [0])
        for user in users {
            for item in graph.interactions[Int(user)] { items.append(active.insert(graph.vertexOfItem[Int(item)])) }
            offsets.append(items.count)
        }
        encoder.results(of: active.vertices, into: results, pool)
        let loss = softmax.loss(
            results, rows: active.vertices.count, users: slots, items: items, offsets: offsets, candidates: count,
            into: gradient, pool)
        move(rate, decay: configuration.decay, pulls: [], pool)
        return loss
    }

    /// The vertices of `count` different items in random order, or of all in theirs.
    private func drawn(_ count: Int, _ random: inout SeededRandom) -> [UInt32] {
        if count == 0 || count >= graph.itemCount { return graph.vertexOfItem }
        var items = graph.vertexOfItem
        for position in 0..<count { items.swapAt(position, position + random.below(items.count - position)) }
        return Array(items.prefix(count))
    }

    /// Goes back from `gradient` and moves every embedding by Adam. `pulls` adds, for each active row, that much of the
    /// embedding itself to its gradient.
    private func move(_ rate: Float, decay: Float, pulls: [Float], _ pool: ComputePool) {
        steps += 1
        let step = AdamStep(number: steps, rate: rate, decay: decay, gradientScale: 1)
        let (embeddings, first, second) = (encoder.embeddings.view, first.view, second.view)
        let active = active
        let d = configuration.dimensions
        defer { encoder.moveShared(AdamStep(number: steps, rate: rate, decay: 0, gradientScale: 1)) }
        encoder.back(gradient, active, pool) { vertex, row in
            let values = embeddings[vertex]
            let slot = Int(active.slots[vertex])
            if slot >= 0, slot < pulls.count { Float.add(values, scale: pulls[slot], to: row, columns: d) }
            step.move(values, first[vertex], second[vertex], by: row, count: d)
        }
    }

    /// The model's users and items as they rank. With a softmax, which learns cosines, items keep only the
    /// configuration's power of their length.
    package func embeddings(_ pool: ComputePool) -> EmbeddingScorer { embeddings(of: encoder, on: graph, pool) }

    /// The same on another graph of the same users and items, from the embeddings that were trained on this one.
    func embeddings(on other: InteractionGraph, _ pool: ComputePool) -> EmbeddingScorer {
        let twin = makeEncoder(other, configuration, random)
        twin.shared = encoder.shared
        let d = configuration.dimensions
        for (from, to) in [(graph.vertexOfUser, other.vertexOfUser), (graph.vertexOfItem, other.vertexOfItem)] {
            for (one, two) in zip(from, to) {
                twin.embeddings[Int(two)].update(from: encoder.embeddings[Int(one)], count: d)
            }
        }
        twin.refresh(pool)
        return embeddings(of: twin, on: other, pool)
    }

    private func embeddings(
        of encoder: any LightEncoder, on graph: InteractionGraph, _ pool: ComputePool
    ) -> EmbeddingScorer {
        let d = configuration.dimensions
        func rows(_ vertices: [UInt32]) -> [Float] {
            let table = VertexTable<Float>(rows: vertices.count, columns: d)
            encoder.results(of: vertices, into: table, pool)
            return table.array(rows: vertices.count)
        }
        let (users, items) = (rows(graph.vertexOfUser), rows(graph.vertexOfItem))
        guard case .softmax = configuration.loss else {
            return EmbeddingScorer(users: users, items: items, dimensions: d)
        }
        var scaled = items
        for start in stride(from: 0, to: items.count, by: d) {
            let row = items.span.extracting(start..<start + d)
            let square = max(dot(row, row), 1e-12)
            let scale = Float.exponential((configuration.lengthPower - 1) * 0.5 * log(square))
            for index in start..<start + d { scaled[index] *= scale }
        }
        return EmbeddingScorer(users: users, items: scaled, dimensions: d)
    }
}

private func makeEncoder(
    _ graph: InteractionGraph, _ configuration: LightConfiguration, _ random: SeededRandom
) -> any LightEncoder {
    let (d, layers) = (configuration.dimensions, configuration.layers)
    if case .learned(let length) = configuration.fusion {
        return SocialConvolution(graph, dimensions: d, layers: layers, length: length, random)
    }
    return switch configuration.storage {
    case .float: LightConvolution<Float>(graph.links, dimensions: d, layers: layers)
    case .half: LightConvolution<HalfPair>(graph.links, dimensions: d, layers: layers)
    }
}
