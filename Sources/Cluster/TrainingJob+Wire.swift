// The job in words of the wire, so that whoever drives it has no fields to copy.

package import Basics
package import Wire

extension TrainingJob {
    /// The body that asks for the open round; `weights` go beside it as bulk frame 0.
    package var trainRound: TrainRound {
        TrainRound(
            job: configuration.job, round: UInt32(clamping: round),
            steps: isJudging ? 0 : UInt32(clamping: configuration.steps), seed: configuration.seed,
            model: configuration.model, kept: UInt32(clamping: stopping.best?.number ?? 0))
    }

    /// The body that makes `weights` (bulk frame 0) live under this version.
    package func publishModel(version: ModelVersion) -> PublishModel {
        PublishModel(
            job: configuration.job, version: version, seed: configuration.seed, model: configuration.model,
            rounds: UInt32(clamping: stopping.best?.number ?? rounds.count))
    }

    /// The job as people see it. `name` gives a city's name.
    package func row(name: (CityID) -> String) -> JobRow {
        var detail = [roster.complaint(name: name)]
        if case .failed(let reason) = phase { detail.insert(reason, at: 0) }
        let short = rounds.count { $0.cities < roster.seats.count }
        if short > 0 { detail.append("\(short) of \(rounds.count) rounds went on without all cities") }
        return JobRow(
            job: configuration.job, kind: "training", state: state.word, round: UInt32(clamping: round),
            rounds: UInt32(clamping: configuration.rounds), doneCities: UInt32(clamping: roster.settledCount),
            cities: UInt32(clamping: roster.seats.count), losses: losses,
            validations: validations, best: UInt32(clamping: stopping.best?.number ?? 0),
            detail: detail.filter { !$0.isEmpty }.joined(separator: "; "),
            reports: outcomes.map {
                CityOutcome(city: $0.city, name: name($0.city), values: [Double($0.people)] + $0.values)
            })
    }
}
