import Basics
import Testing

@testable import Transport

@Suite struct EndpointTests {
    @Test("a well-formed endpoint gives its host and port")
    func wellFormed() throws {
        let expected: [(String, String, UInt16, Bool)] = [
            ("tcp://127.0.0.1:7400", "127.0.0.1", 7_400, true), ("tcp://127.9.8.7:0", "127.9.8.7", 0, true),
            ("tcp://localhost:65535", "localhost", 65_535, true), ("tcp://[::1]:7400", "::1", 7_400, true),
            ("tcp://*:*", "*", 0, false), ("tcp://0.0.0.0:1", "0.0.0.0", 1, false),
            ("tcp://[2001:db8::1]:1", "2001:db8::1", 1, false),
            ("tcp://node-7.example:1", "node-7.example", 1, false),
            ("tcp://127.0.0.1.example:1", "127.0.0.1.example", 1, false),
        ]
        for (text, host, port, isLoopback) in expected {
            let endpoint = try Endpoint(text)
            #expect(endpoint.host == host && endpoint.port == port && endpoint.isLoopback == isLoopback, "\(text)")
        }
    }

    @Test(
        "a malformed endpoint is refused with the rule it breaks",
        arguments: [
            "", "127.0.0.1:7400", "udp://127.0.0.1:7400", "tcp://127.0.0.1", "tcp://:7400", "tcp://127.0.0.1:",
            "tcp://127.0.0.1:65536", "tcp://127.0.0.1:-1", "tcp://127.0.0.1:+1", "tcp://::1:7400", "tcp://a b:1",
            "tcp://a/b:1", "tcp://10.0.0.1;10.0.0.2:1",
        ])
    func malformed(text: String) {
        let error = #expect(throws: TransportError.self) { try Endpoint(text) }
        #expect(error?.description.hasPrefix("endpoint '\(text)' cannot be used: ") == true)
    }

    @Test("an address that is taken is named together with the system's reason")
    func taken() throws {
        let context = try MessageContext()
        let first = try RouterLink(context: context, endpoint: "tcp://127.0.0.1:0", keys: nil, allowedClients: [])
        #expect(first.boundEndpoint.hasPrefix("tcp://127.0.0.1:") && !first.boundEndpoint.hasSuffix(":0"))
        let error = #expect(throws: TransportError.self) {
            try RouterLink(context: context, endpoint: first.boundEndpoint, keys: nil, allowedClients: [])
        }
        #expect(error?.description == "cannot bind to \(first.boundEndpoint): Address already in use")
        first.close()
        context.close()
    }

    @Test("a connection needs a port")
    func portMissing() throws {
        let context = try MessageContext()
        let error = #expect(throws: TransportError.self) {
            try DealerLink(context: context, endpoint: "tcp://127.0.0.1:0", keys: nil, serverKey: nil, identity: [1])
        }
        #expect(error?.description.contains("needs the host and the port") == true)
    }

    @Test("an incarnation's identity carries its name and differs from the next one's")
    func identities() {
        var random = SeededRandom(seed: 7)
        let first = PeerIdentity(name: "worker-1", random: &random)
        let second = PeerIdentity(name: "worker-1", random: &random)
        #expect(first != second)
        #expect(first.description.hasPrefix("worker-1:") && first.bytes.count == 25)
        #expect(PeerIdentity(name: String(repeating: "x", count: 300), random: &random).bytes.count == 81)
        #expect(PeerIdentity(bytes: [0, 0x41, 0x25, 0xFF]).description == "%00A%25%FF")
    }
}
