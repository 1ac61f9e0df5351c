import Testing

@testable import Gateway

@Suite struct RouterTests {
    private func router() -> Router {
        var router = Router()
        router.on("GET", "/v1/cities") { _, _ in .text("cities") }
        router.on("GET", "/v1/cities/{city}/seeds") { _, values in .text("seeds of \(values["city"] ?? "?")") }
        router.on("POST", "/v1/cities/{city}/seeds") { _, values in .text("new in \(values["city"] ?? "?")") }
        router.on("GET", "/v1/cities/{city}/{kind}") { _, values in .text("\(values["kind"] ?? "?")") }
        router.on("GET", "/v1/{what}/berlin/seeds") { _, values in .text("any \(values["what"] ?? "?")") }
        router.on("GET", "/") { _, _ in .text("home") }
        return router
    }

    private func ask(_ method: String, _ target: String) throws -> (status: Int, text: String, allow: String?) {
        let response = router().answer(try HTTPRequest(method: method, target: target))
        return (response.status, String(decoding: response.body, as: UTF8.self), response.headers["Allow"])
    }

    @Test("the pattern that fits answers, with the path's values decoded")
    func fits() throws {
        #expect(try ask("GET", "/").text == "home")
        #expect(try ask("GET", "/v1/cities?limit=3").text == "cities")
        #expect(try ask("GET", "/v1/cities/S%C3%A3o%20Paulo/seeds").text == "seeds of São Paulo")
        #expect(try ask("POST", "/v1/cities/a%2Fb/seeds").text == "new in a/b")
        #expect(try ask("HEAD", "/v1/cities").text == "cities")
    }

    @Test("where several patterns fit, the earlier literal wins")
    func specific() throws {
        #expect(try ask("GET", "/v1/cities/oslo/places").text == "places")
        #expect(try ask("GET", "/v1/cities/berlin/seeds").text == "seeds of berlin")
        #expect(try ask("GET", "/v1/towns/berlin/seeds").text == "any towns")
    }

    @Test("what fits nothing is a 404 problem", arguments: ["/v1", "/v1/cities/", "/v1/cities//seeds", "/V1/cities"])
    func notFound(target: String) throws {
        let answer = try ask("GET", target)
        #expect(answer.status == 404)
        #expect(answer.text.contains("\"status\":404") && answer.text.contains(target))
    }

    @Test("a method the path does not know is a 405 problem that lists those it knows")
    func methodNotAllowed() throws {
        let answer = try ask("DELETE", "/v1/cities/oslo/seeds")
        #expect(answer.status == 405 && answer.allow == "GET, HEAD, POST")
        #expect(try ask("POST", "/").allow == "GET, HEAD")
    }
}

@Suite struct RequestTargetTests {
    @Test("a target falls into decoded segments and its query")
    func decodes() throws {
        let target = try RequestTarget("/v1/a%2Fb/%E2%82%AC/+?q=a+b%2Bc&empty=&flag&q=later&=x&a=b=c".utf8)
        #expect(target.segments == ["v1", "a/b", "€", "+"])
        #expect(target.query == ["q": "a b+c", "empty": "", "flag": "", "": "x", "a": "b=c"])
        #expect(try RequestTarget("/".utf8).segments == [""])
        #expect(try RequestTarget("/a/".utf8).segments == ["a", ""])
        #expect(try RequestTarget("http://host:80/a?b=c".utf8) == RequestTarget("/a?b=c".utf8))
        #expect(try RequestTarget("http://host?b=c".utf8) == RequestTarget("/?b=c".utf8))
    }

    @Test("a target that cannot be understood says why")
    func malformed() {
        let expected: [(String, TargetError)] = [
            ("", .notAPath), ("*", .notAPath), ("a/b", .notAPath), ("ftp://host/", .notAPath), ("/%", .badEscape),
            ("/%4", .badEscape), ("/%G1", .badEscape), ("/%FF", .badText), ("/a%00b", .badText),
            ("/%ED%A0%80", .badText), ("/a?b=%C3", .badText), ("/a?%zz", .badEscape),
        ]
        for (text, error) in expected {
            #expect(throws: error, "\(text)") { try RequestTarget(text.utf8) }
        }
    }
}

@Suite struct HTTPResponseTests {
    private struct Row: Encodable {
        let zebra: Int
        let apple: Double
        let path: String
    }

    @Test("JSON has its keys in order and its slashes plain")
    func json() {
        let response = HTTPResponse.json([Row(zebra: 1, apple: 0.5, path: "a/b")], status: 202)
        #expect(String(decoding: response.body, as: UTF8.self) == #"[{"apple":0.5,"path":"a/b","zebra":1}]"#)
        #expect(response.status == 202 && response.contentType == "application/json")
    }

    @Test("a value that JSON cannot hold is a problem, not a trap")
    func notFinite() {
        #expect(HTTPResponse.json(Row(zebra: 1, apple: .nan, path: "")).status == 500)
    }

    @Test("a problem is a document of RFC 9457")
    func problem() {
        let response = HTTPResponse.problem(status: 409, type: "/problems/busy", title: "Busy", detail: "wait")
        let expected = #"{"detail":"wait","status":409,"title":"Busy","type":"/problems/busy"}"#
        #expect(String(decoding: response.body, as: UTF8.self) == expected)
        #expect(response.contentType == "application/problem+json")
    }
}
