package import Basics
import Synchronization
package import Wire

// A worker's door: where other workers ask it for what is too large to go through the coordinator. One thread owns the
// socket and answers nothing but the hello; two more read and answer, so that a short question does not wait behind
// one for many MiB. A full queue is answered with `busy`; so at most `questionsMax` answers are held.
//
// The hello says which worker is behind the door: a port that was another worker's yesterday must not answer for it.

package final class PeerDoor: Sendable {
    private struct Question {
        var peer: PeerIdentity
        var request: Envelope
        /// When its asker stops waiting; nil: never.
        var deadline: Double?
    }

    private struct Answer {
        var peer: PeerIdentity
        /// nil: its asker waits no more.
        var envelope: Envelope?
    }

    private static let threads = 2
    /// Questions that wait, are answered, or whose answers wait for the socket.
    private static let questionsMax = 256

    /// What others are to be told.
    package let door: Door
    private let admission: Admission?
    private let waker: Waker
    private let limits: TransportLimits
    private let answering: @Sendable (Envelope) -> Envelope
    private let questions = BoundedQueue<Question>(capacity: PeerDoor.questionsMax)
    private let answers = BoundedQueue<Answer>(capacity: PeerDoor.questionsMax)
    private let welcome = Mutex<Welcome?>(nil)
    private let isClosing = Atomic<Bool>(false)
    private let running = Monitor<Int>(0)

    /// Binds to `listen` and starts to answer. `address` is where others shall connect to: empty where that is where it
    /// is bound; its port 0 stands for the one that is bound. Nobody whose key is not in a table of `admit` gets in.
    package init(
        context: MessageContext, listen: String, address: String, keys: CurveKeys?,
        limits: TransportLimits = TransportLimits(), answering: @escaping @Sendable (Envelope) -> Envelope
    ) throws(TransportError) {
        let link = try RouterLink(context: context, endpoint: listen, keys: keys, allowedClients: [], limits: limits)
        door = Door(
            address: try Self.told(address, listen: listen, bound: link.boundEndpoint),
            publicKey: keys?.publicKey ?? "")
        admission = link.admission
        waker = link.waker
        self.limits = limits
        self.answering = answering
        running.withLock { count, _ in count = 1 + Self.threads }
        // SAFETY: this thread hands the link over and never touches it again; starting a thread is a full fence.
        nonisolated(unsafe) let handedOver = link
        startThread { [self] in
            serve(handedOver)
            end()
        }
        for _ in 0..<Self.threads {
            startThread { [self] in
                work()
                end()
            }
        }
    }

    private static func told(_ address: String, listen: String, bound: String) throws(TransportError) -> String {
        let own = try Endpoint(bound)
        if address.isEmpty {
            guard try !Endpoint(listen).isEverywhere else {
                throw .badEndpoint(
                    endpoint: listen,
                    rule: "it says where to listen, not where others find it: give that too (peer-address)")
            }
            return bound
        }
        let place = try Endpoint(address)
        guard !place.isEverywhere else {
            throw .badEndpoint(endpoint: address, rule: "others need the host to connect to (peer-address)")
        }
        guard address.utf8.count <= WireLimits.nameBytesMax else {
            throw .badEndpoint(
                endpoint: address, rule: "it is longer than \(WireLimits.nameBytesMax) bytes (peer-address)")
        }
        return place.port == 0 ? "tcp://\(place.isIPv6 ? "[\(place.host)]" : place.host):\(own.port)" : address
    }

    /// Whoever knocks from now on is told that this worker is behind the door.
    package func introduce(as worker: WorkerID, cluster: UInt64) {
        welcome.withLock { $0 = Welcome(worker: worker, cluster: cluster, heartbeatMilliseconds: 0) }
    }

    /// The workers of the table may come in, and nobody else.
    package func admit(_ table: PeerTable) {
        guard let admission else { return }
        let keys = table.rows.map(\.door.publicKey).filter { key in
            do throws(TransportError) {
                _ = try CurveKeys.decodeKey(key, place: "the table of peers")
                return true
            } catch {
                Log.warn("a worker cannot come in here", ["reason": "\(error)"])
                return false
            }
        }
        do throws(TransportError) {
            try admission.allow(keys)
        } catch {
            preconditionFailure("keys that could be read cannot be read: \(error)")
        }
    }

    /// Handshakes refused so far because the asker's key was in no table.
    package var refusals: UInt64 { admission?.refusals ?? 0 }

    /// Takes no more questions and ends its threads; waits for one that is being answered, a few seconds at most.
    package func close() {
        isClosing.store(true, ordering: .releasing)
        questions.close()
        waker.wake()
        _ = running.wait(milliseconds: 5_000) { $0 == 0 ? .done(()) : .notYet }
    }

    private func end() {
        running.withLock { count, wake in
            count -= 1
            wake()
        }
    }

    private func serve(_ link: RouterLink) {
        defer { link.close() }
        var underWay = 0
        while !isClosing.load(ordering: .acquiring) {
            do throws(TransportError) {
                if case .message(let peer, let frames) = try link.receive(timeoutMilliseconds: 1_000) {
                    take(frames, from: peer, link, &underWay)
                }
            } catch {
                Log.error("a worker's door fails; trying again", ["reason": "\(error)"])
                waker.wait(milliseconds: 1_000)
            }
            while let answer = answers.take(waitingMilliseconds: 0) {
                underWay -= 1
                if let envelope = answer.envelope { send(envelope, to: answer.peer, link) }
            }
        }
    }

    private func take(_ frames: [[UInt8]], from peer: PeerIdentity, _ link: RouterLink, _ underWay: inout Int) {
        do throws(WireError) {
            let request = try Envelope(frames: frames)
            if request.kind == .hello { return send(try greeting(request), to: peer, link) }
            let milliseconds = request.deadlineMilliseconds
            let deadline = milliseconds > 0 ? monotonicSeconds() + Double(milliseconds) / 1000 : nil
            if underWay < Self.questionsMax,
                questions.offer(Question(peer: peer, request: request, deadline: deadline)) == .accepted
            {
                underWay += 1
            } else {
                let busy = Failure(code: .busy, detail: "too many others ask this worker; ask again later")
                send(request.answer(busy), to: peer, link)
            }
        } catch {
            Log.warn("message dropped", ["peer": peer, "reason": "\(error)"])
        }
    }

    private func greeting(_ request: Envelope) throws(WireError) -> Envelope {
        if case .refused(let reason) = try request.decode(Hello.self).verdict() {
            return request.answer(Refused(reason: reason))
        }
        guard let welcome = welcome.withLock({ $0 }) else {
            return request.answer(
                Failure(code: .unavailable, detail: "this worker has not found its coordinator yet; ask again"))
        }
        return request.answer(welcome)
    }

    private func send(_ envelope: Envelope, to peer: PeerIdentity, _ link: RouterLink) {
        // Unreachable: the asker has gone, and nobody waits for it.
        if link.send(envelope.frames(), to: peer) == .full {
            Log.warn("answer not sent; it will be asked for again", ["kind": envelope.kind.name, "peer": peer])
        }
    }

    private func work() {
        while true {
            guard let question = questions.take(waitingMilliseconds: 1_000), !isClosing.load(ordering: .acquiring)
            else {
                if questions.isClosed { return }
                continue
            }
            let offer = answers.offer(Answer(peer: question.peer, envelope: answer(to: question)))
            precondition(offer == .accepted, "there are more answers than questions under way")
            waker.wake()
        }
    }

    private func answer(to question: Question) -> Envelope? {
        if let deadline = question.deadline, monotonicSeconds() > deadline { return nil }
        let answer = answering(question.request)
        guard answer.bulk.contains(where: { $0.count > limits.frameBytes }) else { return answer }
        return answer.answer(
            Failure(code: .internal, detail: "\(answer.kind.name) is larger than any worker would take"))
    }
}
