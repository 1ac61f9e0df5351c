import Basics
import Glibc
import Shard
import Transport
import Wire

// The one thread that owns the socket. It says hello, beats, hands requests to the lanes and carries answers back.
// Silence for three heartbeats means the coordinator is gone: the socket is closed and a new incarnation, with a
// fresh identity, tries again after 1 s, 2 s, ... up to 32 s.

final class WorkerLoop {
    struct Connection {
        var endpoint: String
        var keys: CurveKeys?
        var serverKey: String?
    }

    private enum State {
        case apart(until: Double)
        case greeting(DealerLink, since: Double)
        case together(DealerLink, heard: Double, cluster: UInt64)
    }

    private let context: MessageContext
    private let connection: Connection
    private let name: String
    private let host: ShardHost
    private let lanes: Lanes
    /// Where other workers ask this one, and where it asks them.
    private let door: PeerDoor
    private let peers: Peers
    /// Woken by lanes and signals; lives longer than any one socket.
    private let waker: Waker
    private var state = State.apart(until: 0)
    private var backoff = 1.0
    private var heartbeatSeconds = 1.0
    private var lastBeat = -Double.infinity
    private var incarnations: UInt64 = 0

    init(
        context: MessageContext, connection: Connection, name: String, host: ShardHost, lanes: Lanes, door: PeerDoor,
        peers: Peers, waker: Waker
    ) {
        self.context = context
        self.connection = connection
        self.name = name
        self.host = host
        self.lanes = lanes
        self.door = door
        self.peers = peers
        self.waker = waker
    }

    func run(until stop: StopFlag) {
        while !stop.isRaised {
            do {
                try step()
            } catch {
                Log.warn("connection lost", ["reason": "\(error)"])
                part()
            }
        }
        peers.close()
        lanes.drain(milliseconds: 20_000)
        if case .together(let link, _, _) = state {
            sendAnswers(over: link)
            _ = link.send(Envelope(Goodbye()).frames())
            link.close()
        }
    }

    private func step() throws {
        switch state {
        case .apart(let until):
            let wait = until - monotonicSeconds()
            if wait > 0 { return waker.wait(milliseconds: min(Int(wait * 1000) + 1, 1000)) }
            try greet()
        case .greeting(let link, let since):
            try listen(link)
            if case .greeting = state, monotonicSeconds() - since > 5 {
                Log.warn("no welcome from the coordinator", ["endpoint": connection.endpoint])
                part()
            }
        case .together(let link, let heard, _):
            sendAnswers(over: link)
            if host.isNews { lastBeat = -.infinity }
            beat(link)
            try listen(link)
            if monotonicSeconds() - heard > 3 * heartbeatSeconds, case .together(_, let now, _) = state, now == heard {
                Log.warn("the coordinator is silent", ["endpoint": connection.endpoint])
                part()
            }
        }
    }

    private func greet() throws {
        let link = try DealerLink(
            context: context, endpoint: connection.endpoint, keys: connection.keys,
            serverKey: connection.serverKey, identity: freshIdentity(), waker: waker)
        let hello = Hello(role: .worker, name: name, processID: UInt32(getpid()))
        _ = link.send(Envelope(hello).frames())
        state = .greeting(link, since: monotonicSeconds())
    }

    /// Closes the socket and waits longer than last time.
    private func part() {
        switch state {
        case .greeting(let link, _), .together(let link, _, _): link.close()
        case .apart: break
        }
        state = .apart(until: monotonicSeconds() + backoff)
        backoff = min(backoff * 2, 32)
    }

    private func listen(_ link: DealerLink) throws {
        var wait = Int(heartbeatSeconds * 250)
        while let received = try link.receive(timeoutMilliseconds: wait) {
            guard case .message(let frames) = received else { return }
            wait = 0
            do {
                try take(Envelope(frames: frames), from: link)
            } catch let error as WireError {
                Log.warn("message dropped", ["reason": "\(error)"])
            }
            if case .apart = state { return }
        }
    }

    private func take(_ message: Envelope, from link: DealerLink) throws {
        if case .together(_, _, let cluster) = state {
            state = .together(link, heard: monotonicSeconds(), cluster: cluster)
        }
        switch message.kind {
        case .welcome:
            let welcome = try message.decode(Welcome.self)
            if case .refused(let reason) = welcome.verdict() {
                Log.error("we do not go with this coordinator", ["reason": reason])
                return part()
            }
            if let ours = host.cluster, ours != welcome.cluster {
                complain(
                    "muster-worker: the data folder holds cities of cluster \(ours), the coordinator is of cluster "
                        + "\(welcome.cluster); give this worker another --data folder, or the right --coordinator")
                exit(1)
            }
            heartbeatSeconds = Double(max(welcome.heartbeatMilliseconds, 50)) / 1000
            backoff = 1
            state = .together(link, heard: monotonicSeconds(), cluster: welcome.cluster)
            door.introduce(as: welcome.worker, cluster: welcome.cluster)
            peers.introduce(as: welcome.worker, cluster: welcome.cluster)
            Log.info("connected", ["worker": welcome.worker, "coordinator": connection.endpoint])
        case .refused:
            let reason = try message.decode(Refused.self).reason
            Log.warn("refused", ["reason": reason])
            part()
        case .heartbeatAnswer:
            break
        case .assign:
            guard case .together(_, _, let cluster) = state else { return }
            host.accept(try message.decode(Assign.self).cities, cluster: cluster)
            _ = link.send(message.answer(Assigned()).frames())
            lastBeat = -.infinity
        case .peers:
            let table = try message.decode(PeerTable.self)
            door.admit(table)
            peers.take(table)
        case .controlJob:
            let order = try message.decode(ControlJob.self)
            if order.verb == .cancel { lanes.cancel(order.job) }
        case .moveOrder:
            if let city = message.city { host.note(try message.decode(MoveOrder.self), of: city) }
            if lanes.submit(message) == .busy {
                Log.warn("busy; the coordinator will say it again", ["kind": "moveOrder"])
            }
        case .useModel:
            // At once and in order, before anything that is asked after it; what makes it last follows in a lane.
            if let city = message.city, let shard = host.shard(city), shard.epoch == message.epoch {
                try? shard.switchModel(to: message.decode(UseModel.self).version)
            }
            if lanes.submit(message) == .busy {
                Log.warn("busy; the coordinator will say it again", ["kind": "useModel"])
            }
        case .failure:
            let failure = try message.decode(Failure.self)
            Log.warn("the coordinator complains", ["reason": failure.detail])
        default:
            if lanes.submit(message) == .busy {
                let busy = Failure(code: .busy, detail: "\(name) has its queue full; ask again later")
                _ = link.send(message.answer(busy).frames())
            }
        }
    }

    private func sendAnswers(over link: DealerLink) {
        var answers: [Envelope] = []
        while let answer = lanes.nextAnswer() { answers.append(answer) }
        if answers.isEmpty { return }
        // What the answers changed is reported before them: who has an answer sees the change.
        if answers.contains(where: { !Self.changesNothing($0.kind) }) {
            lastBeat = -.infinity
            beat(link)
        }
        for answer in answers where link.send(answer.frames()) != .sent {
            Log.warn("answer not sent; it will be asked for again", ["kind": answer.kind.name])
        }
    }

    /// Answers to questions, of which there may be thousands a second.
    private static func changesNothing(_ kind: Kind) -> Bool {
        switch kind {
        case .placeRecommendations, .peopleRecommendations, .personAnswer, .personMissing, .failure: true
        default: false
        }
    }

    private func beat(_ link: DealerLink) {
        let now = monotonicSeconds()
        guard now - lastBeat >= heartbeatSeconds else { return }
        lastBeat = now
        host.dropHeld(now: now)
        let beat = Heartbeat(door: door.door, peers: peers.number, cities: host.reports())
        _ = link.send(Envelope(beat).frames())
    }

    /// An identity nobody else has: which process this is, when, and its how-many-eth try.
    private func freshIdentity() -> [UInt8] {
        incarnations += 1
        var writer = ByteWriter()
        writer.put(raw: Array("worker".utf8))
        writer.put(UInt32(getpid()))
        writer.put(UInt64(monotonicSeconds() * 1e9))
        writer.put(incarnations)
        return writer.bytes
    }
}
