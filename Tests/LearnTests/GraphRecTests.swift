import Basics
import Graph
import Testing

@testable import Learn
@testable import Linalg

/// A model small enough to move each of its weights by hand.
func tinyConfiguration() -> GraphRecConfiguration {
    var configuration = GraphRecConfiguration()
    configuration.dimensions = 4
    configuration.encoderHidden = 5
    configuration.edgeChannels = 3
    configuration.headHidden = [6, 3]
    configuration.contextDimensions = 16
    configuration.cityBuckets = 2
    configuration.neighborhoodBuckets = 3
    configuration.fanouts = [2, 2]
    configuration.batch = 2
    return configuration
}

@Suite struct GraphRecTests {
    /// Three people, three places, and messages in every relation of both layers, one of them silent. The targets of
    /// the last layer are the first rows of its input, or any.
    private func neighborhood(chosen: Bool) -> Neighborhood {
        let first = LayerMessages(
            social: Messages(MessageRows(offsets: [0, 1, 2], others: [2, 0], kinds: [0, 1]), sources: 3),
            interacts: Messages(
                MessageRows(offsets: [0, 2, 3, 3], others: [0, 2, 1], kinds: [0, 2, 1]), sources: 3),
            revInteracts: Messages(MessageRows(offsets: [0, 1, 3], others: [2, 0, 1], kinds: [1, 3, 2]), sources: 3))
        let second = LayerMessages(
            peopleRows: chosen ? [1, 0] : nil, placeRows: chosen ? [2, 0] : nil,
            social: Messages(MessageRows(offsets: [0, 1, 1], others: [1], kinds: [1]), sources: 2),
            interacts: Messages(MessageRows(offsets: [0, 1, 3], others: [1, 0, 1], kinds: [2, 0, 1]), sources: 2),
            revInteracts: Messages(MessageRows(offsets: [0, 2, 3], others: [2, 1, 0], kinds: [0, 2, 1]), sources: 3))
        return Neighborhood(
            people: [1, 0, 2], places: [2, 0, 1], friendshipKinds: [1, 0], visitKinds: [0, 2, 3],
            layers: [first, second])
    }

    private func inputs(_ random: inout SeededRandom, _ layout: GraphRecLayout) -> CityInputs {
        var people = (0..<3 * PersonColumns.count).map { _ in random.uniformFloat() }
        var places = (0..<3 * PlaceColumns.count).map { _ in random.uniformFloat() }
        for row in 0..<3 {
            people[row * PersonColumns.count + PersonColumns.city] = 5
            people[row * PersonColumns.count + PersonColumns.neighborhood] = Float(row)
            places[row * PlaceColumns.count + PlaceColumns.neighborhood] = Float(2 * row)
            places[row * PlaceColumns.count + PlaceColumns.priceBand] = Float(row)
            places[row * PlaceColumns.count + PlaceColumns.typicalSlot] = Float(row + 3)
        }
        let signals = (0..<4).map { edge in
            VisitSignals(
                dwellSeconds: Float(edge) * 40, likes: edge, saves: 1, shares: 0, attended: edge % 2 == 0,
                timeOfDay: edge, isWeekend: edge > 1)
        }
        return CityInputs(
            personFeatures: people, placeFeatures: places, socialFeatures: (0..<6).map { _ in random.uniformFloat() },
            visitSignals: VisitSignalColumn(signals), layout)
    }

    @Test(
        arguments: [
            (Aggregation.mean, false, Float(0)), (.mean, true, 0.3), (.sum, true, 0), (.attention, false, 0),
        ])
    func everyWeightAndOwnEmbeddingHasTheGradientThatDifferencesShow(
        aggregation: Aggregation, chosen: Bool, dropout: Float
    ) {
        var configuration = tinyConfiguration()
        configuration.aggregation = aggregation
        configuration.dropout = dropout
        let model = GraphRec(configuration)
        let d = configuration.dimensions
        let count = model.layout.count
        var random = SeededRandom(seed: 11)
        // Every weight away from zero, so that nothing hides behind a zero start.
        let parameters = (0..<count + 3 * d + 2).map { _ in random.normal() * 0.5 }
        let inputs = inputs(&random, model.layout)
        let pairs = ScoredPairs(
            people: [0, 1, 0, 1], places: [0, 1, 1, 0],
            context: [0, 16, 0, 20].flatMap { one in (0..<16).map { $0 + 16 == one || $0 == one ? 1 : 0 } })
        let wrong = GradientCheck(parameters: parameters).disagreements(ofScores: { tape in
            let own = tape.parameter(block(count, 3, d))
            let rows = model.embed(neighborhood(chosen: chosen), inputs, own: own, dropoutKey: 5, on: &tape)
            return model.score(pairs, rows, bias: tape.parameter(block(count + 3 * d, 2, 1)), on: &tape)
        })
        #expect(wrong == [])
    }

    @Test func theLayoutLeavesNoGapAndTheHeadComesLast() {
        let layout = GraphRecLayout(GraphRecConfiguration())
        var end = 0
        for block in layout.blocks {
            #expect(block.offset == end)
            end += block.count
        }
        #expect(end == layout.count)
        #expect(layout.head.person.offset == layout.headOffset)
        #expect(SharedWeights.count(for: GraphRecConfiguration()) == layout.count)
    }

    @Test func initialWeightsDependOnTheSeedAlone() {
        let configuration = tinyConfiguration()
        let weights = SharedWeights.initial(configuration, seed: 1)
        #expect(weights == SharedWeights.initial(configuration, seed: 1))
        #expect(weights != SharedWeights.initial(configuration, seed: 2))
        #expect(weights.values.allSatisfy { $0.isFinite })
    }

    @Test func ratesRiseStayAndFall() {
        var configuration = tinyConfiguration()
        (configuration.schedule.warmUpSteps, configuration.schedule.steadySteps) = (4, 100)
        #expect(configuration.schedule.pace(step: 1) == 0.25 && configuration.schedule.pace(step: 4) == 1)
        #expect(configuration.schedule.pace(step: 100) == 1 && configuration.schedule.pace(step: 400) == 0.5)
    }

    @Test func aConfigurationSurvivesItsBytesAndRefusesOthers() throws {
        var configuration = tinyConfiguration()
        configuration.ownDecay = 0.25
        (configuration.aggregation, configuration.plan, configuration.dropout) = (.attention, .whole, 0.5)
        var writer = ByteWriter()
        configuration.encode(into: &writer)
        var reader = ByteReader(writer.bytes)
        #expect(try GraphRecConfiguration(from: &reader) == configuration)
        try reader.finish()
        #expect(writer.bytes[0..<6] == [4, 0, 4, 0, 0, 0])
        for length in 0..<writer.count {
            var short = ByteReader(Array(writer.bytes[..<length]))
            #expect(throws: ByteError.self) { try GraphRecConfiguration(from: &short) }
        }
        for bit in 0..<writer.count * 8 {
            var bytes = writer.bytes
            bytes[bit / 8] ^= 1 << (bit % 8)
            var broken = ByteReader(bytes)
            let read = try? GraphRecConfiguration(from: &broken)
            #expect(read != configuration)
        }
    }
}
