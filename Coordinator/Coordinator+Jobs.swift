import Basics
import Cluster
import Glibc
import Wire

// Jobs: what people order, what workers answer, and carrying out what the state machines say. A model's version is the
// number of the job that trained it.

extension Coordinator {
    func serveJobs(_ request: Envelope, from peer: [UInt8]) throws {
        switch request.kind {
        case .startTraining:
            let order = try request.decode(StartTraining.self)
            if let open = openTraining(except: request.request) {
                let detail =
                    "job \(open) is not over; muster resume \(open) goes on with it, muster cancel \(open) ends it"
                return refuse(request, peer, .badRequest, detail)
            }
            try begin(request, from: peer) { job in
                .training(
                    TrainingJob(
                        .init(
                            job: job, rounds: Int(order.rounds), steps: Int(order.steps), seed: order.seed,
                            cities: Array(map.cities.keys), model: order.model, stopping: Int(order.patience),
                            policy: order.policy, patience: jobPatience)))
            }
        case .startPlanning:
            let order = try request.decode(StartPlanning.self)
            let cities = order.cities.isEmpty ? Array(map.cities.keys) : order.cities
            if let stranger = cities.first(where: { map.cities[$0] == nil }) {
                return refuse(request, peer, .unknownCity, "there is no city \(stranger)")
            }
            try begin(request, from: peer) { job in
                .planning(
                    PlanJob(
                        .init(
                            job: job, seedsPerCity: order.seedsPerCity, seed: order.seed, origin: order.origin,
                            cities: cities,
                            patience: jobPatience)))
            }
        case .jobRequest:
            report(try request.decode(JobRequest.self).job, request, to: peer)
        case .controlJob:
            let order = try request.decode(ControlJob.self)
            drive(order.job) { $0.control(order.verb) }
            if order.verb == .cancel, jobs[order.job] != nil {
                for worker in membership.alive {
                    if let home = membership.peer(of: worker) { send(Envelope(order, job: order.job), to: home) }
                }
            }
            report(order.job, request, to: peer)
        default:
            preconditionFailure("\(request.kind) is not about jobs")
        }
    }

    /// A city that has lost its worker fifty times at one piece of work is what kills it.
    private var jobPatience: JobPatience { JobPatience(absence: patience, answer: 120, losses: 50) }

    /// One training at a time: shards keep the state of one.
    private func openTraining(except request: RequestID) -> JobID? {
        jobs.keys.sorted().first { number in
            guard let running = jobs[number], running.training != nil else { return false }
            return !running.state.isOver && running.request != request
        }
    }

    private func report(_ job: JobID, _ request: Envelope, to peer: [UInt8]) {
        guard let row = jobRow(job) else { return refuse(request, peer, .badRequest, "there is no job \(job)") }
        send(request.answer(JobReport(row: row)), to: peer)
    }

    func jobRow(_ job: JobID) -> JobRow? {
        jobs[job]?.row(
            name: { map.cities[$0]?.name ?? "?" },
            worker: { map.cities[$0]?.worker.flatMap { map.workers[$0] } ?? "" }, now: monotonicSeconds())
    }

    private func begin(_ request: Envelope, from peer: [UInt8], _ make: (JobID) -> Ledger.Job) throws {
        if let known = jobs.first(where: { $0.value.request == request.request })?.key {
            send(request.answer(JobAccepted(job: known)), to: peer)
            return
        }
        let number = try ledger.nextJob()
        let job = make(number)
        try ledger.save(job, number: number, request: request.request)
        jobs[number] = RunningJob(job: job, request: request.request)
        send(request.answer(JobAccepted(job: number)), to: peer)
        drive(number) { $0.start(alive: citiesAtHome, now: monotonicSeconds()) }
    }

    private var citiesAtHome: [CityID] {
        map.placements.filter { placement in
            placement.worker.map { membership.peer(of: $0) != nil } ?? false && !isMoving(placement.city)
        }.map(\.city)
    }

    /// After a restart: running jobs ask again whoever has not answered.
    func restartJobs() {
        for number in jobs.keys.sorted() where jobs[number]?.state.isOver == false {
            drive(number) { $0.start(alive: citiesAtHome, now: monotonicSeconds()) }
        }
    }

    /// The training whose model cities are to have.
    var newestTrained: JobID? { jobs.keys.sorted().last { jobs[$0]?.isTrained == true } }

    /// Also to the newest finished training: it still brings its model to a city that comes back late.
    func tellJobs(reached city: CityID) {
        let newest = newestTrained
        for number in jobs.keys.sorted() { drive(number, evenIfOver: number == newest) { $0.reached(city) } }
    }

    func tellJobs(lost city: CityID) {
        for number in jobs.keys.sorted() { drive(number) { $0.lost(city) } }
    }

    /// Tells a job what happened and does what it says, in order.
    func drive(_ number: JobID, evenIfOver: Bool = false, _ event: (RunningJob) -> [RunningJob.Action]) {
        guard let running = jobs[number], evenIfOver || !running.state.isOver else { return }
        var actions = event(running)
        var next = 0
        while next < actions.count {
            if let failed = carryOut(actions[next], of: number, running) {
                actions += running.failed(failed, detail: "its worker cannot be reached", retry: true)
            }
            next += 1
        }
    }

    /// nil, or the city that could not be asked.
    private func carryOut(_ action: RunningJob.Action, of number: JobID, _ running: RunningJob) -> CityID? {
        switch action {
        case .checkpoint:
            do {
                try ledger.save(running.job, number: number, request: running.request)
            } catch {
                // What follows a checkpoint must not happen without it. A restart goes on from the last good one.
                Log.error("a job's state cannot be stored; stopping", ["job": number, "reason": "\(error)"])
                exit(1)
            }
            return nil
        case .goLive:
            makeLive(ModelVersion(number.number))
            return nil
        case .finished:
            Log.info("job is over", ["job": number, "state": running.state.word])
            forgetOldJobs(except: number)
            return nil
        case .plan(let city):
            return running.planning.flatMap { ask(city, $0.planCity, job: number, bulk: []) }
        case .survey(let city):
            return running.training.flatMap { ask(city, $0.surveyTraining, job: number, bulk: []) }
        case .train(let city, _):
            return running.training.flatMap { training in
                // Of a city that it is to hear, and that has just left, the job hears in a moment.
                let others = training.others(of: city)
                let homes = others.compactMap { home(of: $0) }
                guard homes.count == others.count else { return city }
                let order = training.trainRound(of: city, others: homes)
                return ask(city, order, job: number, bulk: running.weightsFrame())
            }
        case .collect(let city, let round):
            return running.training.flatMap { ask(city, $0.deltaRequest(round: round), job: number, bulk: []) }
        case .prepare, .fetch, .advance, .publish: return carryOutPublishing(action, of: number, running)
        }
    }

    private func carryOutPublishing(
        _ action: RunningJob.Action, of number: JobID, _ running: RunningJob
    ) -> CityID? {
        guard let training = running.training else { return nil }
        let order = training.publishModel(version: ModelVersion(number.number))
        switch action {
        case .prepare(let city): return ask(city, PrepareModel(order), job: number, bulk: running.weightsFrame())
        case .fetch(let city, let from, let stage):
            guard let other = home(of: from) else { return city }
            let fetch = training.fetchRows(stage: stage, from: from, at: other.worker, epoch: other.epoch)
            return ask(city, fetch, job: number, bulk: [])
        case .advance(let city, let stage, let from):
            return ask(city, training.advanceModel(stage: stage, from: from), job: number, bulk: [])
        case .publish(let city): return ask(city, order, job: number, bulk: running.weightsFrame())
        default: preconditionFailure("an action that has nothing to do with publishing")
        }
    }

    /// Where a city is, for other workers.
    private func home(of city: CityID) -> CityHome? {
        guard let placement = map.cities[city], let worker = placement.worker else { return nil }
        return CityHome(city: city, worker: worker, epoch: placement.epoch)
    }

    /// Keeps the newest finished jobs; an old one holds a whole model that nobody asks for.
    /// The model that is live stays, and the job that has just ended.
    private func forgetOldJobs(except ended: JobID) {
        let kept = [ended, newestTrained, JobID(live.number)]
        let old = jobs.keys.sorted().filter { jobs[$0]?.state.isOver == true && !kept.contains($0) }
            .dropLast(Self.jobsKept)
        if old.isEmpty { return }
        do {
            try ledger.forget(Array(old))
            for number in old { jobs[number] = nil }
        } catch {
            Log.warn("old jobs are not forgotten", ["reason": "\(error)"])
        }
    }

    private static let jobsKept = 20

    private func ask(_ city: CityID, _ order: some Body, job: JobID, bulk: [[UInt8]]) -> CityID? {
        guard let placement = map.cities[city], let worker = placement.worker,
            let peer = membership.peer(of: worker)
        else { return city }
        let message = Envelope(order, city: city, epoch: placement.epoch, job: job, bulk: bulk)
        return send(message, to: peer) ? nil : city
    }

    func takeJobAnswer(_ message: Envelope, from peer: [UInt8]) throws {
        guard let city = message.city, try isOwner(peer, of: city, message) else { return }
        switch message.kind {
        case .citySurvey:
            let survey = try message.decode(CitySurvey.self)
            let placement = map.cities[city]
            let worker = placement?.worker ?? WorkerID(0)
            let place = "\(placement?.name ?? "?") on \(map.workers[worker] ?? "?")"
            drive(survey.job) { $0.handle(.surveyed(city, worker: worker, place: place, survey)) }
        case .roundResult:
            let result = try message.decode(RoundResult.self)
            drive(result.job) {
                $0.handle(
                    .trained(
                        city, round: Int(result.round), samples: result.samples, meanLoss: result.meanLoss,
                        seconds: result.seconds, judgement: .init(people: result.judged, ndcg: result.ndcg)))
            }
        case .delta:
            let delta = try message.decode(Delta.self)
            let bytes = try message.bulkBytes()
            guard let values = delta.format.unpacked(bytes) else {
                throw WireError.floats(index: 0, bytes: bytes.count)
            }
            let base = message.bulk.count > 1 ? try message.bulkFloats(at: 1) : []
            drive(delta.job) {
                $0.handle(
                    .delta(
                        city, round: Int(delta.round), values: values, base: base, bytes: bytes.count + 4 * base.count))
            }
        case .modelPrepared, .rowsFetched, .modelAdvanced: try takeExchange(message, of: city)
        case .published:
            let outcome = try message.decode(Published.self)
            drive(outcome.job, evenIfOver: true) {
                $0.handle(.published(city, people: outcome.people, values: outcome.values))
            }
        default:
            let outcome = try message.decode(Planned.self)
            drive(outcome.job) { $0.handle(.planned(city, seeds: outcome.seeds, created: outcome.created)) }
        }
    }

    /// How far a city is in embedding itself together with others.
    private func takeExchange(_ message: Envelope, of city: CityID) throws {
        switch message.kind {
        case .modelPrepared:
            let body = try message.decode(ModelPrepared.self)
            drive(body.job) { $0.handle(.prepared(city, homes: body.homes, layers: Int(body.layers))) }
        case .rowsFetched:
            let body = try message.decode(RowsFetched.self)
            let (from, stage) = (body.from, Int(body.stage))
            if body.outcome == .taken {
                return drive(body.job) { $0.handle(.took(city, from: from, stage: stage, bytes: body.bytes)) }
            }
            Log.warn("a part of another city was not fetched", ["job": body.job, "city": city, "reason": body.detail])
            drive(body.job) { $0.handle(.missed(city, from: from, stage: stage, isGone: body.outcome == .gone)) }
        default:
            let body = try message.decode(ModelAdvanced.self)
            drive(body.job) { $0.handle(.advanced(city, stage: Int(body.stage))) }
        }
    }

    /// A worker's refusal: of a job's order, or of a forwarded request.
    func takeFailure(_ message: Envelope, from peer: [UInt8]) throws {
        var failure = try message.decode(Failure.self)
        // The worker has not opened the city yet, or cannot now: we know better that there is one.
        if failure.code == .unknownCity { failure.code = .unavailable }
        guard message.job.number > 0, let city = message.city else {
            if takeMoveFailure(message, failure, from: peer) { return }
            return passBack(message.answer(failure))
        }
        guard try isOwner(peer, of: city, message) else { return }
        Log.warn("a city could not do its part", ["job": message.job, "city": city, "reason": failure.detail])
        let retry = failure.code.isWorthRetrying || failure.code == .cancelled || failure.code == .staleEpoch
        drive(message.job) { $0.failed(city, detail: failure.detail, retry: retry) }
    }

    /// Answers count from the city's present owner, at its present epoch, only.
    private func isOwner(_ peer: [UInt8], of city: CityID, _ message: Envelope) throws -> Bool {
        guard let placement = map.cities[city], let worker = membership.worker(of: peer),
            placement.worker == worker, placement.epoch == message.epoch, moves[city]?.mayBeClosed != true
        else {
            Log.warn("answer dropped: not from the city's present owner", ["city": city, "kind": message.kind.name])
            return false
        }
        return true
    }
}
