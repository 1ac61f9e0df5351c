// A sampled subgraph, made ready for a step: kinds numbered as the batch meets them, and the way back.

import Graph

extension Neighborhood {
    /// The `silent` edges of the social relation carry no message. O(vertices + messages + kinds of the city).
    init(_ sample: SampledSubgraph, _ inputs: CityInputs, silent: Set<UInt32> = []) {
        var friendships = KindNumbers(inputs.friendshipKinds)
        var visits = KindNumbers(inputs.visitKinds)
        for layer in sample.layers { for edge in layer.social.edges { _ = friendships.number(ofEdge: edge) } }
        friendships.silent = silent
        var layers: [LayerMessages] = []
        var sources = (people: sample.people.count, places: sample.places.count)
        for layer in sample.layers {
            layers.append(
                LayerMessages(
                    social: Messages(layer.social, &friendships, sources: sources.people),
                    interacts: Messages(layer.interacts, &visits, sources: sources.people),
                    revInteracts: Messages(layer.revInteracts, &visits, sources: sources.places)))
            sources = (layer.people, layer.places)
        }
        self.init(
            people: sample.people, places: sample.places, friendshipKinds: friendships.used, visitKinds: visits.used,
            layers: layers)
    }
}

/// Numbers for the kinds that a batch has, in the order of their first appearance.
private struct KindNumbers {
    private let kindOfEdge: [UInt16]
    private var numbers: [UInt32]
    private(set) var used: [UInt32] = []
    /// Edges that carry no message; to be set when all kinds have their numbers.
    var silent: Set<UInt32> = []

    init(_ table: EdgeKindTable) {
        kindOfEdge = table.kindOfEdge
        numbers = [UInt32](repeating: .max, count: table.count)
    }

    mutating func number(ofEdge edge: UInt32) -> UInt32 {
        if !silent.isEmpty, silent.contains(edge) { return UInt32(used.count) }
        let kind = Int(kindOfEdge[Int(edge)])
        if numbers[kind] == .max {
            numbers[kind] = UInt32(used.count)
            used.append(UInt32(kind))
        }
        return numbers[kind]
    }
}

extension Messages {
    fileprivate init(_ relation: SampledRelation, _ numbers: inout KindNumbers, sources: Int) {
        let kinds = relation.edges.map { numbers.number(ofEdge: $0) }
        self.init(MessageRows(offsets: relation.offsets, others: relation.sources, kinds: kinds), sources: sources)
    }
}
