import Basics
import Gateway
import Wire

// Whom to ask first, over HTTP: in the cities that are named, together, or in all. Every question goes to the
// conductor, also about one city, so that a few at a time are under way and no more HTTP threads wait.

extension HTTPFront {
    /// A search over many cities may take its time.
    private static let influenceMilliseconds: UInt32 = 120_000

    static func influencers(_ desk: Desk, _ request: HTTPRequest) -> HTTPResponse {
        let query = request.query
        guard let count = UInt32(query["count"] ?? "10"), (1...10_000).contains(count) else {
            return badRequest("count is a whole number from 1 to 10000")
        }
        guard let epsilon = Double(query["eps"] ?? "0.1"), (0.01...0.6).contains(epsilon) else {
            return badRequest("eps is a number from 0.01 to 0.6")
        }
        guard let seed = UInt64(query["seed"] ?? "1") else { return badRequest("seed is a whole number") }
        guard let perCity = UInt32(query["per-city"] ?? "0") else { return badRequest("per-city is a whole number") }
        guard let origin = InfluenceOrigin(word: query["influence"] ?? InfluenceOrigin.weightedCascade.word) else {
            return badRequest(
                "influence is one of " + InfluenceOrigin.allCases.map(\.word).joined(separator: ", "))
        }
        guard let forced = people(query["forced"]), let forbidden = people(query["forbidden"]) else {
            return badRequest("forced and forbidden are numbers of people, separated by commas")
        }
        return translate(desk.ask(envelope(StatusRequest()))) { status in
            let known = try status.decode(Status.self).cities
            let names = query["cities"].map { $0.split(separator: ",").map(String.init) } ?? known.map(\.name)
            var cities: [CityRow] = []
            for name in names {
                guard let city = known.first(where: { $0.name == name }) else {
                    return problem(Failure(code: .unknownCity, detail: "there is no city '\(name)'"))
                }
                if !cities.contains(where: { $0.city == city.city }) { cities.append(city) }
            }
            let order = InfluencersRequest(
                cities: cities.map(\.city), count: count, epsilon: epsilon, seed: seed, origin: origin,
                forced: forced, forbidden: forbidden, perCity: perCity)
            let question = Envelope(order, deadlineMilliseconds: influenceMilliseconds)
            return translate(desk.ask(question)) { answer in
                .json(InfluencersView(try answer.decode(Influencers.self), cities: cities))
            }
        }
    }

    private static func people(_ text: String?) -> [PersonID]? {
        var people: [PersonID] = []
        for part in (text ?? "").split(separator: ",") {
            guard let number = UInt64(part) else { return nil }
            people.append(PersonID(number))
        }
        return people
    }
}
