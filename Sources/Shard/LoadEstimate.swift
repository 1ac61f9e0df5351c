// What loading a data set will take, before anything is loaded: memory, disk and time, city by city. Graph and Store
// say what their arrays and files take for a census; this adds them up.

import Graph
import Store
package import World

/// The expected cost of one city, or of all.
package struct LoadCost: Equatable, Sendable {
    /// Rows as they are sent to workers.
    package var rows = 0.0
    /// Memory of the graph, once a job has opened it; it stays as long as the worker runs.
    package var graphBytes = 0.0
    /// Memory beside it while the graph is built.
    package var buildBytes = 0.0
    /// Disk once all rows are settled.
    package var diskBytes = 0.0
}

/// The expected cost of a data set.
package struct LoadEstimate: Sendable {
    /// In the order of the census.
    package let cities: [(census: CityCensus, cost: LoadCost)]
    /// CPU seconds on one core of a machine like this one, from reading the files to settled rows, whoever spends them:
    /// the command, the coordinator or workers.
    package let cpuSeconds: Double

    /// What a load spends for each second of reading rows, and for each second of encoding, decoding and judging them:
    /// looking at files twice, sending rows twice, writing them to the log and to files. What that leaves is for each
    /// row noting whether it is new, and sorting; and for each city making a store. Fitted to four loads of
    /// different shapes (`docs/BENCHMARKS.md`, Estimates).
    private static let secondsPerReading = 1.1
    private static let secondsPerCoding = 6.5
    private static let secondsPerRow = 0.38e-6
    private static let secondsPerCity = 0.047

    package init(_ census: WorldCensus) {
        cities = census.cities.map { city in
            let cost = LoadCost(
                rows: city.rows, graphBytes: CityGraph.expectedBytes(of: city),
                buildBytes: CityGraph.expectedBuildBytes(of: city), diskBytes: ShardStore.expectedBytes(of: city))
            return (city, cost)
        }
        cpuSeconds =
            Self.secondsPerReading * census.readSeconds + Self.secondsPerCoding * census.codecSeconds
            + Self.secondsPerRow * census.rows + Self.secondsPerCity * Double(census.cities.count)
    }

    /// All cities together: cities are opened one after the other, so one build at a time takes memory.
    package var total: LoadCost {
        cities.reduce(into: LoadCost()) { total, city in
            total.rows += city.cost.rows
            total.graphBytes += city.cost.graphBytes
            total.buildBytes = max(total.buildBytes, city.cost.buildBytes)
            total.diskBytes += city.cost.diskBytes
        }
    }
}
