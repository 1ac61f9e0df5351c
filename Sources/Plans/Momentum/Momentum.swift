// Where a plan is heading. From what happened so far many futures are drawn, and what they have in common is the
// forecast: when acceptances come fastest, how many there will be, and whether the group reaches its minimum.

package import Basics

/// A forecast of one cascade.
package struct MomentumForecast: Equatable, Sendable {
    /// A middle value and what nine of ten futures lie within.
    package struct Interval: Equatable, Sendable {
        package let median: Double
        package let low: Double
        package let high: Double

        /// Of at least one value.
        init(_ values: [Double]) {
            let sorted = values.sorted()
            func quantile(_ share: Double) -> Double { sorted[Int(share * Double(sorted.count - 1) + 0.5)] }
            (low, median, high) = (quantile(0.05), quantile(0.5), quantile(0.95))
        }
    }

    /// Acceptances per unit of time at the moment.
    package let intensity: Double
    /// When they come fastest: the middle of the busiest twentieth of the whole time.
    package let peak: Interval
    /// Acceptances in all, those of the past included.
    package let finalSize: Interval
    /// Chance that there will be at least the minimum.
    package let reachesMinimum: Double

    /// Draws `futures` futures until `end`. A future that explodes counts as `sizeMax` acceptances. The same random
    /// gives the same forecast. O(futures · events).
    package init(
        _ process: Hawkes, after history: Cascade, until end: Double, minimum: Int, futures: Int = 400,
        sizeMax: Int = 10_000,
        random: SeededRandom
    ) {
        precondition(futures > 0 && end >= history.end, "a forecast looks ahead")
        var random = random
        var (peaks, sizes): ([Double], [Double]) = ([], [])
        var reached = 0
        for _ in 0..<futures {
            let future = process.simulate(
                from: history.end, to: end, after: history, marks: history.marks, most: sizeMax, &random)
            let size = history.count + (future?.count ?? sizeMax)
            sizes.append(Double(size))
            peaks.append(Self.peak(history.times + (future?.times ?? []), until: end))
            if size >= minimum { reached += 1 }
        }
        intensity = process.intensity(at: history.end, history)
        peak = Interval(peaks)
        finalSize = Interval(sizes)
        reachesMinimum = Double(reached) / Double(futures)
    }

    /// Whether the acceptances come fast enough for the plan to count as moving by itself.
    package func isHigh(above threshold: Double) -> Bool { intensity >= threshold }

    private static let windows = 20.0

    /// The middle of the window with most events; the first of equals. The start without events.
    private static func peak(_ times: [Double], until end: Double) -> Double {
        let width = end / windows
        var (best, found, first) = (0, 0.0, 0)
        for last in times.indices {
            while times[last] - times[first] > width { first += 1 }
            if last - first + 1 > best {
                best = last - first + 1
                found = (times[first] + times[last]) / 2
            }
        }
        return found
    }
}
