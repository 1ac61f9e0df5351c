// What is announced: events, which somebody hosts and people take part in, and gigs, which people come to
// hear. Well-known places announce more. Most lie behind, a few were called off, some are still to come.

import Basics

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Makes gatherings; the same ones whoever asks.
struct SyntheticGatherings: Sendable {
    private let people: SyntheticPeople
    private let places: SyntheticPlaces
    private let calendar: SyntheticCalendar
    private let random: SeededRandom

    /// The mean number of a place of ordinary popularity.
    private static let perPlace = 0.4
    private static let mostPerPlace = 12
    /// Gatherings are announced so far beyond the visits that are told of.
    private static let weeksAhead = 3
    private static let cancelledShare = 0.06
    /// How likely a gathering at a place of each coarse category is a gig.
    private static let gigShares = [0.5, 0.02, 0.8, 0.15, 0.05, 0.4]
    private static let hostedShare = 0.8

    init(_ people: SyntheticPeople, _ places: SyntheticPlaces, _ calendar: SyntheticCalendar, _ random: SeededRandom) {
        self.people = people
        self.places = places
        self.calendar = calendar
        self.random = random
    }

    /// The gatherings of a city, by place, then as they were made up. `number` is the city's.
    func gatherings(in city: Int, as number: CityID) -> [Gathering] {
        var all: [Gathering] = []
        for place in places.starts[city]..<places.starts[city + 1] {
            var random = random.child("gatherings", UInt64(place))
            let mean = Self.perPlace * Double(exp(places.logPopularities[place] / 2))
            let count = min(Int(mean * random.exponential() + random.uniform()), Self.mostPerPlace)
            for turn in 0..<count { all.append(gathering(place, turn, city, number, &random)) }
        }
        return all
    }

    private func gathering(
        _ place: Int, _ turn: Int, _ city: Int, _ number: CityID, _ random: inout SeededRandom
    ) -> Gathering {
        let category = Int(places.categories[place].first)
        let kind: Gathering.Kind = random.uniform() < Self.gigShares[category] ? .gig : .event
        let week = random.below(SyntheticCalendar.weeks + Self.weeksAhead)
        let quarter = SyntheticCalendar.hourMilliseconds / 4
        let moment = calendar.moment(week: week, slot: Int(places.slots[place]), &random)
        let start = moment - moment % quarter
        let end = start + quarter * Int64(4 + random.below(13))
        let isCancelled = random.uniform() < Self.cancelledShare
        let offer = places.record(place, in: number)
        let residents = people.residents(of: city)
        let isHosted = kind == .event && random.uniform() < Self.hostedShare
        let host = isHosted ? PersonID(UInt64(residents.lowerBound + random.below(residents.count))) : nil
        let capacity = exp(3.4 + 0.9 * random.normal())
        return Gathering(
            id: GatheringID(UInt64(place * Self.mostPerPlace + turn)), city: number, place: PlaceID(UInt64(place)),
            kind: kind, title: title(place, kind), host: host, start: Timestamp(milliseconds: start),
            end: Timestamp(milliseconds: end), capacity: UInt32(min(max(capacity, 6), 2000)),
            priceBand: places.priceBands[place], categories: offer.categories, fineTags: offer.fineTags,
            status: isCancelled ? .cancelled : end <= SyntheticCalendar.end ? .finished : .scheduled)
    }

    /// For example "Jazz live at place 17": the tag that weighs most.
    private func title(_ place: Int, _ kind: Gathering.Kind) -> String {
        let range = Int(places.tagStarts[place])..<Int(places.tagStarts[place + 1])
        let strongest = range.max { places.tagWeights[$0] < places.tagWeights[$1] } ?? range.lowerBound
        let words = Taxonomy.fineTags[Int(places.tags[strongest])].split(separator: "_").joined(separator: " ")
        let opening = words.prefix(1).uppercased() + words.dropFirst()
        return kind == .gig ? "\(opening) live at place \(place)" : "\(opening) at place \(place)"
    }
}
