// What a training will cost, from what its cities measured: how many steps each takes, how long a round is when every
// worker trains its cities one after the other, what goes over the wire, and whether it fits into memory.

package import Basics
import Glibc
package import Wire

extension TrainingJob {
    /// What one city measured.
    package struct Survey: Equatable, Sendable {
        package var worker: WorkerID
        /// The city and its worker, for people.
        package var place: String
        package var costs: CitySurvey

        package init(worker: WorkerID, place: String, costs: CitySurvey) {
            self.worker = worker
            self.place = place
            self.costs = costs
        }
    }

    mutating func accept(_ survey: Survey, from city: CityID) {
        guard phase == .estimating, let seat = roster.index(of: city) else {
            ignored.unexpected += 1
            return
        }
        surveys[seat] = survey
        roster.settle(city)
    }

    /// Local steps of a seat's city before an average, counted from 0: the schedule's, and of all cities' steps
    /// together its share by size.
    func steps(seat: Int, average: Int) -> Int {
        let policy = configuration.policy
        let grown = Double(configuration.steps) * pow(policy.growth, Double(average))
        let steps = max(1, min(grown, Double(policy.stepsMax)).rounded())
        let sizes = surveys.map { $0.map { pow(Double(max($0.costs.samples, 1)), policy.balance) } }
        let known = sizes.compactMap { $0 }
        guard policy.balance > 0, let size = sizes[seat], !known.isEmpty else { return Int(steps) }
        let share = size * Double(known.count) / known.reduce(0, +)
        return max(1, Int(min(steps * share, Double(Int32.max)).rounded()))
    }

    /// Seconds that a seat's city is expected to compute in all; 0 without a survey.
    package func expectedSeconds(seat: Int) -> Double {
        guard let costs = surveys[seat]?.costs else { return 0 }
        var (total, last) = (costs.indexSeconds, -1.0)
        for average in 0..<configuration.rounds {
            let seconds = seconds(seat, average: average, costs)
            if seconds == last {
                total += Double(configuration.rounds - average) * last
                break
            }
            (total, last) = (total + seconds, seconds)
        }
        return total + Double(turns) * seconds(ofTurn: costs)
    }

    /// Turns of one city in all.
    private var turns: Int { configuration.policy.corrections > 0 ? configuration.rounds : 0 }

    private func seconds(ofTurn costs: CitySurvey) -> Double {
        Double(configuration.policy.corrections) * costs.stepSeconds + costs.roundSeconds
    }

    private func seconds(_ seat: Int, average: Int, _ costs: CitySurvey) -> Double {
        Double(steps(seat: seat, average: average)) * costs.stepSeconds + costs.roundSeconds
    }

    /// Seconds of the whole job: of each round, what the slowest worker takes for its cities. 0 without a survey.
    package var expectedSeconds: Double {
        if surveys.allSatisfy({ $0 == nil }) { return 0 }
        func slowest(_ seconds: (Int, CitySurvey) -> Double) -> Double {
            var sums: [WorkerID: Double] = [:]
            for (seat, survey) in surveys.enumerated() {
                if let survey { sums[survey.worker, default: 0] += seconds(seat, survey.costs) }
            }
            return sums.values.max() ?? 0
        }
        var total = slowest { $1.indexSeconds }
        // Turns wait for each other, wherever their cities are.
        for survey in surveys { if let survey { total += Double(turns) * seconds(ofTurn: survey.costs) } }
        var last: (steps: [Int], seconds: Double)?
        for average in 0..<configuration.rounds {
            let steps = surveys.indices.map { self.steps(seat: $0, average: average) }
            // Rounds are alike once their steps grow no more.
            if let last, last.steps == steps { return total + Double(configuration.rounds - average) * last.seconds }
            let seconds = slowest { self.seconds($0, average: average, $1) }
            last = (steps, seconds)
            total += seconds
        }
        return total
    }

    /// Bytes of weights and deltas of the whole job, and of what cities tell those of other workers before the model
    /// goes live; 0 without a survey.
    package var expectedBytes: UInt64 {
        let count = UInt64(surveys.compactMap { $0?.costs.weights }.max() ?? 0)
        let cities = UInt64(surveys.count { $0 != nil })
        let rounds = UInt64(configuration.rounds + turns)
        let up = UInt64(configuration.policy.format.bytesPerNumber)
        // The first round goes down without weights and comes up with them.
        return (cities * count * (rounds * (4 + up) + 4)).addingSaturated(expectedTold)
    }

    /// A city says how much it and the homes of its guests tell each other, and not which cities those are: guests come
    /// from others by their size. Between two cities of one worker nothing goes over a wire.
    private var expectedTold: UInt64 {
        let known = surveys.compactMap { $0 }
        let all = known.reduce(0.0) { $0 + Double($1.costs.samples) }
        var here: [WorkerID: Double] = [:]
        for survey in known { here[survey.worker, default: 0] += Double(survey.costs.samples) }
        let told = known.reduce(0.0) { sum, survey in
            let others = all - Double(survey.costs.samples)
            let share = others > 0 ? (all - here[survey.worker, default: 0]) / others : 0
            return sum + share * Double(survey.costs.exchangeBytes)
        }
        return UInt64(exactly: told.rounded()) ?? .max
    }

    /// Why the job does not fit into some worker's memory; nil when it does. Cities are trained one after the other, so
    /// one at a time takes working memory.
    package var shortage: String? {
        var workers: [WorkerID: [Survey]] = [:]
        for survey in surveys { if let survey { workers[survey.worker, default: []].append(survey) } }
        for worker in workers.keys.sorted() {
            guard let surveys = workers[worker], let first = surveys.first else { continue }
            let need =
                surveys.reduce(UInt64(0)) { $0.addingSaturated($1.costs.residentBytes) }
                .addingSaturated(surveys.map(\.costs.workingBytes).max() ?? 0)
            let own = configuration.policy.memoryBytesMax
            let limit = own > 0 ? own : first.costs.memoryBytes
            guard need > limit else { continue }
            func weight(_ survey: Survey) -> UInt64 { survey.costs.residentBytes + survey.costs.workingBytes }
            let largest = surveys.max { weight($0) < weight($1) } ?? first
            return "training does not fit: \(surveys.count) cities of one worker need \(Self.mebibytes(need)), it may "
                + "use \(Self.mebibytes(limit)); the largest is \(largest.place), with "
                + "\(Self.mebibytes(largest.costs.residentBytes)) that stay and "
                + "\(Self.mebibytes(largest.costs.workingBytes)) for a step; allow more memory, or train fewer "
                + "dimensions"
        }
        return nil
    }

    private static func mebibytes(_ bytes: UInt64) -> String { "\((bytes + (1 << 19)) >> 20) MiB" }

    mutating func closeSurvey() -> [Action] {
        if configuration.policy.survey == .only {
            guard surveys.contains(where: { $0 != nil }) else { return end(.failed("no city could be measured")) }
            return end(.done)
        }
        if let shortage { return end(.failed(shortage)) }
        phase = .running
        roster.begin(only: nil)
        return [.checkpoint]
    }
}

extension TrainingJob.Survey {
    func encode(into writer: inout ByteWriter) {
        writer.put(worker.number)
        writer.put(place)
        costs.encode(into: &writer)
    }

    init(from reader: inout ByteReader) throws(ByteError) {
        self.init(
            worker: WorkerID(try reader.get()), place: try reader.getString(), costs: try CitySurvey(from: &reader))
    }
}
