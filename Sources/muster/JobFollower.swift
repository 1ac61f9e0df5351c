import Basics
import FoundationEssentials
import Glibc
import Wire
import World

// Watching a job: a bar on a terminal, or a line of JSON for each round, then what came out.

/// Watches a job until it ends, shows its progress, and prints what came out.
struct JobFollower {
    private let session: Session
    private let job: JobID
    private let isJSON: Bool
    /// File for a picture of the losses.
    private let plot: String?
    /// Whether Ctrl-C pauses the job; else it only ends the watching.
    private let isPausing: Bool

    init(_ session: Session, _ job: JobID, isJSON: Bool, plot: String? = nil, pausing: Bool = true) {
        self.session = session
        self.job = job
        self.isJSON = isJSON
        self.plot = plot
        isPausing = pausing
    }

    func follow() throws {
        // Ctrl-C is noted instead of obeyed at once; the second one ends the command.
        let interrupted = StopFlag()
        onTermination { signal in
            if !interrupted.raise() { exit(128 + signal) }
        }
        var bar = ProgressBar("job \(job)")
        var told = 0
        while true {
            let row = try session.ask(JobRequest(job: job), seconds: 120, for: JobReport.self).row
            if isJSON { try tell(row, from: &told) }
            if row.isOver {
                bar.finish()
                return try conclude(row)
            }
            let part = row.cities == 0 ? 0 : Double(row.doneCities) / Double(row.cities)
            let whole = row.rounds == 0 ? part : (Double(row.round) + part) / Double(row.rounds)
            let loss = row.losses.last.map { "loss \(fixed($0, 4))" } ?? ""
            let ndcg = row.validations.last.map { $0 < 0 ? "" : "  NDCG@10 \(fixed($0, 4))" } ?? ""
            bar.update(whole, "\(row.state), \(row.round) of \(row.rounds) rounds done  \(loss)\(ndcg)")
            if interrupted.isRaised {
                bar.finish()
                try leave()
            }
            usleep(50_000)
        }
    }

    /// One line for each round that is new.
    private func tell(_ row: JobRow, from told: inout Int) throws {
        while told < row.losses.count {
            let loss = row.losses[told]
            told += 1
            try printJSONLine(FinishedRound(job: job.number, round: told, rounds: Int(row.rounds), loss: loss))
        }
    }

    private func leave() throws -> Never {
        if isPausing {
            let paused = try session.ask(ControlJob(job: job, verb: .pause), for: JobReport.self).row
            complain(
                "job \(job) is \(paused.state) after \(paused.round) of \(paused.rounds) rounds; "
                    + "go on: muster resume \(job)")
        } else {
            complain("job \(job) goes on; watch again: muster job \(job) --follow")
        }
        exit(130)
    }

    private func conclude(_ row: JobRow) throws {
        if let plot { try row.plotLosses(to: plot) }
        if isJSON { try printJSONLine(JobView(row)) } else { print(JobText(row).text()) }
        switch row.state {
        case "failed": throw CommandError("job \(row.job) failed: \(row.detail)")
        case "cancelled": throw CommandError("job \(row.job) was cancelled")
        default:
            // What it did is there to be used; the cities it did without are no success.
            guard row.detail.isEmpty else {
                throw CommandError("job \(row.job) is \(row.state), but not all went well: \(row.detail)")
            }
        }
    }
}

extension JobRow {
    var isOver: Bool { ["done", "failed", "cancelled", "paused"].contains(state) }

    /// Draws the loss of each round.
    func plotLosses(to file: String) throws {
        let points = losses.enumerated().map { (x: Double($0.offset + 1), y: $0.element) }
        let plot = Plot(
            title: "job \(job): mean loss of each round", horizontal: "round", vertical: "loss", points: points,
            form: .line)
        do {
            try Data(plot.svg.utf8).write(to: URL(filePath: file))
        } catch {
            throw CommandError("the picture cannot be written: \(error)")
        }
    }
}

/// Progress for programs.
private struct FinishedRound: Encodable {
    var job: UInt64
    var round: Int
    var rounds: Int
    var loss: Double
}
