import Basics
import Gateway
import Synchronization

/// Books what it is asked for, once for each key; sometimes it fails before, sometimes after it has booked.
final class BookingService: Sendable {
    /// What the server's thread works on.
    private final class Books: Sendable {
        private struct State {
            var calls: [UInt64: Int] = [:]
            var random: SeededRandom
        }

        private let state: Mutex<State>

        init(seed: UInt64) { state = Mutex(State(random: SeededRandom(seed: seed))) }

        func answer(_ request: HTTPRequest) -> HTTPResponse {
            guard let key = request.headers["idempotency-key"].flatMap({ UInt64($0) }) else {
                return .problem(status: 400, title: "No key", detail: "Idempotency-Key is missing")
            }
            return state.withLock { state in
                let luck = state.random.below(400)
                if luck == 0 { return .text("busy\n", status: 503) }
                state.calls[key, default: 0] += 1
                return luck == 1 ? .text("lost\n", status: 500) : .text("table \(key)\n")
            }
        }

        func count<Made>(_ body: ([UInt64: Int]) -> Made) -> Made { state.withLock { body($0.calls) } }
    }

    private let books: Books
    private let server: HTTPServer

    var port: UInt16 { server.port }

    init(seed: UInt64) throws {
        let books = Books(seed: seed)
        self.books = books
        server = try HTTPServer(address: "127.0.0.1", port: 0, threads: 1) { books.answer($0) }
    }

    /// Different keys that were booked.
    var booked: Int { books.count { $0.count } }

    /// Calls for a key that was booked already.
    var repeatedCalls: Int { books.count { $0.values.reduce(0) { $0 + $1 - 1 } } }

    func hasBooked(_ key: UInt64) -> Bool { books.count { $0[key] != nil } }

    func stop() { server.stop() }
}
