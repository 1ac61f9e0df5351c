import Basics
import FoundationEssentials
import Linalg
import Testing

@testable import Learn

/// GraphRec's heads and its joint loss against PyTorch, number by number. `Fixtures/heads.py` makes the file.
@Suite struct HeadParityTests {
    private struct Parameter: Decodable {
        var name: String
        var values: [Double]
        var gradient: [Double]
    }

    private struct Fixture: Decodable {
        var parameters: [Parameter]
        var positives: Int
        var pairPeople: [UInt32]
        var pairPlaces: [UInt32]
        var context: [Float]
        var first: [UInt32]
        var second: [UInt32]
        var friendContext: [Float]
        var compatible: [Int8]
        var attends: [Int8]
        var wanted: [[UInt32]]
        var masked: [[UInt32]]
        var parts: [Float]
        var scores: [Double]
        var logits: [String: [Double]]
        var losses: [String: Double]
        var loss: Double
    }

    private let fixture: Fixture
    private let model: GraphRec

    init() throws {
        let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
        let data = try Data(contentsOf: URL(filePath: "/\(folder)/Fixtures/heads.json"))
        fixture = try JSONDecoder().decode(Fixture.self, from: data)
        var configuration = GraphRecConfiguration()
        (configuration.dimensions, configuration.headHidden) = (8, [6, 5])
        model = GraphRec(configuration)
    }

    private func blocks() -> [String: ParameterBlock] {
        let (layout, count) = (model.layout, model.layout.count)
        var blocks = ["people": block(count, 7, 8), "places": block(count + 56, 9, 8)]
        blocks["bias"] = block(count + 128, 9, 1)
        let heads = [
            ("compatible", layout.friends.compatible), ("attends", layout.friends.attends), ("place", layout.head),
        ]
        for (name, head) in heads {
            let parts = [
                ("person", head.person), ("place", head.place), ("product", head.product), ("distance", head.distance),
                ("context", head.context), ("firstBias", head.firstBias),
            ]
            for (part, block) in parts { blocks["\(name).\(part)"] = block }
            for (number, layer) in head.layers.enumerated() {
                blocks["\(name).\(number).weights"] = layer.weights
                blocks["\(name).\(number).bias"] = layer.bias
            }
        }
        return blocks
    }

    private func triplets() -> Triplets {
        var triplets = Triplets()
        triplets.pairs = ScoredPairs(
            people: fixture.pairPeople, places: fixture.pairPlaces, context: fixture.context)
        triplets.positives = fixture.positives
        triplets.targets.weights = fixture.parts
        for (wanted, masked) in zip(fixture.wanted, fixture.masked) {
            triplets.targets.wanted += wanted
            triplets.targets.wantedOffsets.append(UInt32(triplets.targets.wanted.count))
            triplets.targets.masked += masked
            triplets.targets.maskedOffsets.append(UInt32(triplets.targets.masked.count))
        }
        (triplets.friends.first, triplets.friends.second) = (fixture.first, fixture.second)
        triplets.friends.context = fixture.friendContext
        (triplets.friends.compatible, triplets.friends.attends) = (fixture.compatible, fixture.attends)
        return triplets
    }

    /// Within 1e-4 of the largest entry. A bias that all scores have in common does not move a comparison of two, but
    /// for rounding.
    private func expectEqual(_ ours: [Float], _ theirs: [Double], _ what: String) {
        let largest = max(theirs.map(abs).max() ?? 0, what == "d place.1.bias" ? 1e-2 : 0)
        let worst = zip(ours, theirs).map { abs(Double($0) - $1) }.max() ?? .infinity
        #expect(ours.count == theirs.count && largest > 0 && worst <= 1e-4 * largest, "\(what)")
    }

    private func withTape(_ body: (inout Tape<Float>, VertexRows, Value) throws -> Void) throws {
        let blocks = blocks()
        var tape = Tape<Float>(parameterCount: model.layout.count + 137, pool: ComputePool(threads: 2))
        for parameter in fixture.parameters {
            let range = try #require(blocks[parameter.name], "\(parameter.name)").range
            try #require(range.count == parameter.values.count)
            for (index, value) in zip(range, parameter.values) { tape.parameters[index] = Float(value) }
        }
        let rows = VertexRows(people: tape.parameter(blocks["people"]!), places: tape.parameter(blocks["places"]!))
        let bias = tape.parameter(blocks["bias"]!)
        try body(&tape, rows, bias)
    }

    @Test func scoresAndLogitsArePyTorchs() throws {
        try withTape { tape, rows, bias in
            func entries(_ value: Value) -> [Float] {
                Array(UnsafeBufferPointer(start: tape.node(value).value, count: tape.node(value).count))
            }
            let triplets = triplets()
            let scores = model.score(triplets.pairs, rows, bias: bias, on: &tape)
            expectEqual(entries(scores), fixture.scores, "scores")
            let logits = model.judge(triplets.friends, people: rows.people, on: &tape)
            expectEqual(entries(logits.compatible), fixture.logits["compatible"]!, "compatible")
            expectEqual(entries(logits.attends), fixture.logits["attends"]!, "attends")
        }
    }

    @Test func theJointLossAndItsGradientsArePyTorchs() throws {
        let blocks = blocks()
        #expect(Set(blocks.keys) == Set(fixture.parameters.map(\.name)))
        try withTape { tape, rows, bias in
            let loss = model.loss(triplets(), rows, bias: bias, on: &tape)
            #expect(abs(loss - fixture.loss) < 1e-4 * fixture.loss)
            tape.backward()
            for parameter in fixture.parameters {
                let range = try #require(blocks[parameter.name]).range
                expectEqual(range.map { tape.parameterGradients[$0] }, parameter.gradient, "d \(parameter.name)")
            }
        }
    }

    @Test func eachLossAloneHasItsWeight() throws {
        let weights = ["softmax": 1.0, "ranking": 1.0, "compatible": 0.5, "attends": 0.3]
        let sum = fixture.losses.reduce(0.0) { $0 + $1.value * weights[$1.key]! }
        #expect(abs(sum - fixture.loss) < 1e-9)
        for name in ["softmax", "ranking"] {
            var triplets = triplets()
            if name == "softmax" { triplets.positives = 0 } else { triplets.targets = SoftmaxTargets() }
            triplets.friends = FriendPairs()
            try withTape { tape, rows, bias in
                let loss = model.loss(triplets, rows, bias: bias, on: &tape)
                #expect(abs(loss - fixture.losses[name]!) < 1e-5)
            }
        }
    }
}
