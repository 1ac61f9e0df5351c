// The durable bytes of a training job, little-endian; texts, lists and options as on the wire.
//
// | what          | bytes                                                                                    |
// | ---           | ---                                                                                      |
// | format        | u8, 2                                                                                    |
// | configuration | job u64, rounds u32, steps u32, seed u64, cities u32 list, model block, stopping u32     |
// | phase         | u8, and the reason where it is failed; then paused as a flag                             |
// | weights       | f32 list                                                                                 |
// | judged        | option of: best u32, its score f64; judged since u32, scores f64 list, best weights f32   |
// |               | list, judging flag                                                                       |
// | rounds        | list of: cities u32, samples u64, mean loss f64                                          |
// | outcomes      | list of: city u32, people u64, values f64 list                                           |
// | ignored       | late u64, duplicate u64, unexpected u64                                                  |
// | roster        | patience (absence u64, answer u64, losses u32); list of: city u32, five flags (home,     |
// |               | settled, asked, held, gone), since u64 option, losses u32, fault text option             |
// | contributions | per seat of the roster an option of: weights f32 list, samples u64, mean loss f64,       |
// |               | people judged u64, NDCG f64                                                              |

package import Basics

extension TrainingJob {
    private static let format: UInt8 = 2

    /// Everything, so that `init(decoding:)` gives an equal job. About 4 bytes per weight between rounds, and as much
    /// again per city that has given its result of the open round.
    package func encoded() -> [UInt8] {
        var writer = ByteWriter(capacity: 256 + 4 * weights.count)
        writer.put(Self.format)
        configuration.encode(into: &writer)
        phase.encode(into: &writer)
        writer.put(isPaused)
        writer.put(array: weights)
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
            writer.put(round.samples)
            writer.put(round.meanLoss)
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
        roster.encode(into: &writer)
        for contribution in contributions {
            writer.put(contribution != nil)
            if let contribution { contribution.encode(into: &writer) }
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
                    cities: Int(try reader.get(UInt32.self)), samples: try reader.get(),
                    meanLoss: try reader.getDouble()))
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
        contributions = []
        for _ in roster.seats {
            contributions.append(try reader.getBool() ? try Contribution(from: &reader) : nil)
        }
        try reader.finish()
        self.configuration = configuration.with(roster.patience)
        try check()
    }

    /// What must hold of a job that this program wrote.
    private func check() throws(ByteError) {
        guard phase != .paused else { throw .invalid("a job that pauses from a pause") }
        guard roster.seats.map(\.city) == configuration.cities else { throw .invalid("other cities than ordered") }
        guard rounds.count <= configuration.rounds,
            phase != .running || isJudging || rounds.count < configuration.rounds
        else {
            throw .invalid("\(rounds.count) finished rounds of \(configuration.rounds)")
        }
        for contribution in contributions {
            guard let contribution else { continue }
            let fits = weights.isEmpty || isJudging || contribution.weights.count == weights.count
            guard fits, contribution.weights.isEmpty == isJudging else { throw .invalid("weights of another model") }
        }
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
    }

    fileprivate init(from reader: inout ByteReader) throws(ByteError) {
        self.init(
            job: JobID(try reader.get()), rounds: Int(try reader.get(UInt32.self)),
            steps: Int(try reader.get(UInt32.self)), seed: try reader.get(),
            cities: try reader.getArray(of: UInt32.self).map { CityID($0) }, model: try reader.getBlock(),
            stopping: Int(try reader.get(UInt32.self)))
    }

    fileprivate func with(_ patience: JobPatience) -> Self {
        var copy = self
        copy.patience = patience
        return copy
    }
}

extension Contribution {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.put(array: weights)
        writer.put(samples)
        writer.put(meanLoss)
        writer.put(judgement.people)
        writer.put(judgement.ndcg)
    }

    fileprivate init(from reader: inout ByteReader) throws(ByteError) {
        weights = try reader.getArray(of: Float.self)
        samples = try reader.get()
        meanLoss = try reader.getDouble()
        judgement = TrainingJob.Judgement(people: try reader.get(), ndcg: try reader.getDouble())
    }
}
