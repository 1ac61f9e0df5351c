package import Basics
import Graph

/// How well the friend head judges pairs that it did not learn from. Areas under the ROC curve, nil where there are not
/// both kinds of pairs.
package struct FriendQuality: Sendable, Equatable {
    /// Pairs that are judged: both people live in the city.
    package var pairs: Int
    /// Of whether two people get on.
    package var compatible: Double?
    /// Of whether they come when invited together.
    package var attends: Double?
    /// The same among those who get on, where it is the harder question: the others never come.
    package var attendsIfCompatible: Double?
    /// What the interest overlap and the places attended together, as the edge between the two says, make of the last.
    /// Of pairs with an edge only.
    package var attendsByEdge: Double?

    /// | bytes | field |
    /// | --- | --- |
    /// | 8 | pairs |
    /// | 8 each | compatible, attends, attendsIfCompatible, attendsByEdge; -1 for none |
    package func encode(into writer: inout ByteWriter) {
        writer.put(UInt64(pairs))
        for area in [compatible, attends, attendsIfCompatible, attendsByEdge] { writer.put(area ?? -1) }
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        let count = try reader.get(UInt64.self)
        var areas: [Double?] = []
        for _ in 0..<4 {
            let area = try reader.getDouble()
            areas.append(area < 0 ? nil : area)
        }
        self.init(
            pairs: Int(clamping: count), compatible: areas[0], attends: areas[1], attendsIfCompatible: areas[2],
            attendsByEdge: areas[3])
    }

    init(
        pairs: Int, compatible: Double?, attends: Double?, attendsIfCompatible: Double?, attendsByEdge: Double?
    ) {
        (self.pairs, self.compatible, self.attends) = (pairs, compatible, attends)
        (self.attendsIfCompatible, self.attendsByEdge) = (attendsIfCompatible, attendsByEdge)
    }
}

extension CityTrainer {
    /// Judges the labelled pairs of residents that are held out, whose own edges carry no message; nil without any.
    package func friendQuality(weights: [Float], pool: ComputePool) -> FriendQuality? {
        let home = friends.heldOut.filter { Int(graph.labelPairs[2 * Int($0) + 1]) < graph.residents }
        if home.isEmpty { return nil }
        let pairs = friends.pairs(home.map { ($0, false) }) { $0 }
        let before = embeddings(weights: weights, silent: pairs.silentFriendships, pool: pool)
        let scores = FriendHead(configuration: configuration, weights: weights).scores(pairs, before, pool)
        let (compatible, attends) = (pairs.compatible.map { $0 == 1 }, pairs.attends.map { $0 == 1 })
        let friendly = compatible.indices.filter { compatible[$0] }
        return FriendQuality(
            pairs: pairs.count, compatible: areaUnderROC(scores: scores.map(\.compatible), isPositive: compatible),
            attends: areaUnderROC(scores: scores.map(\.attends), isPositive: attends),
            attendsIfCompatible: areaUnderROC(
                scores: friendly.map { scores[$0].attends }, isPositive: friendly.map { attends[$0] }),
            attendsByEdge: attendsByEdge(home.filter { graph.labelOutcomes[Int($0)].contains(.compatible) }))
    }

    private func attendsByEdge(_ labels: [UInt32]) -> Double? {
        var (scores, truths): ([Float], [Bool]) = ([], [])
        for label in labels {
            let pair = friends.pairs([(label, false)]) { $0 }
            guard let edge = pair.silentFriendships.first else { continue }
            let row = Int(edge) * FriendshipColumns.count
            let overlap = graph.socialFeatures[row + FriendshipColumns.interestOverlap]
            scores.append(overlap * (1 + graph.socialFeatures[row + FriendshipColumns.coAttendance]))
            truths.append(pair.attends[0] == 1)
        }
        return areaUnderROC(scores: scores, isPositive: truths)
    }
}
