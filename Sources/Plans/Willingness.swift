// How likely a person comes to a place in a slot when asked by nobody in particular.
//
//     acceptance(u, p, s) = strength(u, p, s) * rhythm(u, p, s)
//     strength(u, p, s)   = logistic(b + r * ((score(u, p) - m) / d + lift(u, p, s))), held within 0.05...0.95
//                           lift what u has shown lately (Interest/RecentInterest.swift), m the median of u's
//                           kept scores, d their root mean square distance from it,
//                           b = logit(1/10), r = 1/2
//     rhythm(u, p, s)     = f(s) / greatest f over the slots,  f(s) = sqrt(lift(u, s) * lift(p, s))
//     lift(x, s)          = (1 + 6 * share of x's visits in slot s) / 2
//
// Scores only rank (BPR), and how far they spread grows with training; so they are read in units of each
// person's own spread. The median, not the last place, is the reference, because the last depends on how many
// were kept. A middling one of the places kept for somebody is taken up one time in ten: a stated prior, and
// half of a person's spread is taken for noise, until enough answers to invitations tell b and r (`Willingness`).
// Rhythm says when, not whether: the best slot of a pair has factor 1. A lift mixes the share with one part of
// "every slot alike", so that few visits exclude nothing.

import Basics
import Graph
import World

/// How far scores tell whether people come.
package struct Willingness: Equatable, Sendable {
    /// The chance of a middling place as log-odds: b of the formula above.
    package var middle: Float
    /// How much of the spread is taken for true: r.
    package var reliability: Float

    package init(middle: Float, reliability: Float) {
        self.middle = middle
        self.reliability = reliability
    }

    /// What holds until there are answers: log(0.1 / 0.9), and one half.
    package static let stated = Willingness(middle: -2.197_224_6, reliability: 0.5)

    /// Learned from answers: a score and a rhythm of each (see `Roster.Member`), whether a friend asked, and whether
    /// they said yes. Logistic regression around what is stated, whose word counts as much as some dozens of answers.
    package init(learningFrom answers: [(score: Float, rhythm: Float, isFriend: Bool, saidYes: Bool)]) {
        let stated = Self.stated
        var model = ResponseModel(prior: [Double(stated.middle), Double(stated.reliability), 1], precision: 10)
        model.fit(
            answers.map { [1, $0.score, $0.isFriend ? 1 : 0] }, answers.map { Double($0.rhythm) },
            answers.map { $0.saidYes ? 1 : 0 }, rounds: 10)
        self.init(middle: Float(model.weights[0]), reliability: Float(max(model.weights[1], 0)))
    }

    /// The chance at a distance from the middle, in 0.05...0.95.
    func strength(_ distance: Float) -> Float {
        min(max(1 / (1 + exponential(-(middle + reliability * distance))), Self.least), 1 - Self.least)
    }

    private static let least: Float = 0.05

    /// The distance at which `strength` is so.
    func distance(_ strength: Float) -> Float {
        guard reliability > 0 else { return 0 }
        return (Float(logarithm(Double(strength / (1 - strength)))) - middle) / reliability
    }
}

/// How far one person's scores are apart.
struct ScoreScale {
    let median: Float
    /// Root mean square distance from the median; 1 when all scores are alike.
    let deviation: Float

    /// From finite, falling scores. Not empty.
    init(_ scores: [Float]) {
        let median = Plans.median(ofFalling: scores)
        let squares = scores.reduce(0) { $0 + ($1 - median) * ($1 - median) }
        let deviation = (squares / Float(scores.count)).squareRoot()
        self.median = median
        self.deviation = deviation > 0 ? deviation : 1
    }

    /// In deviations above the median.
    func distance(_ score: Float) -> Float { (score - median) / deviation }
}

/// The middle of falling scores (the mean of the middle two when there is no one middle). Not empty.
func median(ofFalling scores: [Float]) -> Float {
    let middle = scores.count / 2
    return scores.count % 2 == 1 ? scores[middle] : (scores[middle - 1] + scores[middle]) / 2
}

/// When people and places are active, ready to be multiplied.
struct Rhythm: Sendable {
    /// sqrt(lift), [people, 6]
    private let people: [Float]
    /// sqrt(lift), [places, 6]
    private let places: [Float]

    /// The shares of visits per slot, [people, 6] and [places, 6]; rows sum to 1 or are all 0.
    init(personSlots: [Float], placeSlots: [Float]) {
        people = Self.rootsOfLifts(personSlots)
        places = Self.rootsOfLifts(placeSlots)
    }

    private static func rootsOfLifts(_ shares: [Float]) -> [Float] {
        var lifts = [Float](repeating: 1, count: shares.count)
        for row in stride(from: 0, to: shares.count, by: TimeSlot.count) {
            let slots = row..<row + TimeSlot.count
            if shares[slots].reduce(0, +) <= 0 { continue }
            for index in slots { lifts[index] = ((1 + Float(TimeSlot.count) * shares[index]) / 2).squareRoot() }
        }
        return lifts
    }

    /// Calls `body` with each slot and its factor in (0, 1].
    @inline(always)
    func forEachSlot(person: UInt32, place: UInt32, _ body: (_ slot: Int, _ factor: Float) -> Void) {
        let first = Int(person) * TimeSlot.count, second = Int(place) * TimeSlot.count
        var greatest: Float = 0
        for slot in 0..<TimeSlot.count { greatest = max(greatest, people[first + slot] * places[second + slot]) }
        for slot in 0..<TimeSlot.count { body(slot, people[first + slot] * places[second + slot] / greatest) }
    }

    /// The factor of one slot, in (0, 1].
    func factor(person: UInt32, place: UInt32, slot: Int) -> Float {
        var result: Float = 0
        forEachSlot(person: person, place: place) { if $0 == slot { result = $1 } }
        return result
    }
}

/// Who is interested in each place: the interests turned around, with scores turned into strengths.
struct InterestTable: Sendable {
    /// Interested people of place p are at offsets[p]..<offsets[p + 1].
    private(set) var offsets: [UInt32]
    /// Local residents, ascending within a place.
    private(set) var people: [UInt32] = []
    /// Of those who have shown nothing lately.
    private(set) var strengths: [Float] = []
    /// Where the strengths by slot of those stand who have; -1 for the others.
    private var liftRows: [Int32] = []
    private var lifted: [Float] = []

    /// Of a place that repeats in a person's list the first mention counts. Places of recent interest that are not in
    /// the list count as middling ones that are lifted. O(interests + places).
    init(
        _ interests: [PersonInterest], recent: RecentInterest = .none, _ willingness: Willingness = .stated,
        places: Int
    ) {
        var starts = [UInt32](repeating: 0, count: places + 1)
        Self.forEachInterest(interests, recent, places: places) { _, place, _, _ in starts[place + 1] += 1 }
        for place in 0..<places { starts[place + 1] += starts[place] }
        var next = starts
        let count = Int(starts[places])
        var people = [UInt32](repeating: 0, count: count)
        var strengths = [Float](repeating: 0, count: count)
        var rows = [Int32](repeating: -1, count: count)
        var lifted: [Float] = []
        Self.forEachInterest(interests, recent, places: places) { person, place, distance, entry in
            let index = Int(next[place])
            people[index] = UInt32(person)
            strengths[index] = willingness.strength(distance)
            if let entry {
                rows[index] = Int32(lifted.count / TimeSlot.count)
                lifted += entry.lifts.map { willingness.strength(distance + $0) }
            }
            next[place] += 1
        }
        offsets = starts
        (self.people, self.strengths, liftRows, self.lifted) = (people, strengths, rows, lifted)
    }

    /// Where the interested people of a place stand.
    func row(_ place: UInt32) -> Range<Int> { Int(offsets[Int(place)])..<Int(offsets[Int(place) + 1]) }

    /// How willing one of them is in a slot that suits.
    @inline(always)
    func strength(_ index: Int, slot: Int) -> Float {
        let row = Int(liftRows[index])
        return row < 0 ? strengths[index] : lifted[row * TimeSlot.count + slot]
    }

    private static func forEachInterest(
        _ interests: [PersonInterest], _ recent: RecentInterest, places: Int,
        _ body: (_ person: Int, _ place: Int, _ distance: Float, _ recent: RecentInterest.Entry?) -> Void
    ) {
        var lastPerson = [Int](repeating: -1, count: places)
        for (person, interest) in interests.enumerated() {
            let shown = recent.of(person)
            let finite = interest.scores.filter(\.isFinite)
            if !finite.isEmpty {
                let scale = ScoreScale(finite)
                for (place, score) in zip(interest.places, interest.scores)
                where score.isFinite && lastPerson[Int(place)] != person {
                    lastPerson[Int(place)] = person
                    body(person, Int(place), scale.distance(score), shown.first { $0.place == place })
                }
            }
            for entry in shown where lastPerson[Int(entry.place)] != person {
                lastPerson[Int(entry.place)] = person
                body(person, Int(entry.place), 0, entry)
            }
        }
    }
}
