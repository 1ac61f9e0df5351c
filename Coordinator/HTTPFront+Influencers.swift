import Basics
import FoundationEssentials
import Gateway
import Wire

// Whom to ask first, over HTTP: in the cities that are named, together, or in all. Every question goes to the
// conductor, also about one city, so that a few at a time are under way and no more HTTP threads wait. What fits into a
// line is asked for with GET; costs, values and groups want a body.

/// A question as HTTP asks it; what is left out has the default of `muster influencers`.
private struct InfluencersOrder: Decodable {
    var cities: [String]?
    var count: UInt32?
    var eps: Double?
    var seed: UInt64?
    var influence: String?
    var model: String?
    var forced: [String]?
    var forbidden: [String]?
    var spend: Double?
    var costs: [String: Float]?
    var values: [String: Float]?
    var perCity: UInt32?
    var groups: [String: String]?
    var perGroup: UInt32?

    enum CodingKeys: String, CodingKey, CaseIterable {
        case cities, count, eps, seed, influence, model, forced, forbidden, spend, costs, values, perCity, groups
        case perGroup
    }
}

/// What is wrong with an order.
private struct BadOrder: Error { let detail: String }

/// Any value, of which nothing is wanted.
private struct Unread: Decodable { init(from decoder: any Decoder) {} }

extension InfluencersOrder {
    private static let parameters = [
        "cities", "count", "eps", "forbidden", "forced", "influence", "model", "per-city", "seed",
    ]

    /// Of a query. Errors: `BadOrder` naming the parameter.
    init(query: [String: String]) throws(BadOrder) {
        if let stranger = query.keys.sorted().first(where: { !Self.parameters.contains($0) }) {
            let names = Self.parameters.joined(separator: ", ")
            throw BadOrder(detail: "there is no parameter '\(stranger)' here; there are \(names); POST takes the rest")
        }
        func number<Number: LosslessStringConvertible>(
            _ name: String, of kind: Number.Type
        ) throws(BadOrder) -> Number? {
            guard let text = query[name] else { return nil }
            guard let number = Number(text) else { throw BadOrder(detail: "\(name) is a number, not '\(text)'") }
            return number
        }
        func list(_ name: String) -> [String]? { query[name]?.split(separator: ",").map(String.init) }
        cities = list("cities")
        count = try number("count", of: UInt32.self)
        eps = try number("eps", of: Double.self)
        seed = try number("seed", of: UInt64.self)
        influence = query["influence"]
        model = query["model"]
        forced = list("forced")
        forbidden = list("forbidden")
        perCity = try number("per-city", of: UInt32.self)
    }

    /// Of a JSON object. Errors: `BadOrder` naming the field.
    init(body: [UInt8]) throws(BadOrder) {
        let data = Data(body.isEmpty ? Array("{}".utf8) : body)
        do {
            let known = Set(CodingKeys.allCases.map(\.rawValue))
            let fields = try JSONDecoder().decode([String: Unread].self, from: data).keys
            if let stranger = fields.sorted().first(where: { !known.contains($0) }) {
                let names = known.sorted().joined(separator: ", ")
                throw BadOrder(detail: "a search has no field '\(stranger)'; it has \(names)")
            }
            self = try JSONDecoder().decode(Self.self, from: data)
        } catch let bad as BadOrder {
            throw bad
        } catch DecodingError.typeMismatch(_, let place), DecodingError.valueNotFound(_, let place) {
            let name = place.codingPath.first?.stringValue
            throw BadOrder(detail: "\(name ?? "the body") is of another type than a search wants; see the manual")
        } catch {
            throw BadOrder(detail: "the body is no JSON object of a search's settings; see the manual")
        }
    }

    /// In the words of the wire. Errors: `BadOrder` naming what is out of its range.
    func request() throws(BadOrder) -> InfluencersRequest {
        guard (1...10_000).contains(count ?? 10) else {
            throw BadOrder(detail: "count is a whole number from 1 to 10000")
        }
        guard (0.01...0.6).contains(eps ?? 0.1) else { throw BadOrder(detail: "eps is a number from 0.01 to 0.6") }
        guard let origin = InfluenceOrigin(word: influence ?? InfluenceOrigin.weightedCascade.word) else {
            throw BadOrder(detail: "influence is \(InfluenceOrigin.allCases.map(\.word).joined(separator: " or "))")
        }
        guard let model = InfluenceModel(word: model ?? InfluenceModel.independentCascade.word) else {
            throw BadOrder(detail: "model is \(InfluenceModel.allCases.map(\.word).joined(separator: " or "))")
        }
        if costs != nil, spend == nil { throw BadOrder(detail: "costs want spend, the sum to be spent") }
        guard spend ?? 0 >= 0 else { throw BadOrder(detail: "spend is not below 0") }
        guard (groups == nil) == (perGroup ?? 0 == 0) else {
            throw BadOrder(detail: "groups and perGroup, how many of one group may be chosen, go together")
        }
        var request = InfluencersRequest(
            count: count ?? 10, epsilon: eps ?? 0.1, seed: seed ?? 1, origin: origin, model: model,
            forced: try (forced ?? []).map(Self.person), forbidden: try (forbidden ?? []).map(Self.person),
            spend: spend ?? -1, perCity: perCity ?? 0, perGroup: perGroup ?? 0)
        request.costs = try Self.amounts(costs)
        request.values = try Self.amounts(values)
        let numbers = PersonGroup.numbers(of: (groups ?? [:]).values)
        for (person, group) in groups ?? [:] {
            request.groups.append(PersonGroup(person: try Self.person(person), group: numbers[group] ?? 0))
        }
        return request
    }

    private static func amounts(_ amounts: [String: Float]?) throws(BadOrder) -> [PersonAmount] {
        var rows: [PersonAmount] = []
        for (name, amount) in amounts ?? [:] { rows.append(PersonAmount(person: try person(name), amount: amount)) }
        return rows
    }

    private static func person(_ text: String) throws(BadOrder) -> PersonID {
        guard let number = UInt64(text) else { throw BadOrder(detail: "a person is a number, not '\(text)'") }
        return PersonID(number)
    }
}

extension HTTPFront {
    /// A search over many cities may take its time.
    private static let influenceMilliseconds: UInt32 = 120_000

    func addInfluencers(to router: inout Router) {
        let desk = desk
        router.on("GET", "/v1/influencers") { request, _ in
            Self.influencers(desk) { () throws(BadOrder) in try InfluencersOrder(query: request.query) }
        }
        router.on("POST", "/v1/influencers") { request, _ in
            Self.influencers(desk) { () throws(BadOrder) in try InfluencersOrder(body: request.body) }
        }
    }

    private static func influencers(
        _ desk: Desk, _ read: () throws(BadOrder) -> InfluencersOrder
    ) -> HTTPResponse {
        let order: InfluencersOrder
        var request: InfluencersRequest
        do {
            order = try read()
            request = try order.request()
        } catch {
            return badRequest(error.detail)
        }
        return translate(desk.ask(envelope(StatusRequest()))) { status in
            let known = try status.decode(Status.self).cities
            var cities: [CityRow] = []
            for name in order.cities ?? known.map(\.name) {
                guard let city = known.first(where: { $0.name == name }) else {
                    return problem(Failure(code: .unknownCity, detail: "there is no city '\(name)'"))
                }
                if !cities.contains(where: { $0.city == city.city }) { cities.append(city) }
            }
            request.cities = cities.map(\.city)
            let question = Envelope(request, deadlineMilliseconds: influenceMilliseconds)
            return translate(desk.ask(question)) { answer in
                .json(InfluencersView(try answer.decode(Influencers.self), cities: cities))
            }
        }
    }
}
