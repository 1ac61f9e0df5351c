// A group's next place. Two things are known of a group: where it was before, and who its members are. What places go
// together is told by the choices of all groups and people in one table, whose filter of co-occurrences ranks without
// training; which places people choose who share members with the group adds to it. The scorer learns how much each
// counts, and what the members' own rows add, from one place of each group that is taken out of the table, a tenth of
// the groups at a time: so nothing it learns from was seen by what it learns with, and the table is nearly as full as
// when it counts. A fifth of the groups only tells when to stop, and calibrates.

import Basics
import Glibc
import Learn

/// What is known of all pairs of a group and a place, from a table of choices.
private struct GroupKnowledge {
    static let extras = 4

    /// [extras, groups, places], each row's greatest is 10 where there is any: steps of Adam are small.
    let features: [[Float]]
    /// Rows of places, people and groups, 64 numbers each.
    let embeddings: [Float]
    let places: Int

    static let dimensions = 64

    /// `basis`: items' rows from another table, so that two tables speak of the same directions.
    init(_ data: GroupData, chosen: Interactions.Pairs, basis: [Float]?, _ run: Run) {
        let groups = data.members.count
        places = data.places
        let pairs = chosen + data.visited.map { (user: UInt32(groups) + $0.user, item: $0.item) }
        let known = ItemLists(users: groups + data.people, items: places, pairs: pairs)
        let filter = ItemFilter(InteractionGraph(known), sharpness: 0, popularity: 0)
        var scores = [Float](repeating: 0, count: groups * places)
        let all = (0..<UInt32(groups)).map { $0 }
        var span = scores.mutableSpan
        filter.score(all.span, 0..<places, into: &span)
        let near = Self.sharing(data)
        let ofNear = Self.spread(near, Self.choices(chosen, groups, places), places)
        let filtered = Self.spread(near, scores, places)
        var popular = [Float](repeating: 0, count: places)
        for pair in chosen { popular[Int(pair.item)] += 1 }
        let crowd = (0..<groups).flatMap { _ in popular }
        features = [scores, ofNear, filtered, crowd].map { Self.normalized($0, data.places) }
        let rows =
            basis
            ?? SpectralFilter(
                InteractionGraph(known), dimensions: Self.dimensions, random: SeededRandom(seed: run.seed),
                pool: run.pool
            ).items
        embeddings = Self.embeddings(data, rows, known)
    }

    var basis: [Float] { Array(embeddings[..<(places * Self.dimensions)]) }

    func extras(_ group: Int, _ place: Int) -> [Float] { features.map { $0[group * places + place] } }

    private static func choices(_ chosen: Interactions.Pairs, _ groups: Int, _ places: Int) -> [Float] {
        var table = [Float](repeating: 0, count: groups * places)
        for pair in chosen { table[Int(pair.user) * places + Int(pair.item)] = 1 }
        return table
    }

    /// Groups that share members with each, and how much: the sum over shared members m of 1 / (sqrt(sizes) · groups of
    /// m).
    private static func sharing(_ data: GroupData) -> [[(group: Int, weight: Float)]] {
        var groupsOf = [[Int]](repeating: [], count: data.people)
        for (group, members) in data.members.enumerated() {
            for member in members { groupsOf[Int(member)].append(group) }
        }
        return data.members.enumerated().map { group, members in
            var found: [Int: Float] = [:]
            for member in members {
                let others = groupsOf[Int(member)]
                for other in others where other != group {
                    let sizes = Float(members.count * data.members[other].count).squareRoot()
                    found[other, default: 0] += 1 / (sizes * Float(others.count))
                }
            }
            return found.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        }
    }

    private static func spread(_ near: [[(group: Int, weight: Float)]], _ table: [Float], _ places: Int) -> [Float] {
        var result = [Float](repeating: 0, count: table.count)
        for (group, others) in near.enumerated() {
            for (other, weight) in others {
                for place in 0..<places { result[group * places + place] += weight * table[other * places + place] }
            }
        }
        return result
    }

    private static func normalized(_ table: [Float], _ places: Int) -> [Float] {
        var result = table
        for start in stride(from: 0, to: table.count, by: places) {
            guard let greatest = table[start..<start + places].max(), greatest > 0 else { continue }
            for index in start..<start + places { result[index] *= 10 / greatest }
        }
        return result
    }

    /// Places as they are; a person or a group is the sum of the places chosen, a person's groups' among them. Length
    /// 1.
    private static func embeddings(_ data: GroupData, _ items: [Float], _ known: ItemLists) -> [Float] {
        let (d, groups) = (dimensions, data.members.count)
        var sums = [Float](repeating: 0, count: (data.people + groups) * d)
        func add(_ user: Int, to row: Int) {
            for item in known[user] {
                for column in 0..<d { sums[row * d + column] += items[Int(item) * d + column] }
            }
        }
        for person in 0..<data.people { add(groups + person, to: person) }
        for (group, members) in data.members.enumerated() {
            add(group, to: data.people + group)
            for member in members { add(group, to: Int(member)) }
        }
        return items + sums
    }
}

/// Ranks each group's test place among its negatives, by several ways.
struct GroupRanking {
    private let run: Run
    private let data: GroupData
    private let hasChosen: [Set<Int>]

    init(_ run: Run, folder: String) throws {
        self.run = run
        let data = try run.loading { try GroupData(folder: folder) }
        var hasChosen = [Set<Int>](repeating: [], count: data.members.count)
        for pair in data.chosen { hasChosen[Int(pair.user)].insert(Int(pair.item)) }
        (self.data, self.hasChosen) = (data, hasChosen)
        run.data = folder.split(separator: "/").last.map(String.init) ?? folder
    }

    func report() throws {
        var random = SeededRandom(seed: run.seed).child("groups")
        let learned = run.working { learn(&random) }.result
        let known = learned.known
        try report("groups/popularity") { known.features[3][$0 * data.places + $1] }
        let averages = memberAverages()
        try report("groups/member-average") { averages[$0 * data.places + $1] }
        try report("groups/shared-members") { known.features[1][$0 * data.places + $1] }
        try report("groups/filter") { known.features[0][$0 * data.places + $1] }
        let (scores, blended) = (learned.scores, learned.blended)
        try report("groups/scorer", more: learned.figures) { scores[$0 * data.places + $1] ?? -.infinity }
        try report("groups", more: ["scorer_share": .real(Double(learned.share))]) {
            blended[$0 * data.places + $1] ?? -.infinity
        }
    }

    /// The mean over members of what a filter of people's own visits says.
    private func memberAverages() -> [Float] {
        let lists = ItemLists(users: data.people, items: data.places, pairs: data.visited)
        let filter = ItemFilter(InteractionGraph(lists), sharpness: 0, popularity: 0)
        var scores = [Float](repeating: 0, count: data.people * data.places)
        let all = (0..<UInt32(data.people)).map { $0 }
        var span = scores.mutableSpan
        filter.score(all.span, 0..<data.places, into: &span)
        var result = [Float](repeating: 0, count: data.members.count * data.places)
        for (group, members) in data.members.enumerated() {
            for member in members {
                for place in 0..<data.places {
                    result[group * data.places + place] += scores[Int(member) * data.places + place]
                }
            }
        }
        return result
    }

    private func report(_ name: String, more: [String: Figure] = [:], _ score: (Int, Int) -> Float) throws {
        var figures = more
        for cutoff in [5, 10] {
            var (hits, gain) = (0.0, 0.0)
            for test in data.tests {
                let own = score(test.group, test.place)
                // Ties count against: whoever scores all alike gets nothing.
                let rank = test.others.count { score(test.group, $0) >= own }
                guard rank < cutoff else { continue }
                hits += 1
                gain += 1 / log2(Double(rank + 2))
            }
            figures["hr_at_\(cutoff)"] = .real(hits / Double(data.tests.count))
            figures["ndcg_at_\(cutoff)"] = .real(gain / Double(data.tests.count))
        }
        try run.report(figures, as: name)
    }

    private struct Learned {
        let known: GroupKnowledge
        /// Of the pairs of the tests.
        let scores: [Int: Float]
        /// The filter and a share of the scores.
        let blended: [Int: Float]
        let figures: [String: Figure]
        let share: Float
    }

    /// Takes one place out of each group that has two, learns from those, and scores the tests with the whole table.
    private func learn(_ random: inout SeededRandom) -> Learned {
        var byGroup = [[Int]](repeating: [], count: data.members.count)
        for (index, pair) in data.chosen.enumerated() { byGroup[Int(pair.user)].append(index) }
        var targets: [(group: Int, place: Int)] = []
        var isTarget = [Bool](repeating: false, count: data.chosen.count)
        for (group, list) in byGroup.enumerated() where list.count > 1 {
            let index = list[random.below(list.count)]
            isTarget[index] = true
            targets.append((group, Int(data.chosen[index].item)))
        }
        random.shuffle(&targets)
        let context = data.chosen.indices.filter { !isTarget[$0] }.map { data.chosen[$0] }
        let before = GroupKnowledge(data, chosen: context, basis: nil, run)
        let known = GroupKnowledge(data, chosen: data.chosen, basis: before.basis, run)
        let apart = extras(of: targets, byGroup, basis: before.basis)
        let held = targets.count / 5
        let configuration = GroupScorerConfiguration(
            inputs: GroupKnowledge.dimensions, extras: GroupKnowledge.extras)
        var scorer = GroupScorer(configuration, random: random.child("scorer"), pool: run.pool)
        let judged = sets(targets[..<held], apart, negatives: 100, &random)
        var best: (quality: Double, parameters: [Float]) = (-1, scorer.parameters)
        for epoch in 1...run.settings.integer("epochs") {
            for start in stride(from: held, to: targets.count, by: 64) {
                let part = sets(targets[start..<min(start + 64, targets.count)], apart, negatives: 8, &random)
                _ = scorer.train(part.sets, labels: part.labels, embeddings: before.embeddings, rate: 1e-3, decay: 0.01)
            }
            // Looking costs as much as three epochs.
            if epoch % 3 != 0 && epoch != run.settings.integer("epochs") { continue }
            let logits = scorer.logits(judged.sets, embeddings: before.embeddings)
            let quality = Self.gain(logits, judged.labels)
            if quality > best.quality { best = (quality, scorer.parameters) }
        }
        scorer.parameters = best.parameters
        let share = share(of: scorer.logits(judged.sets, embeddings: before.embeddings), judged)
        let calibration = Calibration(
            fitting: scorer.logits(judged.sets, embeddings: before.embeddings), labels: judged.labels)
        return score(&scorer, calibration, known, share: share)
    }

    private func score(_ scorer: inout GroupScorer, _ calibration: Calibration, _ known: GroupKnowledge, share: Float)
        -> Learned
    {
        var sets = GroupSets(extraCount: GroupKnowledge.extras)
        var (keys, labels): ([Int], [Int8]) = ([], [])
        for test in data.tests {
            for place in [test.place] + test.others {
                append(test.group, place, extras: known.extras(test.group, place), to: &sets)
                keys.append(test.group * data.places + place)
                labels.append(place == test.place ? 1 : 0)
            }
        }
        let logits = scorer.logits(sets, embeddings: known.embeddings)
        let reliability = Reliability(chances: logits.map { calibration.chance($0) }, labels: labels)
        let blended = logits.indices.map { sets.extras[$0 * GroupKnowledge.extras] + share * logits[$0] }
        return Learned(
            known: known, scores: Dictionary(zip(keys, logits)) { first, _ in first },
            blended: Dictionary(zip(keys, blended)) { first, _ in first },
            figures: ["expected_calibration_error": .real(reliability.expectedError)], share: share)
    }

    /// How much of the scorer's logit to add to the filter, by the groups that only judge.
    private func share(of logits: [Float], _ judged: (sets: GroupSets, labels: [Int8])) -> Float {
        var best: (share: Float, quality: Double) = (0, -1)
        for share: Float in [0, 0.03, 0.1, 0.3, 1, 3] {
            let blended = logits.indices.map { judged.sets.extras[$0 * GroupKnowledge.extras] + share * logits[$0] }
            let quality = Self.gain(blended, judged.labels)
            if quality > best.quality { best = (share, quality) }
        }
        return best.share
    }

    /// For each group what is known of all places from a table without its target, [extras, places].
    private func extras(
        of targets: [(group: Int, place: Int)], _ byGroup: [[Int]], basis: [Float]
    ) -> [Int: [[Float]]] {
        var result: [Int: [[Float]]] = [:]
        let folds = 10
        for fold in 0..<folds {
            let part = targets.indices.filter { $0 % folds == fold }.map { targets[$0] }
            var isOut = Set<Int>()
            for target in part {
                isOut.formUnion(byGroup[target.group].filter { Int(data.chosen[$0].item) == target.place })
            }
            let chosen = data.chosen.indices.filter { !isOut.contains($0) }.map { data.chosen[$0] }
            let known = GroupKnowledge(data, chosen: chosen, basis: basis, run)
            for target in part {
                let row = target.group * data.places..<(target.group + 1) * data.places
                result[target.group] = known.features.map { Array($0[row]) }
            }
        }
        return result
    }

    private func append(_ group: Int, _ place: Int, extras: [Float], to sets: inout GroupSets) {
        let first = UInt32(data.places)
        sets.append(
            venue: UInt32(place), members: data.members[group].map { first + $0 },
            history: first + UInt32(data.people + group), extras: extras)
    }

    /// Each target, then the group at so many other places.
    private func sets(
        _ targets: ArraySlice<(group: Int, place: Int)>, _ known: [Int: [[Float]]], negatives: Int,
        _ random: inout SeededRandom
    ) -> (sets: GroupSets, labels: [Int8]) {
        var sets = GroupSets(extraCount: GroupKnowledge.extras)
        var labels: [Int8] = []
        for target in targets {
            guard let rows = known[target.group] else { continue }
            append(target.group, target.place, extras: rows.map { $0[target.place] }, to: &sets)
            labels.append(1)
            for _ in 0..<negatives {
                var other = random.below(data.places)
                while hasChosen[target.group].contains(other) { other = random.below(data.places) }
                append(target.group, other, extras: rows.map { $0[other] }, to: &sets)
                labels.append(0)
            }
        }
        return (sets, labels)
    }

    /// NDCG@5 of targets that stand before their negatives.
    private static func gain(_ logits: [Float], _ labels: [Int8]) -> Double {
        var (sum, count, index) = (0.0, 0, 0)
        while index < labels.count {
            var end = index + 1
            while end < labels.count, labels[end] == 0 { end += 1 }
            let rank = logits[index + 1..<end].count { $0 >= logits[index] }
            if rank < 5 { sum += 1 / log2(Double(rank + 2)) }
            (count, index) = (count + 1, end)
        }
        return sum / Double(max(count, 1))
    }
}
