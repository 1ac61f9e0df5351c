import Basics
import Events
import FoundationEssentials
import Gateway
import Wire

// Events out and signals in, over HTTP:
//
//     GET  /v1/cities/{city}/events                  what follows ?after=ID; as JSON, or as server-sent events
//     GET  /v1/cities/{city}/seeds/{seed}/history    everything that ever happened to a seed
//     POST /v1/cities/{city}/signals                 one signal or a list of them
//
// Server-sent events are answered page by page: a page ends the answer, and the client, which every browser is, comes
// back by itself with the id that it saw last. No thread here waits for a client that reads slowly.

extension HTTPFront {
    static func addEvents(to router: inout Router, _ desk: Desk) {
        router.on("GET", "/v1/cities/{city}/events") { request, parts in
            let last = request.headers["last-event-id"] ?? request.query["after"] ?? "0"
            guard let after = last.split(separator: "-", maxSplits: 1).last.flatMap({ UInt64($0) }),
                let count = UInt32(request.query["count"] ?? "100"), (1...1000).contains(count)
            else { return badRequest("after is an id like 1-200, count a whole number from 1 to 1000") }
            let wantsStream = request.headers["accept"]?.contains("text/event-stream") == true
            return events(desk, parts, EventsRequest(after: after, count: count)) { rows in
                wantsStream ? stream(rows) : list(rows)
            }
        }
        router.on("GET", "/v1/cities/{city}/seeds/{seed}/history") { request, parts in
            guard let seed = UInt64(parts["seed"] ?? "") else { return badRequest("a seed is a number") }
            let after = UInt64(request.query["after"] ?? "0") ?? 0
            return events(desk, parts, EventsRequest(seed: SeedID(seed), after: after, count: 1000)) { list($0) }
        }
        router.on("POST", "/v1/cities/{city}/signals") { request, parts in
            let key = request.headers["idempotency-key"] ?? ""
            guard key.utf8.count <= PostSignals.keyBytesMax else {
                return badRequest("an Idempotency-Key has at most \(PostSignals.keyBytesMax) bytes")
            }
            return atCity(desk, parts) { city in
                var question = envelope(PostSignals(key: key), city: city)
                question.bulk = [request.body]
                return translate(desk.ask(question)) { answer in
                    .json(SignalsView(try answer.decode(SignalsTaken.self)))
                }
            }
        }
    }

    private static func events(
        _ desk: Desk, _ parts: [String: String], _ order: EventsRequest,
        _ answer: @escaping ([EventRow]) throws -> HTTPResponse
    ) -> HTTPResponse {
        atCity(desk, parts) { city in
            translate(desk.ask(envelope(order, city: city))) { try answer(try $0.decode(EventRows.self).rows) }
        }
    }

    /// Finds the city of the path.
    private static func atCity(
        _ desk: Desk, _ parts: [String: String], _ body: (CityID) -> HTTPResponse
    ) -> HTTPResponse {
        translate(desk.ask(envelope(StatusRequest()))) { answer in
            let name = parts["city"] ?? ""
            guard let city = try answer.decode(Status.self).cities.first(where: { $0.name == name }) else {
                return problem(Failure(code: .unknownCity, detail: "there is no city '\(name)'"))
            }
            return body(city.city)
        }
    }

    private static func list(_ rows: [EventRow]) -> HTTPResponse {
        let body = [UInt8(ascii: "[")] + rows.map(\.payload).joined(separator: [UInt8(ascii: ",")])
        return HTTPResponse(status: 200, contentType: "application/json", body: body + [UInt8(ascii: "]")])
    }

    private static func stream(_ rows: [EventRow]) -> HTTPResponse {
        var body = Array("retry: 500\n\n".utf8)
        for row in rows {
            guard let frame = try? JSONDecoder().decode(EventFrame.self, from: Data(row.payload)) else { continue }
            body += Array("id: \(frame.epoch.number)-\(row.sequence)\nevent: \(frame.type)\ndata: ".utf8)
            body += row.payload + Array("\n\n".utf8)
        }
        return HTTPResponse(
            status: 200, contentType: "text/event-stream", body: body, headers: ["Cache-Control": "no-store"])
    }
}

/// What became of signals.
private struct SignalsView: Encodable {
    struct Refusal: Encodable {
        var index: UInt32
        var reason: String
    }

    var taken: UInt32
    var refused: [Refusal]

    init(_ answer: SignalsTaken) {
        taken = answer.taken
        refused = answer.refused.map { Refusal(index: $0.index, reason: $0.reason) }
    }
}
