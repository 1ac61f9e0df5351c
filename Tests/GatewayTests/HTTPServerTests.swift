import Basics
import Synchronization
import Testing

@testable import Gateway

@Suite struct HTTPServerTests {
    /// Answers with what it was asked.
    private func echo(threads: Int = 2, limits: GatewayLimits = GatewayLimits()) throws -> HTTPServer {
        try HTTPServer(address: "127.0.0.1", port: 0, threads: threads, limits: limits) { request in
            let query = request.query.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            let line = [request.method, request.path, query.joined(separator: "&"), request.headers["x-mark"] ?? "-"]
            return HTTPResponse(
                status: 200, contentType: "text/plain", body: Array(line.joined(separator: " ").utf8) + request.body,
                headers: ["X-Extra": "yes"])
        }
    }

    @Test("a request arrives decoded and its answer goes back", arguments: [1, 3])
    func answers(threads: Int) throws {
        let server = try echo(threads: threads)
        defer { server.stop() }
        let answer = try server.ask("GET", "/v1/caf%C3%A9?b=2&a=1+1", headers: "X-Mark: m\r\n")
        #expect(answer.status == 200 && answer.body == "GET /v1/café a=1 1&b=2 m")
        #expect(answer.header("Content-Type") == "text/plain" && answer.header("X-Extra") == "yes")
        #expect(try server.ask("POST", "/rows", body: "[1,2]").body == "POST /rows  -[1,2]")
    }

    @Test("several requests are answered on one connection")
    func keepAlive() throws {
        let server = try echo()
        defer { server.stop() }
        let client = try TinyClient(port: server.port)
        client.send("GET /1 HTTP/1.1\r\nHost: here\r\n\r\nGET /2 HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
        let text = client.answer().text
        #expect(text.contains("GET /1  -") && text.contains("GET /2  -"))
    }

    @Test("HEAD is answered like GET, without the body")
    func head() throws {
        let server = try echo()
        defer { server.stop() }
        let answer = try server.ask("HEAD", "/v1")
        #expect(answer.status == 200 && answer.body == "" && answer.header("Content-Length") == "11")
    }

    @Test("a target that is not UTF-8, or cannot be decoded, is a 400 problem", arguments: ["/%FF", "/%4", "/a%00b"])
    func badTarget(target: String) throws {
        let server = try echo()
        defer { server.stop() }
        let answer = try server.ask("GET", target)
        #expect(answer.status == 400 && answer.header("Content-Type") == "application/problem+json")
    }

    @Test("a body at the limit is taken, one byte more is a 413 problem")
    func bodyLimit() throws {
        var limits = GatewayLimits()
        limits.bodyBytes = 100_000
        let server = try echo(limits: limits)
        defer { server.stop() }
        let body = String(repeating: "x", count: 100_000)
        #expect(try server.ask("POST", "/", body: body).body == "POST /  -" + body)
        let refused = try server.ask("POST", "/", body: body + "x")
        #expect(refused.status == 413 && refused.body.contains("100000 bytes"))
        #expect(try server.ask("POST", "/", headers: "Expect: 100-continue\r\n", body: body + "x").status == 413)
    }

    @Test("a chunked body is counted as well")
    func chunkedBody() throws {
        var limits = GatewayLimits()
        limits.bodyBytes = 1_000
        let server = try echo(limits: limits)
        defer { server.stop() }
        let chunk = "1f4\r\n" + String(repeating: "y", count: 500) + "\r\n"
        for (chunks, status) in [(2, 200), (3, 413)] {
            let client = try TinyClient(port: server.port)
            client.send("POST / HTTP/1.1\r\nHost: here\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n")
            client.send(String(repeating: chunk, count: chunks) + "0\r\n\r\n")
            #expect(client.answer().status == status)
        }
    }

    @Test("an endless body is cut off, and the server goes on")
    func endlessBody() throws {
        var limits = GatewayLimits()
        limits.bodyBytes = 1_000
        let server = try echo(limits: limits)
        defer { server.stop() }
        let client = try TinyClient(port: server.port)
        client.send("POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n")
        let chunk = Array(("10000\r\n" + String(repeating: "z", count: 65_536) + "\r\n").utf8)
        let wasCut = (0..<1_000).contains { _ in !client.send(chunk) }
        #expect(wasCut)
        #expect(try server.ask("GET", "/").status == 200)
    }

    @Test("headers above the limit are refused, and garbage is survived")
    func malformedRequests() throws {
        let server = try echo()
        defer { server.stop() }
        let answer = try server.ask("GET", "/", headers: "X-Long: \(String(repeating: "a", count: 100_000))\r\n")
        #expect(answer.status == nil || [400, 413, 431].contains(answer.status))
        for garbage in ["", "GET", "GET / HTTP/9.9", "\u{0}\u{1}\u{2}", "GET / HTTP/1.1\r\n:", "\u{16}\u{3}\u{1}"] {
            let client = try TinyClient(port: server.port)
            // No answer is waited for: the server may rightly want to hear more.
            client.send(garbage + "\r\n\r\n")
        }
        #expect(try server.ask("GET", "/").status == 200)
        // The server has let go of every one of them, at the latest when it stops.
        server.stop()
        #expect(server.core.openRequests == 0)
    }

    @Test("many clients at once are all answered")
    func manyClients() throws {
        let server = try echo(threads: 4)
        defer { server.stop() }
        let answered = Monitor<Int>(0)
        for number in 0..<32 {
            startThread {
                let body = try? server.ask("GET", "/\(number)").body
                answered.withLock { count, wake in
                    count += body == "GET /\(number)  -" ? 1 : 0
                    wake()
                }
            }
        }
        #expect(answered.wait(milliseconds: 10_000) { $0 == 32 ? .done(true) : .notYet } == true)
    }

    @Test("stopping lets a request that is being answered finish, and accepts no new one")
    func gracefulStop() throws {
        // An address of its own, so that no other test is given the port afterwards.
        let address: UInt32 = 0x7F00_0002
        let isAsked = Monitor<Bool>(false)
        let mayAnswer = Monitor<Bool>(false)
        let server = try HTTPServer(address: "127.0.0.2", port: 0, threads: 2) { _ in
            isAsked.withLock { asked, wake in
                asked = true
                wake()
            }
            _ = mayAnswer.wait(milliseconds: 10_000) { $0 ? .done(()) : .notYet }
            return .text("late but whole")
        }
        let client = try TinyClient(port: server.port, address: address)
        client.send("GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        _ = isAsked.wait(milliseconds: 10_000) { $0 ? .done(()) : .notYet }
        let isStopped = Monitor<Bool>(false)
        startThread {
            server.stop()
            isStopped.withLock { stopped, wake in
                stopped = true
                wake()
            }
        }
        mayAnswer.withLock { may, wake in
            may = true
            wake()
        }
        // Reading to the end shows as well that the connection was closed.
        #expect(client.answer().body == "late but whole")
        #expect(isStopped.wait(milliseconds: 10_000) { $0 ? .done(true) : .notYet } == true)
        #expect(throws: TinyClient.Refused.self) { _ = try TinyClient(port: server.port, address: address) }
        server.stop()
    }
}

@Suite struct HTTPServerStartTests {
    @Test("an address outside loopback is refused, and one that is none", arguments: ["0.0.0.0", "10.0.0.1", "::"])
    func notLoopback(address: String) {
        #expect(throws: GatewayError.notLoopback(address)) {
            try HTTPServer(address: address, port: 0, threads: 1) { _ in .text("") }
        }
        #expect(throws: GatewayError.badAddress("example.org")) {
            try HTTPServer(address: "example.org", port: 0, threads: 1) { _ in .text("") }
        }
    }

    @Test("a port that is taken is named with the reason and the way out")
    func portTaken() throws {
        let first = try HTTPServer(address: "localhost", port: 0, threads: 1) { _ in .text("") }
        defer { first.stop() }
        let error = #expect(throws: GatewayError.self) {
            try HTTPServer(address: "127.0.0.1", port: first.port, threads: 1) { _ in .text("") }
        }
        #expect(error == .bind(address: "127.0.0.1", port: first.port, reason: "Address already in use"))
        #expect(error?.description.contains("http-port") == true)
    }
}
