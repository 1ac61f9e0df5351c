import Basics
import Gateway
import Wire

// What is asked of plans over HTTP beside their list: why a seed is what it is, and a person's feed.

extension HTTPFront {
    func addPlanRoutes(to router: inout Router) {
        let desk = desk
        router.on("GET", "/v1/cities/{city}/seeds/{seed}/explanation") { _, parts in
            guard let seed = UInt64(parts["seed"] ?? "") else { return Self.badRequest("a seed is a number") }
            let city = parts["city"] ?? ""
            return Self.inCity(desk, city, ExplainRequest(seed: SeedID(seed))) { answer in
                .json(SeedExplanationView(try answer.decode(SeedExplanation.self), city: city))
            }
        }
        router.on("GET", "/v1/cities/{city}/people/{person}/feed") { request, parts in
            guard let person = UInt64(parts["person"] ?? "") else { return Self.badRequest("a person is a number") }
            guard let count = UInt32(request.query["top"] ?? "10"), (1...1000).contains(count) else {
                return Self.badRequest("top is a whole number from 1 to 1000")
            }
            let city = parts["city"] ?? ""
            return Self.inCity(desk, city, FeedRequest(person: PersonID(person), count: count)) { answer in
                .json(try answer.decode(Feed.self).cards.map { FeedCardView($0, city: city) })
            }
        }
    }

    /// Asks the owner of the city of that name.
    private static func inCity(
        _ desk: Desk, _ name: String, _ body: some Body, _ answer: (Envelope) throws -> HTTPResponse
    ) -> HTTPResponse {
        translate(desk.ask(envelope(StatusRequest()))) { status in
            guard let city = try status.decode(Status.self).cities.first(where: { $0.name == name }) else {
                return problem(Failure(code: .unknownCity, detail: "there is no city '\(name)'"))
            }
            return translate(desk.ask(envelope(body, city: city.city)), answer)
        }
    }
}
