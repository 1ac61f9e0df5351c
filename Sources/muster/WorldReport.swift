import Basics
import World

/// What `muster world describe` says.
struct WorldReport: Encodable {
    struct City: Encodable {
        var name: String
        var people: Int
        var places: Int
        var visits: Int
    }
    struct Spread: Encodable {
        var mean: Double
        var deviation: Double
        var least: Double
        var median: Double
        var ninetieth: Double
        var greatest: Double
        /// What the greatest hundredth has of all.
        var topHundredthShare: Double

        init(_ distribution: Distribution) {
            mean = distribution.mean
            deviation = distribution.deviation
            least = distribution.quantile(0)
            median = distribution.quantile(0.5)
            ninetieth = distribution.quantile(0.9)
            greatest = distribution.quantile(1)
            topHundredthShare = distribution.topHundredthShare
        }
    }
    struct LogPopularity: Encodable {
        var mean: Double
        var deviation: Double
        var skewness: Double
        var excessKurtosis: Double
    }

    var cities: [City]
    var counts: [String: Int]
    var rejected: Int
    var visitsPerPerson: Spread
    var friendsPerPerson: Spread
    var visitsPerPlace: Spread
    var logPopularity: LogPopularity
    var ratings: [Int]
    var hours: [Int]
    var slots: [String: Double]
    var attendedShare: Double
    var visitsAwayShare: Double
    var friendshipsAwayShare: Double
    var friendsOverlap: Double
    var strangersOverlap: Double
    var friendsInNeighborhood: Double
    var strangersInNeighborhood: Double
    var friendsCoAttendance: Double
    var labelsCompatibleShare: Double
    var labelsAttendingShare: Double
    var gatheringsCancelledShare: Double
    var preferenceError: Double

    init(_ summary: WorldSummary, names: [String], rejected: Int) {
        func share(_ part: Int, _ whole: TableKind) -> Double {
            let total = summary.counts[whole] ?? 0
            return total == 0 ? 0 : Double(part) / Double(total)
        }
        cities = summary.perCity.map {
            City(name: names[Int($0.city.number)], people: $0.people, places: $0.places, visits: $0.visits)
        }
        counts = Dictionary(uniqueKeysWithValues: TableKind.allCases.map { ($0.rawValue, summary.counts[$0] ?? 0) })
        self.rejected = rejected
        visitsPerPerson = Spread(summary.visitsPerPerson)
        friendsPerPerson = Spread(summary.friendsPerPerson)
        visitsPerPlace = Spread(summary.visitsPerPlace)
        let popularity = summary.logPopularity
        logPopularity = LogPopularity(
            mean: popularity.mean, deviation: popularity.deviation, skewness: popularity.skewness,
            excessKurtosis: popularity.excessKurtosis)
        ratings = summary.ratings
        hours = summary.hours
        slots = Dictionary(
            uniqueKeysWithValues: zip(Taxonomy.timeSlots, summary.slots.map { share($0, .visits) }))
        attendedShare = share(summary.visitsAttended, .visits)
        visitsAwayShare = share(summary.visitsAway, .visits)
        friendshipsAwayShare = share(summary.friendshipsAway, .friendships)
        friendsOverlap = summary.friendsOverlap
        strangersOverlap = summary.strangersOverlap
        friendsInNeighborhood = summary.friendsInNeighborhood
        strangersInNeighborhood = summary.strangersInNeighborhood
        friendsCoAttendance = summary.friendsCoAttendance
        labelsCompatibleShare = share(summary.labelsCompatible, .friendLabels)
        labelsAttendingShare = share(summary.labelsAttending, .friendLabels)
        gatheringsCancelledShare = share(summary.gatheringsCancelled, .gatherings)
        preferenceError = summary.preferenceError
    }
}

extension WorldReport {
    /// For reading on a terminal.
    var text: String {
        var table = TextTable([("city", .left), ("people", .right), ("places", .right), ("visits", .right)])
        for city in cities {
            table.add([city.name, grouped(city.people), grouped(city.places), grouped(city.visits)])
        }
        let kinds = TableKind.allCases.map { "\(grouped(counts[$0.rawValue] ?? 0)) \($0.rawValue)" }
        return [
            kinds.joined(separator: ", ") + (rejected > 0 ? "; \(grouped(rejected)) rows rejected" : ""), "",
            table.text(), "", spreads, "", bars, "", sentences,
        ].joined(separator: "\n")
    }

    private var spreads: String {
        var table = TextTable([
            ("distribution", .left), ("mean", .right), ("deviation", .right), ("least", .right), ("median", .right),
            ("90 %", .right), ("greatest", .right), ("share of the top 1 %", .right),
        ])
        let rows = [
            ("visits per person", visitsPerPerson), ("friends per person", friendsPerPerson),
            ("visits per place", visitsPerPlace),
        ]
        for (name, spread) in rows {
            table.add([
                name, fixed(spread.mean, 1), fixed(spread.deviation, 1), fixed(spread.least, 0),
                fixed(spread.median, 0), fixed(spread.ninetieth, 0), fixed(spread.greatest, 0),
                percent(spread.topHundredthShare),
            ])
        }
        return table.text()
    }

    /// Ratings and slots as bars.
    private var bars: String {
        let visits = max(counts[TableKind.visits.rawValue] ?? 0, 1)
        let steps = stride(from: 0, to: ratings.count - 1, by: 2).map { index in
            let isLast = index + 2 >= ratings.count - 1
            let count = ratings[index] + ratings[index + 1] + (isLast ? ratings[ratings.count - 1] : 0)
            return bar("rating \(fixed(1 + Double(index) / 4, 1))", Double(count) / Double(visits))
        }
        return (steps + Taxonomy.timeSlots.map { bar($0, slots[$0] ?? 0) }).joined(separator: "\n")
    }

    private func bar(_ name: String, _ share: Double) -> String {
        let blank = String(repeating: " ", count: max(0, 14 - name.count))
        return "\(name)\(blank) \(String(repeating: "█", count: Int((share * 60).rounded()))) \(percent(share))"
    }

    private var sentences: String {
        """
        attended: \(percent(attendedShare)) of the visits; in another city than home: \(percent(visitsAwayShare))
        friendships between cities: \(percent(friendshipsAwayShare))
        homophily: interest overlap of friends \(fixed(friendsOverlap, 3)), of strangers \(fixed(strangersOverlap, 3));
          same neighborhood \(percent(friendsInNeighborhood)) against \(percent(strangersInNeighborhood)); \
        places both attended: \(fixed(friendsCoAttendance, 2))
        friend labels: \(percent(labelsCompatibleShare)) compatible, \(percent(labelsAttendingShare)) attending
        gatherings cancelled: \(percent(gatheringsCancelledShare))
        logarithm of popularity: mean \(fixed(logPopularity.mean, 3)), deviation \(fixed(logPopularity.deviation, 3)), \
        skewness \(fixed(logPopularity.skewness, 3)), excess kurtosis \(fixed(logPopularity.excessKurtosis, 3)) \
        (log-normal: both near 0)
        preferences sum to one within \(fixed(preferenceError, 7))
        """
    }

    private func percent(_ share: Double) -> String { "\(fixed(100 * share, 1)) %" }
}
