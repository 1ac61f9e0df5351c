import Basics
import Shard
import World

extension Verb {
    static let estimate = Verb(
        name: "estimate",
        summary: "tell memory, disk and time of an import before anything is loaded",
        usage: """
            muster estimate DIR              tables, as import reads them: people and places are counted, of other
                                             tables some rows stand for all
            muster estimate foursquare DIR   or gowalla, lightgcn, synthetic: all rows are read and counted

            Memory is what workers hold once their cities' graphs are open, and beside it what the largest city needs
            while it is opened. Disk is what rows take once they are settled. CPU time is that of the command, the
            coordinator and the workers together, on a machine like this one. Nothing is loaded; no cluster is needed.
            """,
        settings: sourceSettings
    ) { invocation in
        let parquet = try UnpackedParquet(invocation.words)
        defer { withExtendedLifetime(parquet) {} }
        let dataSet = try importSource(invocation, words: parquet.words)
        let start = monotonicSeconds()
        let census =
            if let tables = dataSet as? TableDataSet {
                try WorldCensus.sampling(tables, clock: processCPUSeconds)
            } else {
                try WorldCensus.counting(dataSet, clock: processCPUSeconds)
            }
        let report = EstimateReport(LoadEstimate(census), census, seconds: monotonicSeconds() - start)
        if invocation.isJSON { return try printJSON(report) }
        print(report.text)
    }
}

/// What `muster estimate` says. Numbers are whole: nobody should take them for more than they are.
private struct EstimateReport: Encodable {
    struct Cost: Encodable {
        var rows: Int
        var graphBytes: Int
        var buildBytes: Int
        var diskBytes: Int

        init(_ cost: LoadCost) {
            rows = Int(cost.rows)
            graphBytes = Int(cost.graphBytes)
            buildBytes = Int(cost.buildBytes)
            diskBytes = Int(cost.diskBytes)
        }
    }

    struct City: Encodable {
        var city: String
        var people: Int
        var halo: Int
        var places: Int
        var visits: Int
        var friendships: Int
        var friendLabels: Int
        var gatherings: Int
        var cost: Cost
    }

    var cities: [City]
    var total: Cost
    var cpuSeconds: Double
    /// Whether all rows were counted; else some stand for all.
    var isExact: Bool
    /// What the estimate itself took.
    var seconds: Double

    init(_ estimate: LoadEstimate, _ census: WorldCensus, seconds: Double) {
        cities = estimate.cities.map { city in
            City(
                city: city.census.name, people: Int(city.census.people), halo: Int(city.census.halo),
                places: Int(city.census.places), visits: Int(city.census.visits),
                friendships: Int(city.census.friendships), friendLabels: Int(city.census.friendLabels),
                gatherings: Int(city.census.gatherings), cost: Cost(city.cost))
        }
        total = Cost(estimate.total)
        cpuSeconds = estimate.cpuSeconds
        isExact = census.isExact
        self.seconds = seconds
    }

    var text: String {
        var table = TextTable([
            ("city", .left), ("people", .right), ("halo", .right), ("places", .right), ("visits", .right),
            ("memory", .right), ("while opening", .right), ("disk", .right),
        ])
        for city in cities {
            table.add([
                city.city, grouped(city.people), grouped(city.halo), grouped(city.places), grouped(city.visits),
                megabytes(city.cost.graphBytes), "+ " + megabytes(city.cost.buildBytes), megabytes(city.cost.diskBytes),
            ])
        }
        return """
            \(table.text())

            \(grouped(total.rows)) rows to \(cities.count) cities: \(megabytes(total.graphBytes)) of memory and at \
            most \(megabytes(total.buildBytes)) more while a city is opened, \(megabytes(total.diskBytes)) of disk, \
            \(fixed(cpuSeconds, 1)) s of CPU
            \(isExact ? "all rows were counted" : "estimated from part of the rows"), in \(fixed(seconds, 1)) s
            """
    }

    private func megabytes(_ bytes: Int) -> String { "\(grouped((bytes + 500_000) / 1_000_000)) MB" }
}
