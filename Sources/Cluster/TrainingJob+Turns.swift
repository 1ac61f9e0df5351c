// Steps taken apart and averaged miss what one would have told the other: a city that starts from what another has just
// learned goes on where a mean of both stands still. So after each average the cities may take turns (after the global
// correction of LLCG, Ramezani et al. 2022): one after the other, in the order of their numbers, each takes a few steps
// from where the one before left off. A turn is a round that only one city is asked for, and its mean is that city's
// result; what makes rounds safe makes turns safe. Two of them never run at the same time, so a turn costs the job what
// it takes the city and the wire.
//
// Rounds are numbered through, turns among them: an average, a turn of each city, an average, ...
//
// Turns may hear what the city's people do in other cities, whose workers are asked for it. What the others tell
// follows from their rows alone, so that a turn is the same however often it is taken; but only if it is the same
// others. So a turn waits for a city that is away for a moment, and not for one that the job waits for no more.

package import Basics
import Wire

extension TrainingJob {
    /// Rounds from one average to the next.
    private var period: Int { configuration.policy.corrections > 0 ? 1 + roster.seats.count : 1 }

    /// All rounds of the job.
    package var roundsInAll: Int { configuration.rounds * period }

    /// The seat whose turn the open round is; nil: all cities train, and are averaged.
    var turn: Int? {
        guard phase == .running, !isJudging, round % period > 0 else { return nil }
        return round % period - 1
    }

    /// Whether the open round is a turn that hears other cities.
    var hearsOthers: Bool { turn != nil && configuration.policy.across }

    /// Whether the open round can be asked for now.
    var isReadyToAsk: Bool { !hearsOthers || roster.isAssembled }

    /// The cities that the open round of a city hears, ascending; none where it is no such turn.
    package func others(of city: CityID) -> [CityID] {
        hearsOthers ? roster.seats.filter { $0.isHome && $0.city != city }.map(\.city) : []
    }

    /// Whether a city that could not hear another one may try again: as often as ticks are waited for the absent.
    mutating func mayTryAgain() -> Bool {
        guard hearsOthers else { return true }
        refusals += 1
        return refusals <= roster.patience.absence
    }

    /// Averages up to a round, and that in making included.
    func averages(at round: Int) -> Int { (round + period - 1) / period }

    /// The rounds that were averages.
    var averaged: [Round] { stride(from: 0, to: rounds.count, by: period).map { rounds[$0] } }

    /// Rounds that an answer may come late by and still count. Between averages that are followed by turns none does:
    /// older steps of another would outweigh those of the city whose turn it is.
    var staleness: Int { period > 1 ? 0 : Int(configuration.policy.staleness) }
}
