// The rule by which a plan grows, for a whole round of invitations and for one seed's life alike: the friends of those
// who come, the likeliest first, asked in the name of the friend; where there is none, the likeliest of the others.

/// Who comes, and whom they could ask. People are numbers of the caller's.
struct GrowingGroup {
    struct Candidate: Equatable {
        var person: Int
        /// The caller's name for the tie through which they are asked.
        var edge: Int?
        var chance: Double
    }

    private(set) var members: [Int]
    private(set) var chances: [Double]
    private var offers: [Candidate] = []
    private var dropped: Set<Int> = []

    /// Nobody is asked who comes with less than this.
    private static let leastChance = 0.12
    /// Beyond the minimum, a further person is asked when they promise so much of what an invitation brings elsewhere.
    private static let share = 0.9

    init(_ first: Int, chance: Double) {
        members = [first]
        chances = [chance]
    }

    /// Mean chance per invitation. The first must come, or nobody does; so their chance weighs on all.
    var promise: Double {
        let rest = chances.dropFirst().reduce(0, +)
        return chances[0] * (1 + rest) / (1 + chances[0] * Double(members.count - 1))
    }

    /// Whether somebody comes already or was asked.
    func knows(_ person: Int) -> Bool { members.contains(person) || dropped.contains(person) }

    /// One more friend who could ask somebody: the likelier counts.
    mutating func offer(_ person: Int, edge: Int, chance: Double) {
        if let place = offers.firstIndex(where: { $0.person == person }) {
            if chance > offers[place].chance { offers[place] = Candidate(person: person, edge: edge, chance: chance) }
        } else {
            offers.append(Candidate(person: person, edge: edge, chance: chance))
        }
    }

    /// The likeliest, ties to the lower person.
    func best() -> Candidate? {
        offers.max { ($0.chance, $1.person) < ($1.chance, $0.person) }
    }

    mutating func add(_ candidate: Candidate) {
        members.append(candidate.person)
        chances.append(candidate.chance)
        offers.removeAll { $0.person == candidate.person }
    }

    /// Takes somebody off the list: they were asked.
    mutating func drop(_ person: Int) {
        dropped.insert(person)
        offers.removeAll { $0.person == person }
    }

    /// Whom to ask next, who is off the list then; nil when nobody promises enough. `others` are those who may be asked
    /// without a friend, likeliest first; `elsewhere` is what an invitation brings in other plans.
    mutating func next(
        among others: some Sequence<Int>, isShort: Bool, elsewhere: Double, isFree: (Int) -> Bool,
        chance: (Int) -> Double
    ) -> Candidate? {
        guard let found = likeliest(among: others, isFree: isFree, chance: chance) else { return nil }
        drop(found.person)
        return found.chance < (isShort ? Self.leastChance : Self.share * elsewhere) ? nil : found
    }

    private mutating func likeliest(
        among others: some Sequence<Int>, isFree: (Int) -> Bool, chance: (Int) -> Double
    ) -> Candidate? {
        while let best = best() {
            if isFree(best.person) { return best }
            drop(best.person)
        }
        return others.first { !knows($0) && isFree($0) }.map { Candidate(person: $0, edge: nil, chance: chance($0)) }
    }
}
