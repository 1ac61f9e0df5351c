import Basics
import FoundationEssentials
import Gateway
import Wire

// Orders over HTTP: trainings, what may be done to a job, the version that answers, and cities that move. An order with
// an `Idempotency-Key` starts one job however often it is sent.

/// What a training may be told; what is left out has the default of `muster train`.
private struct TrainingOrder: Decodable {
    var rounds: UInt32?
    var steps: UInt32?
    var seed: UInt64?
    var estimate: Bool?
    var survey: Bool?
    var quorum: Double?
    var deadline: UInt32?
    var staleness: UInt32?
    var outerRate: Float?
    var outerMomentum: Float?
    var growth: Double?
    var stepsMax: UInt32?
    var balance: Double?
    var corrections: UInt32?
    var across: Bool?
    var compress: String?
    var memoryMiB: UInt64?

    /// nil when a word or a number is out of its range.
    var order: StartTraining? {
        var policy = RoundPolicy()
        policy.quorum = quorum ?? policy.quorum
        policy.deadlineSeconds = deadline ?? policy.deadlineSeconds
        policy.staleness = staleness ?? policy.staleness
        policy.outerRate = outerRate ?? policy.outerRate
        policy.outerMomentum = outerMomentum ?? policy.outerMomentum
        policy.growth = growth ?? policy.growth
        policy.stepsMax = stepsMax ?? policy.stepsMax
        policy.balance = balance ?? policy.balance
        policy.corrections = corrections ?? policy.corrections
        policy.across = across ?? policy.across
        policy.memoryBytesMax = (memoryMiB ?? 0) << 20
        policy.survey = estimate == true ? .only : survey == false ? .none : .before
        guard let format = DeltaFormat.allCases.first(where: { $0.name == compress ?? "float32" }) else { return nil }
        policy.format = format
        let (rounds, steps) = (rounds ?? 10, steps ?? 40)
        guard policy.isInRange, (1...10_000).contains(rounds), (1...100_000).contains(steps) else { return nil }
        return StartTraining(rounds: rounds, steps: steps, seed: seed ?? 1, policy: policy)
    }
}

extension HTTPFront {
    func addOrders(to router: inout Router) {
        let desk = desk
        router.on("POST", "/v1/jobs") { request, _ in Self.train(desk, request) }
        for verb in JobVerb.allCases {
            router.on("POST", "/v1/jobs/{job}/\(verb.name)") { _, parts in
                guard let number = UInt64(parts["job"] ?? "") else { return Self.badRequest("a job is a number") }
                return Self.report(desk.ask(Self.envelope(ControlJob(job: JobID(number), verb: verb))))
            }
        }
        router.on("GET", "/v1/models") { _, _ in Self.models(desk.ask(Self.envelope(ModelsRequest()))) }
        router.on("POST", "/v1/models/{model}/use") { _, parts in
            guard let number = UInt64(parts["model"] ?? "") else { return Self.badRequest("a model is a number") }
            return Self.models(desk.ask(Self.envelope(UseModel(version: ModelVersion(number)))))
        }
    }

    func addMoves(to router: inout Router) {
        let desk = desk
        router.on("GET", "/v1/moves") { _, _ in
            Self.translate(desk.ask(Self.envelope(MovesRequest()))) { .json(Self.views(try $0.decode(Moves.self))) }
        }
        router.on("POST", "/v1/cities/{city}/move") { request, parts in
            Self.translate(desk.ask(Self.envelope(StatusRequest()))) { answer in
                Self.move(desk, parts["city"] ?? "", request, in: try answer.decode(Status.self))
            }
        }
    }

    private static func views(_ moves: Moves) -> [MoveView] { moves.rows.map { MoveView($0) } }

    private static func move(_ desk: Desk, _ name: String, _ request: HTTPRequest, in status: Status) -> HTTPResponse {
        guard let city = status.cities.first(where: { $0.name == name })?.city else {
            return problem(Failure(code: .unknownCity, detail: "there is no city '\(name)'"))
        }
        let body = request.body.isEmpty ? Array("{}".utf8) : request.body
        guard let order = try? JSONDecoder().decode(MovingOrder.self, from: Data(body)) else {
            return badRequest("the body is a JSON object with the name of a worker, or empty")
        }
        let worker = order.worker.map { name in status.workers.first { $0.name == name }?.worker }
        if worker == .some(nil) { return badRequest("there is no worker '\(order.worker ?? "")'") }
        return translate(desk.ask(envelope(MoveCity(worker: worker ?? nil), city: city))) { answer in
            let moves = try answer.decode(Moves.self)
            let isUnderWay = moves.rows.contains { $0.city == city && !$0.isOver }
            return .json(views(moves), status: isUnderWay ? 202 : 200, headers: ["Location": "/v1/moves"])
        }
    }

    private static func models(_ answer: Envelope) -> HTTPResponse {
        translate(answer) { .json(try $0.decode(Models.self).rows.map { ModelView($0) }) }
    }

    private static func train(_ desk: Desk, _ request: HTTPRequest) -> HTTPResponse {
        let body = request.body.isEmpty ? Array("{}".utf8) : request.body
        guard let order = try? JSONDecoder().decode(TrainingOrder.self, from: Data(body)), let order = order.order
        else {
            return badRequest("the body is a JSON object of a training's settings, each in its range; see the manual")
        }
        var message = envelope(order)
        message.request = orderNumber(request.headers["idempotency-key"])
        return translate(desk.ask(message)) { answer in
            let job = try answer.decode(JobAccepted.self).job
            return .json(
                AcceptedJob(job: job.number), status: 202, headers: ["Location": "/v1/jobs/\(job)"])
        }
    }

    /// A number that a retry has too and nothing else: of the key, or of the moment. The highest bit tells it from the
    /// loop's own numbers.
    private static func orderNumber(_ key: String?) -> RequestID {
        var random = SeededRandom(seed: UInt64(monotonicSeconds() * 1e9))
        if let key {
            random = SeededRandom(seed: 0)
            for byte in key.utf8 { random = random.child("key", UInt64(byte)) }
        }
        return RequestID(random.state | 1 << 63)
    }
}

/// Where a city is to go; without a name, to the worker that carries least.
private struct MovingOrder: Decodable {
    var worker: String?
}

private struct AcceptedJob: Encodable {
    var job: UInt64
}
