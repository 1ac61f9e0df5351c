// Where one plan is heading while it lives. Its acceptances are a Hawkes process: a base rate, because people are
// asked, and a pull, because people come where others come. The base follows from the turn-out that was planned; pull
// and fading are the city's, fitted on the acceptances of its earlier plans, and stated until there are enough.

package import Basics

/// How acceptances of a city's plans bring each other.
package struct AcceptancePace: Equatable, Sendable {
    /// Acceptances that one brings, on the mean.
    package var branching: Double
    /// Per second.
    package var decay: Double

    package init(branching: Double, decay: Double) {
        self.branching = branching
        self.decay = decay
    }

    /// Half of the acceptances come because of others, within some six hours: stated.
    package static let stated = AcceptancePace(branching: 0.5, decay: 1.0 / 21_600)

    /// Acceptances of all plans from which on they are believed.
    package static let acceptancesMin = 100

    /// Fitted on whole plans of the past, each a cascade in seconds since it opened, laid one behind the other: plans
    /// last for days and pulls for hours, so little reaches over a seam. Nil when there are too few acceptances.
    package init?(fitting plans: [Cascade]) {
        guard plans.reduce(0, { $0 + $1.count }) >= Self.acceptancesMin else { return nil }
        var (times, marks): ([Double], [Double]) = ([], [])
        var start = 0.0
        for plan in plans {
            times += plan.times.map { start + $0 }
            marks += plan.marks
            start += plan.end
        }
        let process = HawkesFit(exponential: Cascade(times: times, marks: marks, end: start)).process
        guard case .exponential(let decay) = process.kernel else { return nil }
        // A plan is full some day, whatever the fit says of few plans.
        self.init(branching: min(process.branching, 0.9), decay: min(max(decay, 1.0 / 259_200), 1.0 / 60))
    }
}

/// The acceptances of one plan, and what they forebode.
package struct PlanMomentum: Equatable, Sendable {
    private let process: Hawkes
    private let pace: AcceptancePace
    /// Seconds since 1970.
    package let opened: UInt64
    private let until: UInt64
    /// Seconds since it opened, and the mark of each.
    private var times: [Double] = []
    private var marks: [Double] = []
    /// Acceptances per day after the last one.
    package private(set) var intensity = 0.0
    /// Acceptances in all that half of the futures reach.
    package private(set) var finalSize = 0.0
    /// Chance that there will be as many as the plan needs; nil before the first forecast.
    package private(set) var reachesMinimum: Double?

    private static let day = 86_400.0
    /// Acceptances at the same time that count as high momentum.
    private static let atOnce = 2.5
    private static let futures = 200

    /// `expected` acceptances in all are planned.
    package init(_ pace: AcceptancePace, opened: UInt64, until: UInt64, expected: Double) {
        precondition(until > opened && expected > 0, "a plan is open for a while, and for somebody")
        self.pace = pace
        self.opened = opened
        self.until = until
        process = Hawkes(
            base: expected * (1 - pace.branching) / Double(until - opened), branching: pace.branching,
            kernel: .exponential(decay: pace.decay))
    }

    package var count: Int { times.count }

    /// The intensity, in acceptances per day, from which momentum is high: what some acceptances at once bring about.
    package var bar: Double {
        Self.day * (process.base + Self.atOnce * process.branching * process.kernel.density(0))
    }

    /// Somebody said yes. Moments do not run backwards: one that lies before the last counts as the last.
    package mutating func accept(at moment: UInt64, mark: Double) {
        let age = moment > opened ? Double(min(moment, until) - opened) : 0
        times.append(max(age, times.last ?? 0))
        marks.append(mark)
    }

    /// Draws futures from the last acceptance on. The same random gives the same forecast.
    package mutating func foresee(minimum: Int, capacity: Int, random: SeededRandom) {
        guard let last = times.last else { return }
        let forecast = MomentumForecast(
            process, after: Cascade(times: times, marks: marks, end: last), until: Double(until - opened),
            minimum: minimum, futures: Self.futures, sizeMax: capacity, random: random)
        intensity = Self.day * forecast.intensity
        finalSize = min(forecast.finalSize.median, Double(capacity))
        reachesMinimum = forecast.reachesMinimum
    }

    /// All of it, for a plan that is over.
    package var cascade: Cascade { Cascade(times: times, marks: marks, end: Double(until - opened)) }
}

/// The stored form, every number little-endian: opened, until `u64`; base, branching, decay, intensity, final size and
/// chance (below zero: none) `f64`; then two lists of `f64`, times and marks.
extension PlanMomentum {
    package func encode(into writer: inout ByteWriter) {
        writer.put(opened)
        writer.put(until)
        for number in [process.base, pace.branching, pace.decay, intensity, finalSize, reachesMinimum ?? -1] {
            writer.put(number)
        }
        writer.put(array: times)
        writer.put(array: marks)
    }

    /// Errors: `ByteError` when bytes are missing or hold what cannot be.
    package init(from reader: inout ByteReader) throws(ByteError) {
        (opened, until) = (try reader.get(), try reader.get())
        let base = try reader.getDouble()
        pace = AcceptancePace(branching: try reader.getDouble(), decay: try reader.getDouble())
        guard until > opened, base > 0, base.isFinite, pace.branching >= 0, pace.branching < 1, pace.decay > 0,
            pace.decay.isFinite
        else { throw .invalid("a plan's momentum") }
        process = Hawkes(base: base, branching: pace.branching, kernel: .exponential(decay: pace.decay))
        intensity = try reader.getDouble()
        finalSize = try reader.getDouble()
        let chance = try reader.getDouble()
        reachesMinimum = chance < 0 ? nil : chance
        times = try reader.getArray(of: Double.self)
        marks = try reader.getArray(of: Double.self)
        guard times.count == marks.count, zip(times, times.dropFirst()).allSatisfy({ $0 <= $1 }),
            times.first ?? 0 >= 0, times.last ?? 0 <= Double(until - opened)
        else { throw .invalid("the acceptances of a plan") }
    }
}
