// The durable bytes of a training job, little-endian; texts, lists and options as on the wire.
//
// | what          | bytes                                                                                    |
// | ---           | ---                                                                                      |
// | format        | u8, 6                                                                                    |
// | configuration | job u64, rounds u32, steps u32, seed u64, cities u32 list, model block, stopping u32,    |
// |               | policy as in `startTraining`                                                             |
// | phase         | u8, and the reason where it is failed; then paused as a flag                             |
// | weights       | f32 list, then the outer step's momentum likewise                                        |
// | judged        | option of: best u32, its score f64; judged since u32, scores f64 list, best weights f32   |
// |               | list, judging flag                                                                       |
// | rounds        | list of: cities u32, late u32, samples u64, mean loss f64, bytes u64                     |
// | outcomes      | list of: city u32, people u64, values f64 list                                           |
// | ignored       | late u64, duplicate u64, unexpected u64                                                  |
// | roster        | patience (absence u64, answer u64, losses u32); list of: city u32, five flags (home,     |
// |               | settled, asked, held, gone), since u64 option, losses u32, fault text option             |
// | records       | per seat: rounds u32, late u32, samples u64, seconds f64, last round u32 option          |
// | surveys       | per seat an option of: worker u32, place text, `citySurvey`                              |

package import Basics
import Wire

extension TrainingJob {
    private static let format: UInt8 = 6

    /// Everything but the open round. About 4 bytes per weight, 4 more with an outer momentum, and as many
    /// where averages are judged.
    package func encoded() -> [UInt8] {
        var writer = ByteWriter(
            capacity: 1024 + 4 * (weights.count + momentum.count + bestWeights.count) + 256 * roster.seats.count)
        writer.put(Self.format)
        configuration.encode(into: &writer)
        phase.encode(into: &writer)
        writer.put(isPaused)
        writer.put(array: weights)
        writer.put(array: momentum)
        writer.put(stopping.best != nil)
        if let best = stopping.best {
            writer.put(UInt32(clamping: best.number))
            writer.put(best.score)
        }
        writer.put(UInt32(clamping: stopping.since))
        writer.put(array: validations)
        writer.put(array: bestWeights)
        writer.put(isJudging)
        writer.put(UInt32(rounds.count))
        for round in rounds {
            writer.put(UInt32(clamping: round.cities))
            writer.put(UInt32(clamping: round.late))
            writer.put(round.samples)
            writer.put(round.meanLoss)
            writer.put(round.bytes)
        }
        writer.put(UInt32(outcomes.count))
        for outcome in outcomes {
            writer.put(outcome.city.number)
            writer.put(outcome.people)
            writer.put(array: outcome.values)
        }
        writer.put(ignored.late)
        writer.put(ignored.duplicate)
        writer.put(ignored.unexpected)
        var durable = self
        durable.forgetOpenRound()
        durable.roster.encode(into: &writer)
        for record in records { record.encode(into: &writer) }
        for survey in surveys {
            writer.put(survey != nil)
            survey?.encode(into: &writer)
        }
        return writer.bytes
    }

    /// Reads what `encoded` wrote. After a restart give the job `.start` before anything else.
    package init(decoding bytes: [UInt8]) throws(ByteError) {
        var reader = ByteReader(bytes)
        try reader.checkFormat(Self.format, of: "training job")
        let configuration = try Configuration(from: &reader)
        phase = try JobState(from: &reader)
        isPaused = try reader.getBool()
        weights = try reader.getArray(of: Float.self)
        momentum = try reader.getArray(of: Float.self)
        var best: (number: Int, score: Double)?
        if try reader.getBool() { best = (Int(try reader.get(UInt32.self)), try reader.getDouble()) }
        let since = Int(try reader.get(UInt32.self))
        stopping = EarlyStopping(patience: configuration.stopping, best: best, since: since)
        validations = try reader.getArray(of: Double.self)
        bestWeights = try reader.getArray(of: Float.self)
        isJudging = try reader.getBool()
        for _ in 0..<(try reader.get(UInt32.self)) {
            rounds.append(
                Round(
                    cities: Int(try reader.get(UInt32.self)), late: Int(try reader.get(UInt32.self)),
                    samples: try reader.get(), meanLoss: try reader.getDouble(), bytes: try reader.get()))
        }
        for _ in 0..<(try reader.get(UInt32.self)) {
            outcomes.append(
                Outcome(
                    city: CityID(try reader.get()), people: try reader.get(),
                    values: try reader.getArray(of: Double.self)))
        }
        ignored.late = try reader.get()
        ignored.duplicate = try reader.get()
        ignored.unexpected = try reader.get()
        roster = try Roster(from: &reader)
        open = RoundSum(seats: roster.seats.count)
        exchange = RowExchange(seats: roster.seats.count)
        (records, surveys) = ([], [])
        for _ in roster.seats { records.append(try Record(from: &reader)) }
        for _ in roster.seats { surveys.append(try reader.getBool() ? try Survey(from: &reader) : nil) }
        try reader.finish()
        self.configuration = configuration.with(roster.patience)
        try check()
        roster.leaveOut(allBut: turn)
        forgetOpenRound()
    }

    /// What must hold of a job that this program wrote.
    private func check() throws(ByteError) {
        guard phase != .paused else { throw .invalid("a job that pauses from a pause") }
        guard roster.seats.map(\.city) == configuration.cities else { throw .invalid("other cities than ordered") }
        guard rounds.count <= roundsInAll, phase != .running || isJudging || rounds.count < roundsInAll else {
            throw .invalid("\(rounds.count) finished rounds of \(roundsInAll)")
        }
        let isOpen = roster.seats.contains { $0.isSettled || $0.isAsked || $0.isHeld }
        guard phase != .running || !isOpen else { throw .invalid("an open round that is not durable") }
        guard bestWeights.isEmpty || bestWeights.count == weights.count else {
            throw .invalid("best weights of another model")
        }
        guard !isJudging || !bestWeights.isEmpty else { throw .invalid("a best average without weights") }
        guard momentum.isEmpty || momentum.count == weights.count else { throw .invalid("momentum of another model") }
    }
}

extension TrainingJob.Configuration {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.put(job.number)
        writer.put(UInt32(clamping: rounds))
        writer.put(UInt32(clamping: steps))
        writer.put(seed)
        writer.put(array: cities.map(\.number))
        writer.put(block: model)
        writer.put(UInt32(clamping: stopping))
        policy.encode(into: &writer)
    }

    fileprivate init(from reader: inout ByteReader) throws(ByteError) {
        self.init(
            job: JobID(try reader.get()), rounds: Int(try reader.get(UInt32.self)),
            steps: Int(try reader.get(UInt32.self)), seed: try reader.get(),
            cities: try reader.getArray(of: UInt32.self).map { CityID($0) }, model: try reader.getBlock(),
            stopping: Int(try reader.get(UInt32.self)), policy: try RoundPolicy(from: &reader))
    }

    fileprivate func with(_ patience: JobPatience) -> Self {
        var copy = self
        copy.patience = patience
        return copy
    }
}

extension TrainingJob.Record {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.put(rounds)
        writer.put(late)
        writer.put(samples)
        writer.put(seconds)
        writer.put(optional: last.map { UInt32(clamping: $0) })
    }

    fileprivate init(from reader: inout ByteReader) throws(ByteError) {
        rounds = try reader.get()
        late = try reader.get()
        samples = try reader.get()
        seconds = try reader.getDouble()
        last = (try reader.getOptional() as UInt32?).map { Int($0) }
    }
}
