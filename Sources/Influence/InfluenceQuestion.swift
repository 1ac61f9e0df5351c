// A question as people ask it, once everybody it names has a number.

/// Whom to choose, within which limits, and what for.
package struct InfluenceQuestion: Sendable {
    /// How many at most; not looked at where there is a sum to spend.
    package var count: Int
    package var epsilon: Double
    package var seed: UInt64
    package var forced: [UInt32] = []
    package var forbidden: [UInt32] = []
    /// What may be spent, if asking costs anything.
    package var spend: Double?
    /// What it costs to ask; others 1.
    package var costs: [(person: UInt32, amount: Float)] = []
    /// What it is worth that they come; others 1.
    package var values: [(person: UInt32, amount: Float)] = []
    /// At most so many of each community.
    package var perCommunity: Int?
    /// Sizes of communities, one after the other by number; they sum to the number of people.
    package var communities: [Int]
    /// Who belongs to which group; others to none.
    package var groups: [(person: UInt32, group: UInt32)] = []
    /// At most so many of each group; of those without a group, any number.
    package var perGroup: Int?

    package init(count: Int, epsilon: Double, seed: UInt64, communities: [Int]) {
        self.count = count
        self.epsilon = epsilon
        self.seed = seed
        self.communities = communities
    }

    private var people: Int { communities.reduce(0, +) }

    /// Errors: `InfluenceError` naming what is wrong.
    package func options(usesSentinels: Bool) throws(InfluenceError) -> InfluenceOptions {
        try InfluenceOptions(
            budget: spend == nil ? count : max(count, forced.count), limit: try limit(), epsilon: epsilon, seed: seed,
            usesSentinels: usesSentinels, forced: forced, forbidden: forbidden)
    }

    private func limit() throws(InfluenceError) -> ChoiceLimit {
        let limits = [spend != nil, perCommunity != nil, perGroup != nil]
        guard limits.count(where: { $0 }) < 2 else { throw .twoLimits }
        if let spend {
            var amounts = [Float](repeating: 1, count: people)
            for (person, amount) in costs { amounts[Int(person)] = amount }
            return .costs(try AskingCosts(amounts, total: spend))
        }
        if let perGroup { return groupLimit(perGroup) }
        guard let perCommunity else { return .number }
        let numbers = communities.enumerated().flatMap { [UInt32](repeating: UInt32($0.offset), count: $0.element) }
        return .quotas(CommunityQuotas(numbers, most: communities.map { _ in perCommunity }))
    }

    /// Groups may have any numbers; community 0 is that of people without one.
    private func groupLimit(_ perGroup: Int) -> ChoiceLimit {
        var known: [UInt32: UInt32] = [:]
        var communities = [UInt32](repeating: 0, count: people)
        for (person, group) in groups {
            let number = known[group] ?? UInt32(known.count + 1)
            known[group] = number
            communities[Int(person)] = number
        }
        let most = [people] + [Int](repeating: perGroup, count: known.count)
        return .quotas(CommunityQuotas(communities, most: most))
    }

    /// Nil where everybody is worth 1. Errors: `InfluenceError` naming the value that is none.
    package func roots() throws(InfluenceError) -> RootTable? {
        if values.isEmpty || people == 0 { return nil }
        var worth = [Float](repeating: 1, count: people)
        for (person, amount) in values { worth[Int(person)] = amount }
        return try RootTable(values: worth)
    }
}
