// Measuring the live model of a city beside simple rankings. One question to the city's owner.

package import Basics

/// Command to the header's city's owner: how well does the live model rank what was held out? Answer: `Evaluation`.
package struct EvaluationRequest: Body {
    package static let kind = Kind.evaluationRequest
    /// Lengths of the rankings to be judged, each 1 to 1,000.
    package var cutoffs: [UInt32]
    /// All randomness of the baselines follows from it.
    package var seed: UInt64

    package init(cutoffs: [UInt32], seed: UInt64) {
        self.cutoffs = cutoffs
        self.seed = seed
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        cutoffs = try reader.getArray(of: UInt32.self)
        seed = try reader.get()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(array: cutoffs)
        writer.put(seed)
    }
}

/// One way to rank, at one cutoff.
package struct EvaluationRow: Part {
    static let bytes = 56
    /// The way to rank: "model", "popularity" and so on.
    package var method: String
    package var cutoff: UInt32
    /// Residents with something held out.
    package var people: UInt64
    /// Means over these people, in 0...1; coverage is the share of places that anybody is shown.
    package var recall: Double
    package var precision: Double
    package var ndcg: Double
    package var hitRate: Double
    package var coverage: Double

    package init(
        method: String, cutoff: UInt32, people: UInt64, recall: Double, precision: Double, ndcg: Double,
        hitRate: Double, coverage: Double
    ) {
        self.method = method
        self.cutoff = cutoff
        self.people = people
        self.recall = recall
        self.precision = precision
        self.ndcg = ndcg
        self.hitRate = hitRate
        self.coverage = coverage
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        method = try reader.getName()
        cutoff = try reader.get()
        people = try reader.get()
        recall = try reader.getDouble()
        precision = try reader.getDouble()
        ndcg = try reader.getDouble()
        hitRate = try reader.getDouble()
        coverage = try reader.getDouble()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(method)
        writer.put(cutoff)
        writer.put(people)
        writer.put(recall)
        writer.put(precision)
        writer.put(ndcg)
        writer.put(hitRate)
        writer.put(coverage)
    }
}

/// How a model judges pairs of residents that it did not learn from: areas under the ROC curve, -1 where there are not
/// both kinds of pairs. Measured when the model went live.
package struct FriendEvaluation: Part {
    /// Labelled pairs.
    package var pairs: UInt64
    /// Whether two people get on.
    package var compatible: Double
    /// Whether they come when invited together.
    package var attends: Double
    /// The same among those who get on, the harder question: the others never come.
    package var attendsIfCompatible: Double

    package init(pairs: UInt64, compatible: Double?, attends: Double?, attendsIfCompatible: Double?) {
        self.pairs = pairs
        self.compatible = compatible ?? -1
        self.attends = attends ?? -1
        self.attendsIfCompatible = attendsIfCompatible ?? -1
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        pairs = try reader.get()
        compatible = try reader.getDouble()
        attends = try reader.getDouble()
        attendsIfCompatible = try reader.getDouble()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(pairs)
        writer.put(compatible)
        writer.put(attends)
        writer.put(attendsIfCompatible)
    }
}

/// Worker to command: the measures of each way to rank, the model first.
package struct Evaluation: Body {
    package static let kind = Kind.evaluation
    /// Of the live model.
    package var version: ModelVersion
    package var rows: [EvaluationRow]
    /// nil where the model does not judge pairs, or no labels of pairs were there when it went live.
    package var friends: FriendEvaluation?

    package init(version: ModelVersion, rows: [EvaluationRow], friends: FriendEvaluation? = nil) {
        self.version = version
        self.rows = rows
        self.friends = friends
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        version = try reader.getIdentifier()
        rows = try reader.getList(smallest: EvaluationRow.bytes)
        friends = try reader.getBool() ? try FriendEvaluation(from: &reader) : nil
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(version)
        writer.put(list: rows)
        writer.put(friends != nil)
        if let friends { writer.put(friends) }
    }
}
