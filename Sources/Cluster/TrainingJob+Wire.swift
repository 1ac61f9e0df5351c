// The job in words of the wire, so that whoever drives it has no fields to copy.

package import Basics
package import Wire

extension TrainingJob {
    /// The body that asks a city for the open round; `weights` go beside it as bulk frame 0. `others` are where the
    /// cities are that it hears.
    package func trainRound(of city: CityID, others: [CityHome] = []) -> TrainRound {
        let seat = roster.index(of: city) ?? 0
        return TrainRound(
            job: configuration.job, round: UInt32(clamping: round),
            steps: localSteps(of: seat), seed: configuration.seed, model: configuration.model,
            kept: UInt32(clamping: stopping.best?.number ?? 0), format: configuration.policy.format,
            judges: turn == nil, others: others)
    }

    private func localSteps(of seat: Int) -> UInt32 {
        if isJudging { return 0 }
        if turn != nil { return configuration.policy.corrections }
        return UInt32(clamping: steps(seat: seat, average: averages(at: round)))
    }

    /// The body that asks what training a city will cost.
    package var surveyTraining: SurveyTraining {
        SurveyTraining(job: configuration.job, seed: configuration.seed, model: configuration.model)
    }

    /// The body that asks for the delta of a round.
    package func deltaRequest(round: Int) -> DeltaRequest {
        DeltaRequest(job: configuration.job, round: UInt32(clamping: round))
    }

    /// The body that makes a city ready for `weights` (bulk frame 0) under this version.
    package func publishModel(version: ModelVersion) -> PublishModel {
        PublishModel(
            job: configuration.job, version: version, seed: configuration.seed, model: configuration.model,
            rounds: UInt32(clamping: stopping.best?.number ?? rounds.count))
    }

    /// The body that asks a city to fetch a part of another one, which is there.
    package func fetchRows(stage: Int, from city: CityID, at worker: WorkerID, epoch: Epoch) -> FetchRows {
        FetchRows(
            job: configuration.job, stage: UInt32(clamping: stage), from: city, worker: worker, epoch: epoch)
    }

    /// The body that lets a city go on when it has all parts of a stage.
    package func advanceModel(stage: Int, from cities: [CityID]) -> AdvanceModel {
        AdvanceModel(job: configuration.job, stage: UInt32(clamping: stage), from: cities)
    }

    /// The version as people see it.
    package func modelRow(version: ModelVersion, isLive: Bool) -> ModelRow {
        let people = outcomes.reduce(0.0) { $0 + Double($1.people) }
        let ndcg = outcomes.reduce(0.0) { $0 + Double($1.people) * ($1.values.dropFirst().first ?? 0) }
        return ModelRow(
            version: version, isLive: isLive, ready: UInt32(clamping: outcomes.count),
            cities: UInt32(clamping: roster.seats.count), ndcg: people > 0 ? ndcg / people : 0, loss: losses.last ?? 0)
    }

    /// The job as people see it. `name` gives a city's name, `worker` its worker's.
    package func row(name: (CityID) -> String, worker: (CityID) -> String = { _ in "" }) -> JobRow {
        var detail = [roster.complaint(hearsAll: hearsOthers, name: name)]
        if case .failed(let reason) = phase { detail.insert(reason, at: 0) }
        if configuration.policy.survey == .only, phase == .done, let shortage { detail.insert(shortage, at: 0) }
        let short = averaged.count { $0.cities < roster.seats.count }
        if short > 0 { detail.append("\(short) of \(averaged.count) rounds went on without all cities") }
        var row = JobRow(
            job: configuration.job, kind: JobRow.training, state: isAveraging && !isPaused ? "averaging" : state.word,
            round: UInt32(clamping: averages(at: round)), rounds: UInt32(clamping: configuration.rounds),
            doneCities: UInt32(clamping: roster.settledCount), cities: UInt32(clamping: roster.seats.count),
            losses: losses, validations: validations,
            best: UInt32(clamping: stopping.best.map { averages(at: $0.number) } ?? 0),
            detail: detail.filter { !$0.isEmpty }.joined(separator: "; "),
            reports: outcomes.map {
                CityOutcome(city: $0.city, name: name($0.city), values: [Double($0.people)] + $0.values)
            })
        row.cost.bytes = rounds.reduce(openBytes) { $0.addingSaturated($1.bytes) }
        row.cost.lateUsed = rounds.reduce(0) { $0 + UInt64($1.late) }
        row.cost.lateDropped = ignored.late
        row.cost.expectedSeconds = expectedSeconds
        row.cost.expectedBytes = surveys.contains { $0 != nil } ? expectedBytes : 0
        row.parts = roster.seats.indices.map { part(seat: $0, name: name, worker: worker) }
        return row
    }

    private func part(seat: Int, name: (CityID) -> String, worker: (CityID) -> String) -> JobCityRow {
        let (place, record, costs) = (roster.seats[seat], records[seat], surveys[seat]?.costs)
        let state =
            place.fault ?? (place.isSettled ? "given" : place.isHome ? (place.isAsked ? "asked" : "waits") : "away")
        return JobCityRow(
            city: place.city, name: name(place.city), worker: worker(place.city), state: state, rounds: record.rounds,
            late: record.late, samples: record.samples, seconds: record.seconds,
            expectedSeconds: expectedSeconds(seat: seat), residentBytes: costs?.residentBytes ?? 0,
            workingBytes: costs?.workingBytes ?? 0)
    }
}
