import Basics
import Gateway
import Synchronization
import Wire

// GET /v1/recommend/places and /v1/recommend/people: a query becomes a question, and the answer JSON.

extension HTTPFront {
    static func recommendPlaces(_ desk: Desk, _ names: CityNames, _ request: HTTPRequest) -> HTTPResponse {
        answer(desk, names, request, others: ["category", "price", "new"]) { query, person in
            let price = try query.number("price", 0...4)
            return RecommendPlaces(
                person: person, count: try query.count(), slot: query["slot"], categories: query.list("category"),
                tags: query.list("tag"), priceMost: price.map { UInt8($0) },
                onlyNew: try query.number("new", 0...1) == 1,
                version: ModelVersion(try query.number("model", 0...UInt64.max) ?? 0))
        } view: { envelope, person, city in
            let answer = try envelope.decode(PlaceRecommendations.self)
            return json(PlaceRecommendationsView(answer, person: person, city: city).json())
        }
    }

    static func recommendPeople(_ desk: Desk, _ names: CityNames, _ request: HTTPRequest) -> HTTPResponse {
        answer(desk, names, request, others: ["place", "blocked", "alpha"]) { query, person in
            let alpha = query["alpha"].isEmpty ? 0.5 : Float(query["alpha"]) ?? .nan
            guard (0...1).contains(alpha) else { throw QueryError("alpha is a number from 0 to 1") }
            return RecommendPeople(
                person: person, count: try query.count(), slot: query["slot"],
                place: try query.number("place", 0...UInt64.max).map { PlaceID($0) }, tags: query.list("tag"),
                blocked: try query.list("blocked").map { text in
                    guard let number = UInt64(text) else { throw QueryError("blocked is a list of people's numbers") }
                    return PersonID(number)
                }, alpha: alpha, version: ModelVersion(try query.number("model", 0...UInt64.max) ?? 0))
        } view: { envelope, person, city in
            let answer = try envelope.decode(PeopleRecommendations.self)
            return json(PeopleRecommendationsView(answer, person: person, city: city).json())
        }
    }

    private static func json(_ bytes: [UInt8]) -> HTTPResponse {
        HTTPResponse(status: 200, contentType: "application/json", body: bytes)
    }

    private static func answer<Question: Body>(
        _ desk: Desk, _ names: CityNames, _ request: HTTPRequest, others: Set<String>,
        question: (Query, PersonID) throws -> Question, view: (Envelope, PersonID, String) throws -> HTTPResponse
    ) -> HTTPResponse {
        do {
            let known = others.union(["person", "city", "slot", "tag", "top", "model"])
            let query = try Query(request.query, known: known)
            guard let number = try query.number("person", 0...UInt64.max) else {
                throw QueryError("person is missing: the number of who asks")
            }
            let person = PersonID(number)
            var city: CityID?
            if !query["city"].isEmpty {
                city = names.city(query["city"], desk)
                if city == nil {
                    return problem(Failure(code: .unknownCity, detail: "there is no city '\(query["city"])'"))
                }
            }
            return translate(desk.ask(envelope(try question(query, person), city: city))) { envelope in
                try view(envelope, person, envelope.city.flatMap { names.name($0, desk) } ?? "?")
            }
        } catch {
            return problem(Failure(code: .badRequest, detail: "\(error)"))
        }
    }
}

/// What is wrong with a query.
private struct QueryError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// The values behind the question mark.
private struct Query {
    private let values: [String: String]

    init(_ values: [String: String], known: Set<String>) throws {
        if let stranger = values.keys.sorted().first(where: { !known.contains($0) }) {
            throw QueryError(
                "there is no parameter '\(stranger)'; there are: \(known.sorted().joined(separator: ", "))")
        }
        self.values = values
    }

    subscript(name: String) -> String { values[name] ?? "" }

    /// Words between commas.
    func list(_ name: String) -> [String] { self[name].split(separator: ",").map(String.init) }

    func number(_ name: String, _ range: ClosedRange<UInt64>) throws -> UInt64? {
        guard let text = values[name], !text.isEmpty else { return nil }
        guard let number = UInt64(text), range.contains(number) else {
            throw QueryError("\(name) is a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func count() throws -> UInt32 { UInt32(try number("top", 1...100) ?? 10) }
}

/// Names and numbers of cities, which never change once given; the coordinator's loop is asked for new ones only.
final class CityNames: Sendable {
    private let known = Mutex<(numbers: [String: CityID], names: [CityID: String])>(([:], [:]))

    func city(_ name: String, _ desk: Desk) -> CityID? {
        if let city = known.withLock({ $0.numbers[name] }) { return city }
        refresh(desk)
        return known.withLock { $0.numbers[name] }
    }

    func name(_ city: CityID, _ desk: Desk) -> String? {
        if let name = known.withLock({ $0.names[city] }) { return name }
        refresh(desk)
        return known.withLock { $0.names[city] }
    }

    private func refresh(_ desk: Desk) {
        guard let status = try? desk.ask(HTTPFront.envelope(StatusRequest())).decode(Status.self) else { return }
        known.withLock { known in
            for row in status.cities { (known.numbers[row.name], known.names[row.city]) = (row.city, row.name) }
        }
    }
}
