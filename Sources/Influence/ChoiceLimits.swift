// What a choice may not exceed, where its number is not all that counts: money, or a number per community. Reach stays
// monotone and submodular; what changes is which choices compete, hence what greedy guarantees of the best of them and
// what bounds it from above.

/// What limits a choice of people.
package enum ChoiceLimit: Sendable {
    /// Their number alone.
    case number
    /// What asking them costs, instead of their number.
    case costs(AskingCosts)
    /// Their number, and beside it so many of each community.
    case quotas(CommunityQuotas)

    /// The share of the best choice that greedy reaches at least, were every gain known: 1 - 1/e by number (Nemhauser,
    /// Wolsey and Fisher 1978); 1 - 1/sqrt(e) with costs, greedy per unit of cost or the best single person, whichever
    /// is better (Khuller, Moss and Naor 1999; their proof had a gap, which Tang et al. 2021 closed); 1/2 with
    /// quotas, which are a matroid (Fisher, Nemhauser and Wolsey 1978).
    package var greedyRatio: Double {
        switch self {
        case .number: Influence.greedyRatio
        case .costs: 0.393_469_340_287_366_6
        case .quotas: 0.5
        }
    }

    var isNumber: Bool { if case .number = self { true } else { false } }
}

/// What it costs to ask each person, and what may be spent.
package struct AskingCosts: Sendable {
    let costs: [Float]
    let total: Double

    /// Errors: `InfluenceError` where a cost is not positive and finite, or where `total` is negative or not finite.
    package init(_ costs: [Float], total: Double) throws(InfluenceError) {
        for (vertex, cost) in costs.enumerated() where !(cost > 0 && cost < .infinity) {
            throw .cost(vertex: vertex, value: Double(cost))
        }
        guard total >= 0, total < .infinity else { throw .spending(total) }
        self.costs = costs
        self.total = total
    }
}

/// To which community each person belongs, and how many of it may be chosen.
package struct CommunityQuotas: Sendable {
    let communities: [UInt32]
    let most: [Int]

    /// `communities[v]` is an index of `most`, which is not negative.
    package init(_ communities: [UInt32], most: [Int]) {
        precondition(communities.allSatisfy { Int($0) < most.count }, "every community has a quota")
        precondition(most.allSatisfy { $0 >= 0 }, "quotas are not negative")
        self.communities = communities
        self.most = most
    }
}

/// What is left to be chosen or spent.
struct Allowance {
    private let limit: ChoiceLimit
    private var number: Int
    private var money = 0.0
    private var open: [Int] = []

    /// `number` people at most; those of `taken` count already. Errors: `InfluenceError` where they alone are too many.
    init(_ limit: ChoiceLimit, number: Int, taken: [UInt32]) throws(InfluenceError) {
        self.limit = limit
        self.number = number
        switch limit {
        case .number: break
        case .costs(let costs):
            money = costs.total
            self.number = .max
        case .quotas(let quotas): open = quotas.most
        }
        for person in taken {
            guard allows(person) else { throw .forcedBeyondLimit(person) }
            take(person)
        }
    }

    var isNumber: Bool { limit.isNumber }
    var isUsedUp: Bool { number == 0 }

    /// False stays false, since an allowance only shrinks.
    func allows(_ person: UInt32) -> Bool {
        switch limit {
        case .number: number > 0
        case .costs(let costs): Double(costs.costs[Int(person)]) <= money
        case .quotas(let quotas): number > 0 && open[Int(quotas.communities[Int(person)])] > 0
        }
    }

    mutating func take(_ person: UInt32) {
        number -= 1
        switch limit {
        case .number: break
        case .costs(let costs): money -= Double(costs.costs[Int(person)])
        case .quotas(let quotas): open[Int(quotas.communities[Int(person)])] -= 1
        }
    }

    /// What greedy compares: the gain, per unit of cost where there are costs.
    func worth(_ gain: Int, of person: UInt32) -> Double {
        if case .costs(let costs) = limit { return Double(gain) / Double(costs.costs[Int(person)]) }
        return Double(gain)
    }

    /// No choice within the allowance has a greater sum of gains than this: the best choice by number and quotas, and
    /// with costs the best of choices that may hold a part of a person. O(people + chosen · log people), by number
    /// O(people + greatest gain).
    func greatestSum(_ gains: [Int32], among isOpen: [Bool]) -> Int {
        if isNumber { return greatestSum(of: number, gains, among: isOpen) }
        var heap = MaxHeap(
            gains.indices.filter { gains[$0] > 0 && isOpen[$0] && allows(UInt32($0)) }.map {
                Promise(gain: worth(Int(gains[$0]), of: UInt32($0)), vertex: UInt32($0))
            })
        var left = self, sum = 0.0
        while !left.isUsedUp, let top = heap.pop() {
            let gain = Double(gains[Int(top.vertex)])
            if left.allows(top.vertex) {
                left.take(top.vertex)
                sum += gain
            } else if case .costs(let costs) = limit {
                return Int((sum + gain * left.money / Double(costs.costs[Int(top.vertex)]) + 1e-6).rounded(.down))
            }
        }
        return Int(sum)
    }

    private func greatestSum(of number: Int, _ gains: [Int32], among isOpen: [Bool]) -> Int {
        var histogram = [Int](repeating: 0, count: Int(gains.max() ?? 0) + 1)
        for (vertex, gain) in gains.enumerated() where isOpen[vertex] { histogram[Int(gain)] += 1 }
        var sum = 0, left = number
        for gain in histogram.indices.reversed() where left > 0 {
            sum += min(left, histogram[gain]) * gain
            left -= min(left, histogram[gain])
        }
        return sum
    }

    /// How many people of `isOpen` can be chosen at most. O(people log people).
    func mostPeople(among isOpen: [Bool]) -> Int {
        let people = isOpen.indices.filter { isOpen[$0] }.map { UInt32($0) }
        switch limit {
        case .number: return min(number, people.count)
        case .quotas(let quotas):
            var found = [Int](repeating: 0, count: open.count)
            for person in people { found[Int(quotas.communities[Int(person)])] += 1 }
            return min(number, zip(found, open).reduce(0) { $0 + min($1.0, $1.1) })
        case .costs(let costs):
            var left = self, count = 0
            for person in people.sorted(by: { costs.costs[Int($0)] < costs.costs[Int($1)] }) {
                guard left.allows(person) else { break }
                left.take(person)
                count += 1
            }
            return count
        }
    }
}
