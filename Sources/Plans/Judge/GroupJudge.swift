// Whether the people who said yes are a group. A group scorer (Learn/Groups) that was trained on who met where in this
// city: groups of friends at their places against the same groups elsewhere and with one member exchanged. It sees
// people and places as the city's model does.
//
// The model has seen the visits of most of these groups, and would be too sure of a scorer that is judged by them. So
// groups in which somebody holds the visit out train nothing: they calibrate. How good it is each half of them tells,
// by chances that the other half alone has calibrated.

package import Basics
package import Graph
package import Learn

/// A trained and calibrated group scorer of one city and one model. A value, made into a scorer when asked.
package struct GroupJudge: Equatable, Sendable {
    /// How it does on groups it never saw, as many that met as that were made up.
    package struct Report: Equatable, Sendable {
        /// Groups it learned from, and groups that met among those it is calibrated and judged by.
        package var learned: UInt32
        package var judged: UInt32
        /// How often what it says comes true.
        package var reliability: Reliability
        /// How often a group that met gets the greater chance of two: area under the curve.
        package var agreement: Double
    }

    private let inputs: Int
    private let parameters: [Float]
    private let calibration: Calibration
    package let report: Report

    /// Fewer groups that met, or that calibrate, tell nothing.
    package static let groupsMin = 200
    private static let calibratingMin = 40
    /// Groups learned from; and sets that go through the scorer while it learns: some three seconds of one core.
    package static let groupsMax = 4000
    private static let setsLearned = 120_000
    private static let epochsMax = 12
    private static let setsPerStep = 256

    /// Nil when the city has too few groups that met. The same random gives the same judge. O(sets learned from).
    package init?(
        _ met: [Meeting], graph: CityGraph, embeddings: CityEmbeddings, random: SeededRandom, pool: ComputePool
    ) {
        let seen = met.filter { !$0.isHeldOut }.map(\.group)
        let apart = met.filter(\.isHeldOut).map(\.group)
        guard seen.count >= Self.groupsMin, apart.count >= 2 * Self.calibratingMin else { return nil }
        let people = UInt32(graph.people.count)
        let table = embeddings.people + embeddings.places
        func placed(_ groups: [MetGroup]) -> [MetGroup] {
            groups.map { MetGroup(venue: people + $0.venue, members: $0.members) }
        }
        let negatives = GroupNegatives(
            placed(met.map(\.group)), venues: graph.places.indices.map { people + UInt32($0) },
            people: (0..<UInt32(graph.residents)).map { $0 })
        inputs = embeddings.dimensions
        var scorer = GroupScorer(
            GroupScorerConfiguration(inputs: inputs), random: random.child("scorer"), pool: pool)
        var draw = random.child("groups")
        Self.teach(&scorer, placed(seen), negatives, table, &draw)
        func judged(_ half: Int) -> (logits: [Float], labels: [Int8]) {
            // As many that were made up as that met: the two kinds of swap in turn.
            var (sets, labels) = (GroupSets(), [Int8]())
            let groups = apart.indices.filter { $0 % 2 == half }.map { apart[$0] }
            for (turn, group) in placed(groups).enumerated() {
                let part = negatives.sets(
                    CollectionOfOne(group), venueSwaps: turn % 2, memberSwaps: 1 - turn % 2, &draw)
                sets.append(contentsOf: part.sets)
                labels += part.labels
            }
            return (scorer.logits(sets, embeddings: table), labels)
        }
        let halves = (judged(0), judged(1))
        let labels = halves.0.labels + halves.1.labels
        calibration = Calibration(fitting: halves.0.logits + halves.1.logits, labels: labels)
        let chances =
            Self.chances(halves.0.logits, calibratedBy: halves.1)
            + Self.chances(halves.1.logits, calibratedBy: halves.0)
        report = Report(
            learned: UInt32(seen.count), judged: UInt32(apart.count),
            reliability: Reliability(chances: chances, labels: labels, bins: 10),
            agreement: areaUnderROC(scores: chances.map { Float($0) }, isPositive: labels.map { $0 == 1 }) ?? 0.5)
        parameters = scorer.parameters
    }

    private static func chances(
        _ logits: [Float], calibratedBy other: (logits: [Float], labels: [Int8])
    ) -> [Double] {
        let calibration = Calibration(fitting: other.logits, labels: other.labels)
        return logits.map { calibration.chance($0) }
    }

    private static func teach(
        _ scorer: inout GroupScorer, _ groups: [MetGroup], _ negatives: GroupNegatives, _ table: [Float],
        _ random: inout SeededRandom
    ) {
        let epochs = max(1, min(epochsMax, setsLearned / (3 * groups.count)))
        var order = groups
        let perStep = setsPerStep / 3
        for epoch in 0..<epochs {
            random.shuffle(&order)
            // The last third of the way is walked in small steps.
            let rate: Float = 3 * epoch < 2 * epochs ? 1e-3 : 2e-4
            for start in stride(from: 0, to: order.count, by: perStep) {
                let part = negatives.sets(
                    order[start..<min(start + perStep, order.count)], venueSwaps: 1, memberSwaps: 1, &random)
                _ = scorer.train(part.sets, labels: part.labels, embeddings: table, rate: rate, decay: 0.01)
            }
        }
    }

    /// The chance that a group met and was not made up, when as many are made up; rows as the model sees people and the
    /// venue. Nil for fewer than two people whom the model sees.
    package func chance(venue: [Float], members: [[Float]], pool: ComputePool) -> Double? {
        let known = members.filter { $0.count == inputs }
        guard venue.count == inputs, known.count >= 2 else { return nil }
        var scorer = GroupScorer(
            GroupScorerConfiguration(inputs: inputs), random: SeededRandom(seed: 0), pool: pool)
        scorer.parameters = parameters
        var sets = GroupSets()
        sets.append(venue: 0, members: 1...UInt32(known.count))
        return calibration.chance(scorer.logits(sets, embeddings: venue + known.joined())[0])
    }
}

/// The stored form, little-endian: format `u8`, inputs `u32`, slope and offset `f64`, learned and judged `u32`,
/// agreement `f64`, three lists of the reliability's bins (counts `i64`, predicted and observed `f64`), then a list of
/// `f32`, the scorer's parameters.
extension GroupJudge {
    private static let format: UInt8 = 1

    package func encode(into writer: inout ByteWriter) {
        writer.put(Self.format)
        writer.put(UInt32(inputs))
        writer.put(calibration.slope)
        writer.put(calibration.offset)
        writer.put(report.learned)
        writer.put(report.judged)
        writer.put(report.agreement)
        writer.put(array: report.reliability.bins.map { Int64($0.count) })
        writer.put(array: report.reliability.bins.map(\.predicted))
        writer.put(array: report.reliability.bins.map(\.observed))
        writer.put(array: parameters)
    }

    /// Errors: `ByteError` when bytes are missing or are no judge of this build's shape.
    package init(from reader: inout ByteReader) throws(ByteError) {
        let format: UInt8 = try reader.get()
        guard format == Self.format else { throw .invalid("judge of format \(format)") }
        let width: UInt32 = try reader.get()
        guard width > 0, width <= 4096 else { throw .invalid("a judge of \(width) inputs") }
        inputs = Int(width)
        calibration = Calibration(slope: try reader.getDouble(), offset: try reader.getDouble())
        let (learned, judged): (UInt32, UInt32) = (try reader.get(), try reader.get())
        let agreement = try reader.getDouble()
        let counts = try reader.getArray(of: Int64.self)
        let predicted = try reader.getArray(of: Double.self)
        let observed = try reader.getArray(of: Double.self)
        guard counts.count == predicted.count, counts.count == observed.count else {
            throw .invalid("the reliability of a judge")
        }
        let bins = counts.indices.map {
            Reliability.Bin(count: Int(clamping: counts[$0]), predicted: predicted[$0], observed: observed[$0])
        }
        report = Report(
            learned: learned, judged: judged, reliability: Reliability(bins: bins), agreement: agreement)
        parameters = try reader.getArray(of: Float.self)
        guard parameters.count == GroupScorerConfiguration(inputs: inputs).parameterCount else {
            throw .invalid("\(parameters.count) parameters of a judge")
        }
    }
}
