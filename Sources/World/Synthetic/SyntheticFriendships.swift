// Who knows whom: of sixty people one might meet in one's own city, those with a similar taste and
// the same streets become friends; now and then, somebody similar in another city.

import Basics

/// Ties of a made-up world, as pairs of people's numbers, the smaller first, ascending, none twice.
struct SyntheticFriendships {
    private(set) var pairs: [(first: Int, second: Int)] = []

    /// How many people of the own city anyone meets, and of another city.
    private static let met = 60
    private static let metAway = 20
    /// Chance of having chosen a friend in another city.
    private static let awayShare = 0.4
    private static let tasteWeight: Float = 3
    private static let neighborhoodWeight: Float = 1
    private static let chanceWeight: Float = 0.6

    init(_ people: SyntheticPeople, _ random: SeededRandom) {
        var keys: [UInt64] = []
        for person in people.homes.indices {
            var random = random.child("friends", UInt64(person))
            let wanted = min(2 + Int(3 * random.exponential()), 20)
            for friend in Self.closest(to: person, people, met: Self.met, wanted, home: people.homes[person], &random) {
                keys.append(Self.key(person, friend))
            }
            guard random.uniform() < Self.awayShare, people.starts.count > 2 else { continue }
            let away = anotherCity(than: people.homes[person], people, &random)
            for friend in Self.closest(to: person, people, met: Self.metAway, 1, home: away, &random) {
                keys.append(Self.key(person, friend))
            }
        }
        keys.sort()
        var last: UInt64?
        for key in keys where key != last {
            pairs.append((Int(key >> 32), Int(key & 0xFFFF_FFFF)))
            last = key
        }
    }

    private static func key(_ one: Int, _ other: Int) -> UInt64 {
        UInt64(min(one, other)) << 32 | UInt64(max(one, other))
    }

    /// The `wanted` people of one city who suit a person best, among `met` that chance brings.
    private static func closest(
        to person: Int, _ people: SyntheticPeople, met: Int, _ wanted: Int, home city: Int,
        _ random: inout SeededRandom
    ) -> [Int] {
        let range = people.starts[city]..<people.starts[city + 1]
        var candidates: [Int] =
            range.count <= met
            ? Array(range)
            : (0..<met).map { _ in
                range.lowerBound + random.below(range.count)
            }
        candidates.sort()
        var suiting: [(person: Int, score: Float)] = []
        for (index, candidate) in candidates.enumerated() where candidate != person {
            if index > 0 && candidates[index - 1] == candidate { continue }
            let score =
                tasteWeight * people.trueOverlap(person, candidate)
                + neighborhoodWeight * people.sharedNeighborhoods(person, candidate)
                + chanceWeight * bell(&random)
            suiting.append((candidate, score))
        }
        suiting.sort { ($1.score, $0.person) < ($0.score, $1.person) }
        return suiting.prefix(wanted).map(\.person)
    }
}

/// A city other than `home`, larger ones more often. There must be two.
func anotherCity(than home: Int, _ people: SyntheticPeople, _ random: inout SeededRandom) -> Int {
    let inhabitants = people.starts[people.starts.count - 1]
    let atHome = people.starts[home + 1] - people.starts[home]
    var stranger = random.below(inhabitants - atHome)
    if stranger >= people.starts[home] { stranger += atHome }
    return people.homes[stranger]
}

/// Nearly normal with mean 0 and deviation 1, and much cheaper: a centred sum of three uniform numbers.
@inline(always)
func bell(_ random: inout SeededRandom) -> Float {
    2 * (random.uniformFloat() + random.uniformFloat() + random.uniformFloat() - 1.5)
}
