import Basics

@testable import Wire

/// One well-filled message of every kind, in an envelope with every header field set.
enum Samples {
    static let report = CityReport(
        city: CityID(3), epoch: Epoch(4), people: 5, halo: 6, places: 7, visits: 8, friendships: 9, friendLabels: 13,
        gatherings: 14, outboxLag: 10, modelVersion: ModelVersion(11), seeds: 12, outboxWait: 15,
        signalsWait: 16, signalsTaken: 17, signalsRefused: 18, deadLetters: 19, indexRecall: 0.99)
    static let door = Door(address: "tcp://127.0.0.1:7500", publicKey: String(repeating: "k", count: 40))
    static let cities = [
        CityRow(
            city: CityID(0), name: "Köln", epoch: Epoch(2), worker: WorkerID(1), workerName: "worker-1",
            alive: true, report: report),
        CityRow(
            city: CityID(1), name: "", epoch: Epoch(0), worker: nil, workerName: "", alive: false, report: nil),
    ]
    static let job = JobRow(
        job: JobID(9), kind: "training", state: "running", round: 2, rounds: 10, doneCities: 1, cities: 2,
        losses: [0.69, 0.5], validations: [0.125], best: 1, detail: "waits for 1 city",
        reports: [CityOutcome(city: CityID(0), name: "Köln", values: [0.1, 0.2])])
    static let policy = {
        var policy = RoundPolicy()
        (policy.quorum, policy.deadlineSeconds, policy.staleness) = (0.75, 30, 0)
        (policy.outerRate, policy.outerMomentum) = (0.7, 0.9)
        (policy.growth, policy.stepsMax, policy.balance) = (2, 640, 0.5)
        (policy.corrections, policy.across) = (3, true)
        (policy.format, policy.memoryBytesMax, policy.survey) = (.bfloat16, 1 << 30, .before)
        return policy
    }()
    static let fullJob = {
        var row = job
        (row.cost.bytes, row.cost.lateUsed, row.cost.lateDropped) = (1000, 1, 2)
        (row.cost.secondsLeft, row.cost.expectedSeconds, row.cost.expectedBytes) = (3, 4, 5)
        row.parts = [
            JobCityRow(
                city: CityID(0), name: "Köln", worker: "worker-1", state: "given", rounds: 2, late: 1, samples: 30,
                seconds: 4, expectedSeconds: 5, residentBytes: 6, workingBytes: 7)
        ]
        return row
    }()
    static let emptyJob = JobRow(
        job: JobID(0), kind: "", state: "", round: 0, rounds: 0, doneCities: 0, cities: 0, losses: [], detail: "",
        reports: [])
    static let seed = SeedRow(
        id: SeedID(1), city: CityID(2), venue: PlaceID(3), starters: [PersonID(4), PersonID(5)], slot: "evening",
        conversion: 0.25, expectedTurnout: 6.5, score: 1.5, invites: [PersonID(6)])
    static let emptySeed = SeedRow(
        id: SeedID(0), city: CityID(0), venue: PlaceID(0), starters: [], slot: "", conversion: 0,
        expectedTurnout: 0, score: 0, invites: [])
    static let reason = ReasonRow(
        kind: "tags", features: ["yoga", "gym"], effect: 0.25, text: "Matches your interest in yoga and gym.")
    static let weights = [[UInt8]]([[0, 0, 128, 63]])

    static let all: [any Body] = [
        Hello(role: .worker, name: "worker-1", processID: 77),
        Welcome(worker: WorkerID(1), cluster: 0xABCD, heartbeatMilliseconds: 1000),
        Refused(reason: "the wrong version"),
        Heartbeat(door: door, peers: 6, cities: [report, CityReport(city: CityID(4), epoch: Epoch(1))]),
        HeartbeatAnswer(),
        Goodbye(),
        Assign(cities: [CityAssignment(city: CityID(1), name: "Graz", epoch: Epoch(3), isArriving: true)]),
        Assigned(),
        Failure(code: .staleEpoch, detail: "city 1 has epoch 4, the request has 3"),
        PeerTable(
            number: 6,
            rows: [
                PeerRow(worker: WorkerID(1), name: "worker-1", door: door),
                PeerRow(worker: WorkerID(2), name: "", door: Door(address: "", publicKey: "")),
            ]),
        RegisterCities(names: ["Köln", "Graz"], loads: [7, 8]),
        CityTable(cities: cities),
        ImportBlock(),
        Imported(new: 3, known: 2, rejects: [RowReject(index: 4, reason: "a price band of 9")]),
        ExportRequest(table: .visits, snapshot: 4, cursor: [1, 2, 3]),
        ExportRows(rows: 4, snapshot: 8, next: [5, 6], model: ModelVersion(7), dimensions: 65),
        StatusRequest(),
        Status(
            cluster: 5, build: "0.1.0",
            workers: [WorkerRow(worker: WorkerID(1), name: "worker-1", alive: true, processID: 77, cities: 1)],
            cities: cities, jobs: [job, emptyJob]),
        JobAccepted(job: JobID(9)),
        JobRequest(job: JobID(9)),
        JobReport(row: fullJob),
        ControlJob(job: JobID(9), verb: .pause),
        StartTraining(rounds: 10, steps: 20, seed: 30, model: [1, 2, 3], patience: 3, policy: policy),
        TrainRound(
            job: JobID(9), round: 1, steps: 20, seed: 30, model: [1, 2, 3], kept: 1, format: .bfloat16,
            others: [CityHome(city: CityID(4), worker: WorkerID(2), epoch: Epoch(3))]),
        RoundResult(job: JobID(9), round: 1, samples: 5120, meanLoss: 0.5, seconds: 1.5, judged: 40, ndcg: 0.125),
        PublishModel(job: JobID(9), version: ModelVersion(2), seed: 30, model: [1], rounds: 1),
        Published(job: JobID(9), people: 40, values: [0.1, 0.2, 0.3, 0.4]),
        EvaluationRequest(cutoffs: [10, 20], seed: 30),
        Evaluation(
            version: ModelVersion(2),
            rows: [
                EvaluationRow(
                    method: "model", cutoff: 10, people: 40, recall: 0.1, precision: 0.2, ndcg: 0.3, hitRate: 0.4,
                    coverage: 0.5)
            ]),
        DeltaRequest(job: JobID(9), round: 1),
        Delta(job: JobID(9), round: 1, format: .float16),
        SurveyTraining(job: JobID(9), seed: 30, model: [1, 2, 3]),
        CitySurvey(
            job: JobID(9), samples: 1000, weights: 50, stepSeconds: 0.1, roundSeconds: 0.2, indexSeconds: 0.3,
            residentBytes: 4000, workingBytes: 5000, memoryBytes: 6000, exchangeBytes: 7000),
        UseModel(version: ModelVersion(2)),
        ModelUsed(version: ModelVersion(2)),
        ModelsRequest(),
        Models(rows: [ModelRow(version: ModelVersion(2), isLive: true, ready: 3, cities: 4, ndcg: 0.1, loss: 4.5)]),
        StartPlanning(cities: [CityID(1), CityID(2)], seedsPerCity: 50, seed: 30, origin: .learned),
        PlanCity(job: JobID(10), seedsPerCity: 50, seed: 30, origin: .learned),
        Planned(job: JobID(10), seeds: 50, created: 49),
        SeedsRequest(count: 10),
        Seeds(seeds: [seed, emptySeed]),
        InfluencersRequest(
            cities: [CityID(1)], count: 10, epsilon: 0.1, seed: 30, origin: .learned, model: .linearThreshold,
            forced: [PersonID(7)], forbidden: [PersonID(8)], spend: 20,
            costs: [PersonAmount(person: PersonID(7), amount: 2)],
            values: [PersonAmount(person: PersonID(9), amount: 0.5)], perCity: 3,
            groups: [PersonGroup(person: PersonID(9), group: 2)], perGroup: 1),
        Influencers(
            people: [InfluencerRow(person: PersonID(8), city: CityID(1), marginal: 12.5)], spread: 12.5,
            certifiedRatio: 0.6, greedyRatio: 0.632, confidence: 0.99, epsilon: 0.1, sets: 4096, exchanged: 70),
        ExplainRequest(seed: SeedID(4)),
        SeedExplanation(
            seed: seed, demand: 40.5, rank: 3, cells: 300, weights: [0.5, 0.125, 0.125, 0.125, 0.125],
            fixedWeights: [0.25, 0.25, 0.25, 0.125, 0.125],
            life: [
                SeedLife(
                    stage: "gathering", asked: 5, accepted: 3, declined: 1, reachesMinimum: 0.75, expected: 6,
                    isHighMomentum: true)
            ],
            starters: [ExplainedPerson(person: PersonID(1), acceptance: 0.25, adds: 0.125, friends: 0)],
            guests: [ExplainedPerson(person: PersonID(2), acceptance: 0.5, adds: 1.5, friends: 2)]),
        FeedRequest(person: PersonID(7), count: 10),
        Feed(cards: [FeedCard(seed: seed, starts: true, score: 2.5, terms: [1, 0.5, 0.5, 0.25, 0.25])]),
        EventsRequest(seed: SeedID(4), after: 7, count: 100),
        EventRows(
            first: 3, acknowledged: 5, last: 9, waitingMilliseconds: 250, state: "flows",
            rows: [EventRow(sequence: 8, payload: [123, 125])]),
        PostSignals(key: "evening 17"),
        SignalsTaken(taken: 2, refused: [RowReject(index: 1, reason: "there is no such kind of signal")]),
        RecommendPlaces(
            person: PersonID(4), count: 10, slot: "evening", categories: ["sports"], tags: ["yoga", "gym"],
            priceMost: 3, onlyNew: true, version: ModelVersion(2)),
        PlaceRecommendations(
            asker: AskerRow(version: ModelVersion(2), isKnown: false, isAway: true),
            places: [PlaceRecommendation(place: PlaceID(3), score: 1.5, reasons: [reason])]),
        RecommendPeople(
            person: PersonID(4), count: 10, slot: "night", place: PlaceID(3), tags: ["yoga"],
            blocked: [PersonID(5), PersonID(6)], alpha: 0.25, version: ModelVersion(2)),
        PeopleRecommendations(
            asker: AskerRow(version: ModelVersion(2), isKnown: true, isAway: false),
            people: [
                PersonRecommendation(
                    person: PersonID(5), score: 1.5, compatible: 2.5, attends: 0.5, reasons: [reason, reason])
            ]),
        PersonRequest(person: PersonID(4)),
        PersonAnswer(home: CityID(3)),
        PersonMissing(question: Kind.recommendPlaces.rawValue, body: [1, 2, 3]),
        SearchOrder(search: 5, step: .join(base: 100, seed: 30, guests: [1 << 32 | 7, .max])),
        SearchReply(search: 5, residents: 60, people: [PersonID(4)], homes: [CityID(2)], numbers: [7, .max]),
        PrepareModel(PublishModel(job: JobID(9), version: ModelVersion(2), seed: 30, model: [1], rounds: 1)),
        ModelPrepared(job: JobID(9), homes: [CityID(1), CityID(4)], layers: 2),
        AdvanceModel(job: JobID(9), stage: 1, from: [CityID(1), CityID(4)]),
        ModelAdvanced(job: JobID(9), stage: 1),
        fetch,
        RowsFetched(fetch, .unreached, bytes: 70, detail: "worker-2 has not answered"),
        RowsRequest(job: JobID(9), stage: 1, to: CityID(4)),
        Rows(isKept: true),
        ElsewhereRequest(job: JobID(9), seed: 30, model: [1], to: CityID(4)),
        Elsewhere(),
        MoveCity(worker: WorkerID(2)),
        MovesRequest(),
        Moves(rows: [
            MoveRow(
                city: CityID(1), epoch: Epoch(4), name: "Graz", from: "worker-1", to: "worker-2", phase: "copying",
                bytes: 70, detail: "asked again")
        ]),
        MoveOrder(.receiveRest, epoch: Epoch(4), other: WorkerID(1), name: "Graz"),
        MoveReply(MoveOrder(.release, epoch: Epoch(4), other: WorkerID(2), name: "Graz"), bytes: 7, fault: "busy"),
        CityFilesRequest(isClosed: true),
        CityFiles(files: [.init(name: "000012.sst", bytes: 4096)]),
        CityFileRequest(isClosed: false, name: "CURRENT", offset: 1, count: 16),
        CityFilePart(),
    ]
    private static let fetch = FetchRows(
        job: JobID(9), stage: 1, from: CityID(4), worker: WorkerID(2), epoch: Epoch(3))

    static func envelope(of message: some Body) -> Envelope {
        Envelope(
            message, request: RequestID(0x0102_0304_0506_0708), city: CityID(9), deadlineMilliseconds: 2000,
            epoch: Epoch(7), job: JobID(6), bulk: weights)
    }
}
