import Basics
import Testing

@testable import Learn
@testable import Linalg

/// Attention written as its definition says, one number after the other.
private func plainAttention(
    _ queries: [[Double]], _ keys: [[Double]], _ values: [[Double]], heads: Int
) -> [[Double]] {
    let width = queries[0].count / heads
    return queries.map { query in
        var result = query
        for head in 0..<heads {
            let columns = head * width..<(head + 1) * width
            let scores = keys.map { key in
                columns.reduce(0) { $0 + query[$1] * key[$1] } / Double(width).squareRoot()
            }
            let weights = scores.map { Double.exponential($0) }
            let total = weights.reduce(0, +)
            for column in columns {
                for key in keys.indices { result[column] += weights[key] / total * values[key][column] }
            }
        }
        return result
    }
}

private func numbers(_ count: Int, seed: UInt64) -> [Double] {
    var random = SeededRandom(seed: seed)
    return (0..<count).map { _ in random.uniform() * 2 - 1 }
}

private let offsets: [UInt32] = [0, 1, 3, 12]

@Suite struct AttentionTests {
    @Test(arguments: [1, 2, 7, 8, 9, 17])
    func attentionIsWhatItsDefinitionSays(tokens: Int) {
        let shape = AttentionShape(heads: 2, headWidth: 16)
        let rows = numbers(tokens * 96, seed: UInt64(tokens))
        var tape = Tape<Double>(parameterCount: rows.count, pool: ComputePool(threads: 1))
        _ = tape.parameters.update(fromContentsOf: rows)
        let result = tape.attend(tape.parameter(block(0, tokens, 96)), sets: [0, UInt32(tokens)], shape)
        func part(_ number: Int) -> [[Double]] {
            (0..<tokens).map { row in Array(rows[row * 96 + 32 * number..<row * 96 + 32 * (number + 1)]) }
        }
        let expected = plainAttention(part(0), part(1), part(2), heads: 2)
        for (row, wanted) in expected.enumerated() {
            for (column, number) in wanted.enumerated() {
                #expect(abs(tape.node(result).value[row * 32 + column] - number) < 1e-12)
            }
        }
    }

    @Test func attentionPassesGradients() {
        let check = GradientCheck(count: 12 * 96, seed: 21)
        let wrong = check.disagreements(ofMatrix: { tape in
            tape.attend(
                tape.parameter(block(0, 12, 96)), sets: offsets, AttentionShape(heads: 2, headWidth: 16))
        })
        #expect(wrong == [])
    }

    @Test func aSeedThatAllSetsShareGetsTheGradientsOfAll() {
        let check = GradientCheck(count: 12 * 64 + 32, seed: 22)
        let wrong = check.disagreements(ofMatrix: { tape in
            let pooled = tape.attendFromSeed(
                tape.parameter(block(0, 12, 64)), seed: tape.parameter(block(768, 1, 32)), sets: offsets,
                AttentionShape(heads: 1, headWidth: 32))
            // Two copies, since the check wants an even number of rows.
            return tape.gather(pooled, rows: [0, 1, 2, 0, 1, 2])
        })
        #expect(wrong == [])
    }

    @Test func aWholeScorerPassesGradients() {
        let layout = GroupScorerLayout(
            GroupScorerConfiguration(inputs: 3, dimensions: 16, heads: 1, blocks: 1, extras: 2))
        var sets = GroupSets(extraCount: 2)
        sets.append(venue: 4, members: [0, 1], extras: [0.5, -1])
        sets.append(venue: 5, members: [2], history: 3, extras: [2, 0.25])
        let check = GradientCheck(count: layout.count + 18, seed: 23)
        let wrong = check.disagreements(ofLoss: { tape in
            let table = tape.parameter(block(layout.count, 6, 3))
            return tape.binaryLoss(layout.logits(sets, embeddings: table, on: &tape), labels: [1, 0], weight: 1)
        })
        #expect(wrong == [])
    }
}

@Suite struct GroupScorerTests {
    private static let embeddings = numbers(40 * 64, seed: 5).map { Float($0) }

    private func scorer(seed: UInt64 = 1, threads: Int = 1) -> GroupScorer {
        var scorer = GroupScorer(
            GroupScorerConfiguration(inputs: 64), random: SeededRandom(seed: seed), pool: ComputePool(threads: threads))
        // The head starts at zero; here it should say something.
        var random = SeededRandom(seed: seed)
        scorer.parameters = scorer.parameters.map { $0 + 0.1 * Float(random.normal()) }
        return scorer
    }

    /// All orders of some members.
    private func orders(_ members: [UInt32]) -> [[UInt32]] {
        if members.count < 2 { return [members] }
        return members.indices.flatMap { index in
            var rest = members
            let first = rest.remove(at: index)
            return orders(rest).map { [first] + $0 }
        }
    }

    @Test func theOrderOfMembersDoesNotMatter() {
        var scorer = scorer()
        var random = SeededRandom(seed: 9)
        for size in 2...5 {
            var people = (0..<30).map { UInt32($0) }
            random.shuffle(&people)
            var sets = GroupSets()
            for order in orders(Array(people.prefix(size))) { sets.append(venue: 35, members: order) }
            let logits = scorer.logits(sets, embeddings: Self.embeddings)
            for logit in logits { #expect(abs(logit - logits[0]) < 1e-5) }
        }
    }

    @Test func whoIsInTheGroupAndWhereMatters() {
        var scorer = scorer()
        var sets = GroupSets()
        sets.append(venue: 35, members: [1, 2])
        sets.append(venue: 36, members: [1, 2])
        sets.append(venue: 35, members: [1, 3])
        let logits = scorer.logits(sets, embeddings: Self.embeddings)
        #expect(abs(logits[0] - logits[1]) > 1e-3)
        #expect(abs(logits[0] - logits[2]) > 1e-3)
    }

    @Test func aSetScoresTheSameAloneAndAmongManyOnAnyNumberOfThreads() {
        var alone = scorer()
        var many = scorer(threads: 3)
        var random = SeededRandom(seed: 11)
        var sets = GroupSets()
        for _ in 0..<700 {
            sets.append(
                venue: UInt32(30 + random.below(10)),
                members: (0..<1 + random.below(9)).map { _ in
                    UInt32(random.below(30))
                })
        }
        let logits = many.logits(sets, embeddings: Self.embeddings)
        for set in [0, 255, 256, 699] {
            let single = alone.logits(sets.part(set..<set + 1), embeddings: Self.embeddings)
            #expect(abs(single[0] - logits[set]) < 1e-5)
        }
    }

    @Test func itLearnsWhatNoAverageOfMembersTells() {
        // Two kinds of people; a group meets when it is of one kind, whichever.
        var random = SeededRandom(seed: 13)
        func sample(_ count: Int) -> (GroupSets, [Int8]) {
            var sets = GroupSets()
            var labels: [Int8] = []
            for _ in 0..<count {
                let kinds = (0..<2).map { _ in random.below(2) }
                sets.append(venue: 39, members: kinds.map { UInt32($0 * 10 + random.below(10)) })
                labels.append(kinds[0] == kinds[1] ? 1 : 0)
            }
            return (sets, labels)
        }
        var scorer = GroupScorer(
            GroupScorerConfiguration(inputs: 64), random: random.child("scorer"), pool: ComputePool(threads: 1))
        for _ in 0..<200 {
            let (sets, labels) = sample(256)
            _ = scorer.train(sets, labels: labels, embeddings: Self.embeddings, rate: 0.003)
        }
        let (sets, labels) = sample(400)
        let logits = scorer.logits(sets, embeddings: Self.embeddings)
        let right = zip(logits, labels).count { ($0 > 0) == ($1 == 1) }
        #expect(right > 340)
    }

    @Test func negativesDifferInOnePlaceAndNeverMet() {
        let groups = (0..<20).map { MetGroup(venue: 30 + UInt32($0 % 5), members: [UInt32($0), UInt32($0 + 1)]) }
        let negatives = GroupNegatives(groups, venues: Array(30..<35), people: Array(0..<22))
        var random = SeededRandom(seed: 3)
        let (sets, labels) = negatives.sets(groups, venueSwaps: 3, memberSwaps: 2, &random)
        #expect(labels.count == sets.count && labels.count { $0 == 1 } == 20)
        var group = -1
        for set in 0..<sets.count {
            let tokens = sets.rows[Int(sets.offsets[set])..<Int(sets.offsets[set + 1])]
            let found = MetGroup(venue: tokens.first ?? 0, members: Array(tokens.dropFirst()))
            if labels[set] == 1 {
                group += 1
                #expect(found == groups[group])
                continue
            }
            #expect(!groups.contains(found))
            let venueDiffers = found.venue != groups[group].venue
            let differing = zip(found.members, groups[group].members).count { $0 != $1 }
            #expect(differing + (venueDiffers ? 1 : 0) == 1)
        }
    }
}

@Suite struct CalibrationTests {
    @Test func itFindsTheSlopeAndOffsetThatMadeTheLabels() {
        var random = SeededRandom(seed: 7)
        let logits = (0..<20_000).map { _ in Float(random.normal() * 3) }
        let labels: [Int8] = logits.map { random.uniform() < logistic(0.4 * Double($0) - 1) ? 1 : 0 }
        let fitted = Calibration(fitting: logits, labels: labels)
        #expect(abs(fitted.slope - 0.4) < 0.02 && abs(fitted.offset + 1) < 0.05)
        let raw = Reliability(chances: logits.map { Calibration.identity.chance($0) }, labels: labels)
        let better = Reliability(chances: logits.map { fitted.chance($0) }, labels: labels)
        #expect(raw.expectedError > 0.1 && better.expectedError < 0.015)
        #expect(better.bins.reduce(0) { $0 + $1.count } == 20_000)
    }

    @Test func oneSidedAnswersGiveFiniteChances() {
        let fitted = Calibration(fitting: [1, 2, 3], labels: [1, 1, 1])
        #expect(fitted.slope.isFinite && fitted.offset.isFinite && fitted.chance(2) > 0.5 && fitted.chance(2) < 1)
    }
}
