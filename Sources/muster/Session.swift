import Basics
import Glibc
import Transport
import Wire

// A conversation with the coordinator. Requests carry random numbers, so that one that is sent again (because the
// coordinator was away, a worker was starting, a queue was full) is known to be the same one.

final class Session {
    private let link: DealerLink
    private let context: MessageContext
    private let endpoint: String
    private var random: SeededRandom

    /// How long an unanswered request waits before it is sent once more.
    private static let resendSeconds = 5.0

    init(_ settings: Settings) throws {
        endpoint = settings.text("coordinator")
        random = SeededRandom(seed: UInt64(getpid()) << 32 ^ UInt64(monotonicSeconds() * 1e9))
        context = try MessageContext()
        var identity = ByteWriter()
        identity.put(raw: [0x43])
        identity.put(random.next())
        identity.put(random.next())
        link = try DealerLink(
            context: context, endpoint: endpoint,
            keys: try settings.path("key-file").map { try CurveKeys.load($0) },
            serverKey: try settings.path("server-key").map { try CurveKeys.loadPublicKey($0) },
            identity: identity.bytes)
        let hello = Hello(role: .command, name: "muster", processID: UInt32(getpid()))
        let wait = settings.integer("wait")
        guard let answer = try exchange(Envelope(hello, request: nextRequest()), seconds: Double(wait)) else {
            throw CommandError(
                "no coordinator answers at \(endpoint) within \(wait) s (or it does not know our key); cluster/up "
                    + "starts one here, --coordinator and --key-file name another")
        }
        if answer.kind == .refused { throw CommandError(try answer.decode(Refused.self).reason) }
        if case .refused(let reason) = try answer.decode(Welcome.self).verdict() { throw CommandError(reason) }
    }

    /// Leaving is said, so that the coordinator keeps no request for us.
    deinit {
        _ = link.send(Envelope(Goodbye()).frames())
        link.close()
    }

    func nextRequest() -> RequestID { RequestID(random.next()) }

    func send(_ envelope: Envelope) throws {
        switch link.send(envelope.frames()) {
        case .sent, .full: break  // A full queue to the coordinator: it will be sent again.
        case .unreachable: throw CommandError("the coordinator at \(endpoint) cannot be reached")
        }
    }

    /// The next message, if one comes in time.
    func receive(milliseconds: Int) throws -> Envelope? {
        guard case .message(let frames)? = try link.receive(timeoutMilliseconds: milliseconds) else { return nil }
        return try Envelope(frames: frames)
    }

    /// Asks until there is an answer of the expected kind. What can pass (a worker that is starting, a full queue)
    /// is waited for until the deadline; what cannot is thrown at once. `homelessSeconds` is a shorter limit for
    /// waiting for a city that has no home.
    func ask<Answer: Body>(
        _ message: some Body, city: CityID? = nil, seconds: Double = 30, homelessSeconds: Double = .infinity,
        for _: Answer.Type = Answer.self
    ) throws -> Answer {
        try answer(to: try put(message, city: city, seconds: seconds), homelessSeconds: homelessSeconds)
            .decode(Answer.self)
    }

    /// A question under way.
    struct Question {
        fileprivate var request: Envelope
        fileprivate var seconds: Double
    }

    /// Asks and does not wait: `answer(to:)` does, and asks again. One question at a time may be under way.
    func put(_ message: some Body, city: CityID? = nil, seconds: Double = 30) throws -> Question {
        let request = Envelope(
            message, request: nextRequest(), city: city, deadlineMilliseconds: UInt32(seconds * 1000))
        try send(request)
        return Question(request: request, seconds: seconds)
    }

    /// The answer, which is no failure. Its time begins now.
    func answer(to question: Question, homelessSeconds: Double = .infinity) throws -> Envelope {
        let start = monotonicSeconds()
        let deadline = start + question.seconds
        var last = "no answer from the coordinator at \(endpoint)"
        var isSent = true
        while monotonicSeconds() < deadline {
            let left = deadline - monotonicSeconds()
            let received = try exchange(question.request, seconds: left, isSent: isSent)
            isSent = false
            guard let answer = received else { continue }
            guard answer.kind == .failure else { return answer }
            let failure = try answer.decode(Failure.self)
            guard failure.code.isWorthRetrying else { throw CommandError(failure.detail) }
            last = failure.detail
            if failure.code == .unavailable, monotonicSeconds() - start >= homelessSeconds { break }
            usleep(200_000)
        }
        throw CommandError("\(last) (waited \(Int(monotonicSeconds() - start)) s)")
    }

    private func exchange(_ request: Envelope, seconds: Double, isSent: Bool = false) throws -> Envelope? {
        let deadline = monotonicSeconds() + seconds
        var isSent = isSent
        while monotonicSeconds() < deadline {
            if !isSent { try send(request) }
            isSent = false
            let resend = min(monotonicSeconds() + Self.resendSeconds, deadline)
            while monotonicSeconds() < resend {
                let left = Int((resend - monotonicSeconds()) * 1000) + 1
                guard let answer = try receive(milliseconds: left) else { continue }
                if answer.request == request.request { return answer }
            }
        }
        return nil
    }
}
