import Basics
import Gateway
import Wire

// HTTP in, Wire out. A handler only translates: it asks the loop in the words every command uses, and puts the answer
// into JSON.
//
//     GET /livez                       the process runs
//     GET /readyz                      every city has its worker here
//     GET /metrics                     figures of the cities, for Prometheus
//     GET /v1/status                   workers, cities, jobs
//     GET /v1/jobs                     the newest jobs
//     GET /v1/jobs/{job}               one job
//     POST /v1/jobs                    order a training: 202 and the job
//     POST /v1/jobs/{job}/pause        and /resume, /cancel
//     GET /v1/models                   versions of the model
//     POST /v1/models/{model}/use      answer with it everywhere
//     GET /v1/moves                    cities that change their worker
//     POST /v1/cities/{city}/move      to another worker: 202
//     GET /v1/cities/{city}/seeds      the best plan seeds, ?top=10
//     GET /v1/influencers              whom to ask first, ?cities=Bergen,Oslo&count=50; POST with costs, values, groups
//     GET /v1/recommend/places         places for ?person=7
//     GET /v1/recommend/people         people for ?person=7

struct HTTPFront {
    let desk: Desk

    var handler: @Sendable (HTTPRequest) -> HTTPResponse {
        var router = Router()
        let desk = desk
        router.on("GET", "/livez") { _, _ in HTTPResponse.text("ok\n") }
        router.on("GET", "/readyz") { _, _ in Self.readiness(desk) }
        router.on("GET", "/metrics") { _, _ in Self.metrics(desk) }
        router.on("GET", "/v1/status") { _, _ in
            Self.translate(desk.ask(Self.envelope(StatusRequest()))) { envelope in
                .json(StatusView(try envelope.decode(Status.self)))
            }
        }
        router.on("GET", "/v1/jobs") { _, _ in
            Self.translate(desk.ask(Self.envelope(StatusRequest()))) { envelope in
                .json(StatusView(try envelope.decode(Status.self)).jobs)
            }
        }
        router.on("GET", "/v1/jobs/{job}") { _, parts in Self.job(desk, parts["job"] ?? "") }
        addOrders(to: &router)
        addMoves(to: &router)
        router.on("GET", "/v1/cities/{city}/seeds") { request, parts in
            Self.seeds(desk, city: parts["city"] ?? "", top: request.query["top"])
        }
        addPlanRoutes(to: &router)
        addInfluencers(to: &router)
        let names = CityNames()
        router.on("GET", "/v1/recommend/places") { request, _ in Self.recommendPlaces(desk, names, request) }
        router.on("GET", "/v1/recommend/people") { request, _ in Self.recommendPeople(desk, names, request) }
        Self.addEvents(to: &router, desk)
        let routes = router
        return { routes.answer($0) }
    }

    private static func readiness(_ desk: Desk) -> HTTPResponse {
        translate(desk.ask(envelope(StatusRequest()))) { answer in
            let status = try answer.decode(Status.self)
            let homeless = status.cities.filter { !$0.alive }.map(\.name)
            let workers = status.workers.count { $0.alive }
            let ready = homeless.isEmpty && workers > 0
            return .json(
                Readiness(ready: ready, workers: workers, citiesWithoutHome: homeless), status: ready ? 200 : 503)
        }
    }

    private static func job(_ desk: Desk, _ text: String) -> HTTPResponse {
        guard let number = UInt64(text) else { return badRequest("a job is a number") }
        return report(desk.ask(envelope(JobRequest(job: JobID(number)))))
    }

    static func badRequest(_ detail: String) -> HTTPResponse {
        .problem(status: 400, type: FailureCode.badRequest.name, title: "Bad request", detail: detail)
    }

    /// The answer about one job.
    static func report(_ answer: Envelope) -> HTTPResponse {
        // The words of the path are right: what is missing is the job.
        if let failure = try? answer.decode(Failure.self), failure.code == .badRequest {
            return .problem(status: 404, type: "unknownJob", title: "Unknown job", detail: failure.detail)
        }
        return translate(answer) { .json(JobView(try $0.decode(JobReport.self).row)) }
    }

    private static func seeds(_ desk: Desk, city name: String, top: String?) -> HTTPResponse {
        guard let count = UInt32(top ?? "10"), (1...1000).contains(count) else {
            return badRequest("top is a whole number from 1 to 1000")
        }
        return translate(desk.ask(envelope(StatusRequest()))) { answer in
            let cities = try answer.decode(Status.self).cities
            guard let city = cities.first(where: { $0.name == name }) else {
                return problem(Failure(code: .unknownCity, detail: "there is no city '\(name)'"))
            }
            return translate(desk.ask(envelope(SeedsRequest(count: count), city: city.city))) { answer in
                .json(try answer.decode(Seeds.self).seeds.map { SeedView($0, city: name) })
            }
        }
    }

    static func envelope(_ body: some Body, city: CityID? = nil) -> Envelope {
        Envelope(body, city: city, deadlineMilliseconds: 5000)
    }

    static func translate(_ answer: Envelope, _ body: (Envelope) throws -> HTTPResponse) -> HTTPResponse {
        do {
            if answer.kind == .failure { return problem(try answer.decode(Failure.self)) }
            return try body(answer)
        } catch {
            return problem(Failure(code: .internal, detail: "\(error)"))
        }
    }

    static func problem(_ failure: Failure) -> HTTPResponse {
        let (status, title) =
            switch failure.code {
            case .unknownCity: (404, "Unknown city")
            case .unknownPerson: (404, "Unknown person")
            case .unknownPlace: (404, "Unknown place")
            case .badRequest: (400, "Bad request")
            case .noModel: (409, "No model yet")
            case .cancelled: (409, "Cancelled")
            case .unavailable, .staleEpoch: (503, "Unavailable")
            case .busy: (503, "Busy")
            case .deadline: (504, "Too late")
            case .internal: (500, "Internal error")
            }
        return .problem(status: status, type: failure.code.name, title: title, detail: failure.detail)
    }
}

private struct Readiness: Encodable {
    var ready: Bool
    var workers: Int
    var citiesWithoutHome: [String]
}
