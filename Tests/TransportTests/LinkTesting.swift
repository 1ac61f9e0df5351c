import Glibc
import Testing

@testable import Transport

/// Two ends in one process, connected over loopback.
struct LinkPair {
    let context: MessageContext
    let router: RouterLink
    let dealer: DealerLink

    init(encrypted: Bool, limits: TransportLimits = TransportLimits()) throws {
        context = try MessageContext()
        let server = encrypted ? try CurveKeys.generate() : nil
        let client = encrypted ? try CurveKeys.generate() : nil
        router = try RouterLink(
            context: context, endpoint: "tcp://127.0.0.1:0", keys: server,
            allowedClients: client.map { [$0.publicKey] } ?? [], limits: limits)
        dealer = try DealerLink(
            context: context, endpoint: router.boundEndpoint, keys: client, serverKey: server?.publicKey,
            identity: Array("worker-1:0001".utf8), limits: limits)
    }

    func close() {
        router.close()
        dealer.close()
        context.close()
    }
}

/// No test waits longer than this for something that must come: 10 s in steps of 50 ms.
private let patience = 200

/// Asks again, 50 ms at most each time, until there is an answer.
func eventually<Answer>(_ question: () throws -> Answer?) throws -> Answer {
    for _ in 0..<patience {
        if let answer = try question() { return answer }
    }
    throw Impatience()
}

struct Impatience: Error {}

extension RouterLink {
    func next() throws -> (peer: PeerIdentity, frames: [[UInt8]]) {
        try eventually {
            guard case .message(let peer, let frames) = try receive(timeoutMilliseconds: 50) else { return nil }
            return (peer, frames)
        }
    }

    /// Returns once a client was refused; nothing may come through before.
    func hearNothingUntilRefusal() throws {
        try eventually {
            let received = try receive(timeoutMilliseconds: 50)
            #expect(received == nil)
            return refusals > 0 ? () : nil
        }
    }
}

extension DealerLink {
    func next() throws -> [[UInt8]] {
        try eventually {
            guard case .message(let frames) = try receive(timeoutMilliseconds: 50) else { return nil }
            return frames
        }
    }
}

/// A folder of its own for one test, removed afterwards.
func withTemporaryFolder(_ body: (String) throws -> Void) throws {
    var template = Array("/tmp/muster-transport-XXXXXX".utf8CString)
    let folder = String(cString: try #require(mkdtemp(&template)))
    defer {
        if let entries = opendir(folder) {
            while let entry = readdir(entries) {
                let name = withUnsafeBytes(of: entry.pointee.d_name) {
                    String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                }
                if name != ".", name != ".." { unlink("\(folder)/\(name)") }
            }
            closedir(entries)
        }
        rmdir(folder)
    }
    try body(folder)
}
