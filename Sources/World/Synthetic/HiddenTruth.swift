// What an evaluator may ask and no model sees: how much somebody would really enjoy a place, and whether they
// would come. It is the same score that made the visits, so it can be asked of any person and place, also
// where no visit tells of them. Models must not be given it; their records and visits are all they get.

package import Basics

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The true inclinations of the people of a made-up world. People and places go by the numbers of the world,
/// which their ids carry.
package struct HiddenTruth: Sendable {
    private let score: SyntheticScore
    private let calendar: SyntheticCalendar
    private let bonds: UInt64

    /// Readiness to come somewhere that promises nothing, and what each thing adds to it, in log-odds.
    private static let reluctance: Float = -5
    private static let joyWeight: Float = 5
    private static let placeWeight: Float = 0.6
    private static let slotWeight: Float = 0.7
    private static let bondWeight: Float = 2.2

    /// The truth behind a world.
    package init(of world: SyntheticWorld) {
        score = world.score
        calendar = SyntheticCalendar()
        bonds = SeededRandom(seed: world.configuration.seed).child("bonds").state
    }

    /// The truth behind the world that a configuration makes.
    package init(_ configuration: SyntheticConfiguration, pool: ComputePool) throws(ImportError) {
        try configuration.validate()
        let random = SeededRandom(seed: configuration.seed)
        score = SyntheticScore(
            SyntheticPeople(configuration, random, pool), SyntheticPlaces(configuration, random), random)
        calendar = SyntheticCalendar()
        bonds = random.child("bonds").state
    }

    /// How much a person likes a place, all told: the logarithm, up to a constant of the person, of how often they
    /// would choose it. About -1 to 13.
    package func utility(_ person: PersonID, _ place: PlaceID) -> Float {
        score.utility(Int(person.number), Int(place.number))
    }

    /// The utilities of all places of the person's home city, by rising number from `first`. O(places).
    package func utilities(of person: PersonID) -> (first: PlaceID, values: [Float]) {
        let number = Int(person.number)
        let home = score.people.home(of: number)
        let range = score.places.starts[home]..<score.places.starts[home + 1]
        return (PlaceID(UInt64(range.lowerBound)), range.map { score.utility(number, $0) })
    }

    /// The probability that a person comes to a place in a slot, if asked by a friend, or by nobody in particular
    /// (nil). It rises with how much they like the place, with how much the slot is theirs and the place's, and with
    /// the bond to the friend. Whether the two are acquainted at all is for the evaluator to see to.
    package func comes(_ person: PersonID, _ place: PlaceID, _ slot: TimeSlot, askedBy friend: PersonID?) -> Double {
        let (number, location) = (Int(person.number), Int(place.number))
        let affinity = score.affinity(number, location)
        let rest = score.utility(number, location) - affinity
        let somebody = score.people.persons[number]
        let favour = Int(score.places.slots[location]) == Int(slot.number) ? SyntheticCalendar.slotFavour : 1
        let least: Float = 0.05
        let logOdds =
            Self.reluctance + Self.joyWeight * SyntheticScore.joy(ofAffinity: affinity) + Self.placeWeight * rest
            + Self.slotWeight * log(max(somebody.habits[Int(slot.number)], least) * favour) + somebody.sociability
            + (friend.map { Self.bondWeight * bond(number, Int($0.number)) } ?? 0)
        return 1 / (1 + exp(-Double(logOdds)))
    }

    /// How much one person's word counts with another, about 0 to 1.5: alike, of the same streets, and something
    /// that only the two know.
    private func bond(_ person: Int, _ friend: Int) -> Float {
        let secret = 0.5 + 0.25 * bell(of: SeededRandom.mix(bonds &+ pairKey(person, friend)))
        let alike = score.people.trueOverlap(person, friend)
        return max(0, secret + 0.4 * alike + 0.2 * score.people.sharedNeighborhoods(person, friend))
    }
}
