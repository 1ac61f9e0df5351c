import Basics
import Graph
import Linalg
import Testing
import World

@testable import Learn

/// What is served, in plain matrix products, against the tape that training runs.
@Suite struct ServedModelTests {
    private let configuration = smallConfiguration()
    private let pool = ComputePool(threads: 1)

    /// Weights of which none is zero: a fresh head's last layer would be.
    private func weights(seed: UInt64) -> [Float] {
        var random = SeededRandom(seed: seed)
        return SharedWeights.initial(configuration, seed: seed).values.map { $0 + 0.3 * Float(random.normal()) }
    }

    @Test(arguments: [1, 2, 7, 33]) func aHeadSaysWhatTheTapeSays(count: Int) {
        let weights = weights(seed: 5)
        let layout = GraphRecLayout(configuration)
        let d = configuration.dimensions
        var random = SeededRandom(seed: UInt64(count))
        func draw(_ count: Int) -> [Float] { (0..<count).map { _ in Float(random.normal()) } }
        for blocks in [layout.head, layout.friends.compatible, layout.friends.attends] {
            let (one, others) = (draw(d), draw(count * (d + 1)))
            let contexts = draw(count * configuration.contextDimensions)
            let network = HeadNetwork(blocks, weights, rowScale: 1)
            let rows = Array(0..<count)
            let served = network.judge(
                one: one.span, others: others.span, stride: d + 1, rows: rows, contexts: contexts)
            let tape = judged(one, others, contexts, blocks, weights, count: count)
            #expect(zip(served, tape).allSatisfy { abs($0 - $1) < 1e-3 * (1 + abs($1)) }, "\(served) \(tape)")
            // Rows that come in another scale, and the head told so.
            let (largeOne, largeOthers) = (one.map { $0 * 1.5 }, others.map { $0 * 1.5 })
            let large = HeadNetwork(blocks, weights, rowScale: 1.5).judge(
                one: largeOne.span, others: largeOthers.span, stride: d + 1, rows: rows, contexts: contexts)
            #expect(zip(large, served).allSatisfy { abs($0 - $1) < 1e-3 * (1 + abs($1)) })
            let without = network.judge(
                one: one.span, others: others.span, stride: d + 1, rows: rows, contexts: [])
            #expect(without != served)
            // Rows from anywhere, in any order.
            let backwards = network.judge(
                one: one.span, others: others.span, stride: d + 1, rows: rows.reversed(), contexts: [])
            #expect(zip(backwards.reversed(), without).allSatisfy { abs($0 - $1) < 1e-5 * (1 + abs($1)) })
        }
    }

    private func judged(
        _ one: [Float], _ others: [Float], _ contexts: [Float], _ blocks: HeadBlocks, _ weights: [Float], count: Int
    ) -> [Float] {
        let d = configuration.dimensions
        var tape = Tape<Float>(parameters: weights, pool: pool)
        let first = tape.leaf(rows: count, columns: d, needsGradient: false)
        let second = tape.leaf(rows: count, columns: d, needsGradient: false)
        for row in 0..<count {
            for column in 0..<d {
                tape.node(first).value[row * d + column] = one[column]
                tape.node(second).value[row * d + column] = others[row * (d + 1) + column]
            }
        }
        let numbers = (0..<UInt32(count)).map { $0 }
        let rows = (one: numbers, other: numbers)
        let inputs = tape.compare(
            first, second, rows: rows, context: contexts, width: configuration.contextDimensions
        ).inputs
        let result = tape.node(GraphRec.judge(first, second, rows: rows, inputs, blocks, on: &tape)).value
        return (0..<count).map { result[$0] }
    }

    @Test func aVertexThatNobodyTalksToIsWhatItsFeaturesSay() throws {
        var builder = CityGraphBuilder(city: CityID(7))
        var random = SeededRandom(seed: 8)
        func shares(_ count: Int) -> [Float] {
            let drawn = (0..<count).map { _ in random.uniformFloat() }
            let sum = drawn.reduce(0, +)
            return drawn.map { $0 / sum }
        }
        let people = (0..<6).map { number in
            Person(
                id: PersonID(UInt64(number)), homeCity: CityID(7), homeNeighborhood: UInt16(number % 3),
                categoryPreference: shares(6), finePreference: shares(100), vibePreference: shares(30),
                sessionsPerWeek: Float(number))
        }
        let places = (0..<5).map { number in
            Place(
                id: PlaceID(UInt64(number)), city: CityID(7), neighborhood: UInt16(number), categories: shares(6),
                fineTags: shares(100), priceBand: UInt8(number), typicalSlot: UInt8(number))
        }
        for person in people { builder.add(.person(person)) }
        for place in places { builder.add(.place(place)) }
        let graph = builder.build(pool: pool)
        // Places have rows of their own besides, which start by chance: without them features say all.
        var configuration = configuration
        configuration.hasOwnEmbeddings = false
        let weights = weights(seed: 6)
        let trainer = try CityTrainer(graph: graph, configuration: configuration, seed: 5, state: nil)
        let embeddings = trainer.embeddings(weights: weights, pool: pool)
        let encoder = FeatureEncoder(configuration: configuration, weights: weights)
        let ofPeople = encoder.embedPeople(people.flatMap { featuresStated(by: $0) })
        let ofPlaces = encoder.embedPlaces(places.flatMap { featuresUnvisited($0) })
        let d = configuration.dimensions
        for row in people.indices {
            for column in 0..<d {
                #expect(abs(embeddings.people[row * (d + 1) + column] - ofPeople[row * d + column]) < 1e-4)
            }
        }
        for row in places.indices {
            for column in 0..<d {
                #expect(abs(embeddings.places[row * (d + 1) + column] - ofPlaces[row * d + column]) < 1e-4)
            }
        }
        #expect(encoder.embedPeople([]).isEmpty)
    }
}
