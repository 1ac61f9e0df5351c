import Basics
import FoundationEssentials
import Linalg
import Testing

@testable import Learn

/// GraphRec against PyTorch, number by number. `Fixtures/graphrec.py` makes the file.
@Suite struct GraphRecParityTests {
    private struct Parameter: Decodable {
        var name: String
        var values: [Double]
        var gradient: [Double]
    }

    private struct Case: Decodable {
        var aggregation: String
        var parameters: [Parameter]
        var features: [String: [Float]]
        var keys: [String: [[UInt32]]]
        var visits: [[UInt32]]
        var friends: [[UInt32]]
        var kindOfVisit: [UInt32]
        var kindOfFriendship: [UInt32]
        var visitKinds: [Float]
        var friendshipKinds: [Float]
        var people: [UInt32]
        var places: [UInt32]
        var results: [String: [Double]]
        var loss: Double
    }

    private let cases: [Case]

    init() throws {
        let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
        let data = try Data(contentsOf: URL(filePath: "/\(folder)/Fixtures/graphrec.json"))
        cases = try JSONDecoder().decode([Case].self, from: data)
    }

    private func model(_ aggregation: Aggregation) -> GraphRec {
        var configuration = GraphRecConfiguration()
        (configuration.dimensions, configuration.encoderHidden, configuration.edgeChannels) = (8, 4, 3)
        (configuration.cityBuckets, configuration.neighborhoodBuckets) = (3, 3)
        configuration.aggregation = aggregation
        return GraphRec(configuration)
    }

    private func inputs(_ fixture: Case, _ layout: GraphRecLayout) -> CityInputs {
        func vertices(_ kind: String, _ blocks: EncoderBlocks) -> VertexInputs {
            let (width, features) = (blocks.features.rows, fixture.features[kind] ?? [])
            // The other implementation knows no neighborhoods beside the tables.
            let padding = [Float](repeating: 0, count: blocks.neighborhoods?.rows ?? 0)
            let straight = stride(from: 0, to: features.count, by: width).flatMap { start in
                features[start..<start + width] + padding
            }
            return VertexInputs(
                quantities: SparseRows(features, width: width),
                straight: SparseRows(straight, width: width + padding.count),
                keys: fixture.keys[kind] ?? [])
        }
        return CityInputs(
            people: vertices("people", layout.people), places: vertices("places", layout.places),
            friendshipKinds: EdgeKindTable(features: fixture.friendshipKinds, columns: 3, kindOfEdge: []),
            visitKinds: EdgeKindTable(features: fixture.visitKinds, columns: 12, kindOfEdge: []))
    }

    /// Groups (target, source, kind) by target.
    private func rows(_ count: Int, _ messages: [(UInt32, UInt32, UInt32)]) -> MessageRows {
        var (offsets, others, kinds): ([UInt32], [UInt32], [UInt32]) = ([0], [], [])
        for row in 0..<UInt32(count) {
            for (target, source, kind) in messages where target == row {
                others.append(source)
                kinds.append(kind)
            }
            offsets.append(UInt32(others.count))
        }
        return MessageRows(offsets: offsets, others: others, kinds: kinds)
    }

    private func neighborhood(_ fixture: Case, people: Int, places: Int) -> Neighborhood {
        let visits = zip(fixture.visits, fixture.kindOfVisit)
        let friends = zip(fixture.friends, fixture.kindOfFriendship)
        let byPerson = rows(people, visits.map { ($0[0], $0[1], $1) })
        let byPlace = rows(places, visits.map { ($0[1], $0[0], $1) })
        let social = rows(people, friends.flatMap { [($0[0], $0[1], $1), ($0[1], $0[0], $1)] })
        let layer = LayerMessages(
            social: Messages(social, sources: people), interacts: Messages(byPlace, sources: people),
            revInteracts: Messages(byPerson, sources: places))
        return Neighborhood(
            people: (0..<UInt32(people)).map { $0 }, places: (0..<UInt32(places)).map { $0 },
            friendshipKinds: [0, 1, 2], visitKinds: [0, 1, 2, 3], layers: [layer, layer])
    }

    /// The blocks of the layout, by the names that the script gives them.
    private func names(_ layout: GraphRecLayout) -> [String: ParameterBlock] {
        var names: [String: ParameterBlock] = [:]
        for (kind, encoder) in [("people", layout.people), ("places", layout.places)] {
            for (index, table) in encoder.tables.enumerated() {
                names["\(kind).table\(index)"] = table.table
                names["\(kind).table\(index).weights"] = table.weights
                names["\(kind).table\(index).straight"] = table.straight
            }
            names["\(kind).straight"] = encoder.straight
            names["\(kind).straightBias"] = encoder.straightBias
            names["\(kind).features"] = encoder.features
            names["\(kind).hiddenBias"] = encoder.hiddenBias
            names["\(kind).output"] = encoder.output
            names["\(kind).outputBias"] = encoder.outputBias
            names["\(kind).gain"] = encoder.norm.gain
            names["\(kind).shift"] = encoder.norm.shift
        }
        for (number, layer) in layout.layers.enumerated() {
            let relations = [
                ("social", layer.social), ("interacts", layer.interacts), ("revInteracts", layer.revInteracts),
            ]
            for (name, relation) in relations {
                names["\(number).\(name).edges"] = relation.edges
                names["\(number).\(name).edgeBias"] = relation.edgeBias
                names["\(number).\(name).messages"] = relation.messages
                names["\(number).\(name).straight"] = relation.straight
                names["\(number).\(name).attention"] = relation.attention
            }
            for (name, own) in [("people", layer.people), ("places", layer.places)] {
                names["\(number).\(name).weights"] = own.weights
                names["\(number).\(name).bias"] = own.bias
                names["\(number).\(name).gain"] = own.norm.gain
                names["\(number).\(name).shift"] = own.norm.shift
            }
        }
        return names
    }

    /// Within 1e-4 of the largest entry.
    private func expectEqual(_ ours: [Float], _ theirs: [Double], _ what: String) {
        let largest = theirs.map(abs).max() ?? 0
        let worst = zip(ours, theirs).map { abs(Double($0) - $1) }.max() ?? .infinity
        #expect(ours.count == theirs.count && largest > 0 && worst <= 1e-4 * largest, "\(what)")
    }

    @Test(arguments: [Aggregation.mean, .attention])
    func forwardAndBackwardArePyTorchs(aggregation: Aggregation) throws {
        let fixture = try #require(cases.first { $0.aggregation == "\(aggregation)" })
        let model = model(aggregation)
        var blocks = names(model.layout)
        let (people, places) = (fixture.results["people"]!.count / 8, fixture.results["places"]!.count / 8)
        let count = model.layout.count
        blocks["own.places"] = block(count, places, 8)
        #expect(Set(blocks.keys) == Set(fixture.parameters.map(\.name)))
        var tape = Tape<Float>(parameterCount: count + 8 * places, pool: ComputePool(threads: 2))
        for parameter in fixture.parameters {
            let range = try #require(blocks[parameter.name]).range
            try #require(range.count == parameter.values.count)
            for (index, value) in zip(range, parameter.values) { tape.parameters[index] = Float(value) }
        }
        let own = tape.parameter(blocks["own.places"]!)
        let rows = model.embed(
            neighborhood(fixture, people: people, places: places), inputs(fixture, model.layout), own: own, on: &tape)
        for (kind, value) in [("people", rows.people), ("places", rows.places)] {
            let node = tape.node(value)
            let found = Array(UnsafeBufferPointer(start: node.value, count: node.count))
            expectEqual(found, fixture.results[kind]!, "the \(kind)' rows")
        }
        let scores = tape.rowDot(
            tape.gather(rows.people, rows: fixture.people), tape.gather(rows.places, rows: fixture.places))
        let loss = tape.rankingLoss(scores, positives: fixture.people.count / 2)
        #expect(abs(loss - fixture.loss) < 1e-4 * fixture.loss)
        tape.backward()
        for parameter in fixture.parameters {
            let range = try #require(blocks[parameter.name]).range
            expectEqual(range.map { tape.parameterGradients[$0] }, parameter.gradient, "d \(parameter.name)")
        }
    }
}
