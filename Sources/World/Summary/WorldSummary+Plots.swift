extension WorldSummary {
    /// The plots of a world, each with a name for its file.
    package var plots: [(name: String, plot: Plot)] {
        [
            ("visits-per-person", spread(visitsPerPerson, "Visits per person", of: "people")),
            ("friends-per-person", spread(friendsPerPerson, "Friends per person", of: "people")),
            ("visits-per-place", ranks(visitsPerPlace, "Visits of places by rank")),
            ("popularity", popularityPlot),
            ("ratings", ratingsPlot),
            ("week", weekPlot),
        ]
    }

    private func spread(_ distribution: Distribution, _ title: String, of whom: String) -> Plot {
        let bins = min(40, max(1, Int(distribution.quantile(1)) - Int(distribution.quantile(0)) + 1))
        return Plot(
            title: title, horizontal: title, vertical: whom,
            points: distribution.histogram(bins: bins).map { ($0.middle, Double($0.count)) })
    }

    /// Rank against value, both logarithmic, at ranks that rise by a tenth.
    private func ranks(_ distribution: Distribution, _ title: String) -> Plot {
        var points: [(x: Double, y: Double)] = []
        var rank = 1
        while rank <= distribution.values.count {
            points.append((Double(rank), distribution.values[distribution.values.count - rank]))
            rank = max(rank + 1, rank * 11 / 10)
        }
        return Plot(
            title: title, horizontal: "rank of the place", vertical: "visits", points: points, form: .dots,
            isLogarithmic: true)
    }

    private var popularityPlot: Plot {
        Plot(
            title: "Stated popularity of places", horizontal: "natural logarithm of base popularity",
            vertical: "places", points: logPopularity.histogram(bins: 40).map { ($0.middle, Double($0.count)) })
    }

    private var ratingsPlot: Plot {
        Plot(
            title: "Implicit ratings of visits", horizontal: "rating, by quarters", vertical: "visits",
            points: ratings.enumerated().map { (1 + Double($0) / 4, Double($1)) })
    }

    private var weekPlot: Plot {
        Plot(
            title: "Visits over the week", horizontal: "noon of the day (UTC)", vertical: "visits in an hour",
            points: hours.enumerated().map { (Double($0), Double($1)) }, form: .line,
            marks: ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].enumerated().map {
                (Double($0.offset) * 24 + 12, $0.element)
            })
    }
}
