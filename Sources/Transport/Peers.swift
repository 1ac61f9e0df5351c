package import Basics
import Glibc
import Synchronization
package import Wire

// Asking other workers, each at its door (`PeerDoor`). A link asks one thing at a time and is kept for the next
// question for some seconds. Whatever went wrong on a link, a silence above all, ends it: its late answer has nowhere
// to arrive, so it cannot be taken for another's. A new link says hello first and hears who is there: a door that does
// not know our key yet, which ZeroMQ does not say, and a port that is another process' by now, are so found out in
// seconds, and it is tried again until the time is over. Everything can be asked twice.

/// Where other workers are, and their answers. Any thread may ask; it waits until there is an answer or a fault.
package final class Peers: Sendable {
    private struct Parked {
        let link: Lent
        let door: Door
        let since: Double
    }

    /// A link on its way from thread to thread.
    private struct Lent: @unchecked Sendable {
        // SAFETY: whoever takes it out of `state` is the only one who has it; the lock is the fence in between.
        let link: DealerLink
    }

    private struct State {
        var own: WorkerID?
        var cluster: UInt64 = 0
        var table = PeerTable(number: 0, rows: [])
        var rows: [WorkerID: PeerRow] = [:]
        var parked: [WorkerID: [Parked]] = [:]
        var isClosed = false
    }

    /// Links to one worker that are kept between questions.
    private static let parkedPerPeer = 4
    /// How long they are kept: one that has been still for long may lead to nobody, and nobody would say so.
    private static let parkedSeconds = 10.0
    /// How long a hello may take, and all of them before a question: whoever cannot be reached is not waited for as
    /// long as an answer.
    private static let helloSeconds = 2.0
    private static let reachSeconds = 5.0
    /// How often a wait looks whether the other worker is still where it was asked.
    private static let lookMilliseconds = 100

    private let context: MessageContext
    private let keys: CurveKeys?
    private let name: String
    private let limits: TransportLimits
    private let local: @Sendable (Envelope) -> Envelope
    private let state = Mutex<State>(State())
    private let numbers = Atomic<UInt64>(1)

    /// `name` is this worker's; `local` answers what it asks itself, without a socket.
    package init(
        context: MessageContext, keys: CurveKeys?, name: String, limits: TransportLimits = TransportLimits(),
        local: @escaping @Sendable (Envelope) -> Envelope
    ) {
        self.context = context
        self.keys = keys
        self.name = name
        self.limits = limits
        self.local = local
    }

    /// The coordinator has said who we are.
    package func introduce(as worker: WorkerID, cluster: UInt64) {
        state.withLock { ($0.own, $0.cluster) = (worker, cluster) }
    }

    /// Whether that is this worker itself.
    package func isOwn(_ worker: WorkerID) -> Bool { state.withLock { $0.own == worker } }

    /// The number of the newest table; 0: there was none.
    package var number: UInt64 { state.withLock { $0.table.number } }

    /// From now on workers are where `table` says; who is asked elsewhere at this moment is asked there at once.
    package func take(_ table: PeerTable) {
        let moved = state.withLock { state in
            state.table = table
            state.rows = Dictionary(table.rows.map { ($0.worker, $0) }) { first, _ in first }
            let (rows, now) = (state.rows, monotonicSeconds())
            return Self.sweep(&state) { $1.door != rows[$0]?.door || now - $1.since > Self.parkedSeconds }
        }
        for lent in moved { lent.link.close() }
    }

    /// Ends all waits, and lets nobody ask any more.
    package func close() {
        let parked = state.withLock { state in
            state.isClosed = true
            return Self.sweep(&state) { _, _ in true }
        }
        for lent in parked { lent.link.close() }
    }

    /// Puts the question to another worker, or to this one, and waits for its answer at most so long, and for a
    /// connection a few seconds of it. The request's number and deadline are chosen here. An answer is never a
    /// `failure`: that is thrown.
    package func ask(_ worker: WorkerID, _ request: Envelope, milliseconds: Int) throws(PeerError) -> Envelope {
        var question = request
        question.request = nextNumber()
        question.deadlineMilliseconds = UInt32(clamping: milliseconds)
        let deadline = monotonicSeconds() + Double(milliseconds) / 1000
        var reach = min(deadline, monotonicSeconds() + Self.reachSeconds)
        var fault = "nobody answers there, or it does not know this worker's key"
        while true {
            let (peer, isOwn) = try row(of: worker)
            if isOwn { return try opened(local(question), of: peer) }
            let now = monotonicSeconds()
            guard now < reach else {
                let waited = now < deadline ? Int(Self.reachSeconds * 1000) : milliseconds
                throw .silent(peer: peer, milliseconds: waited, fault: fault)
            }
            do {
                guard let link = try link(to: peer, until: reach, &fault) else { continue }
                fault = "it said who it is, and then nothing"
                question.deadlineMilliseconds = UInt32(clamping: Int((deadline - monotonicSeconds()) * 1000) + 1)
                guard let answer = try converse(link, question, with: peer, until: deadline, &fault) else {
                    link.close()
                    reach = min(deadline, monotonicSeconds() + Self.reachSeconds)
                    continue
                }
                park(link, to: peer)
                return try opened(answer, of: peer)
            } catch let error as PeerError {
                throw error
            } catch let error as TransportError {
                throw .unreachable(peer: peer, error)
            } catch {
                preconditionFailure("asking a worker throws nothing else: \(error)")
            }
        }
    }

    private func nextNumber() -> RequestID {
        RequestID(numbers.wrappingAdd(1, ordering: .relaxed).oldValue)
    }

    private func opened(_ answer: Envelope, of peer: PeerRow) throws(PeerError) -> Envelope {
        guard answer.kind == .failure else { return answer }
        let failure: Failure
        do throws(WireError) {
            failure = try answer.decode()
        } catch {
            failure = Failure(code: .internal, detail: "\(error)")
        }
        throw .failed(peer: peer, failure)
    }

    private func row(of worker: WorkerID) throws(PeerError) -> (PeerRow, isOwn: Bool) {
        let (row, isOwn, isClosed) = state.withLock { ($0.rows[worker], $0.own == worker, $0.isClosed) }
        if isClosed { throw .stopping }
        if let row { return (row, isOwn) }
        guard isOwn else { throw .away(worker) }
        return (PeerRow(worker: worker, name: name, door: Door(address: "", publicKey: "")), true)
    }

    /// One that is parked, or a new one behind which the peer has said who it is. nil: not this time.
    private func link(
        to peer: PeerRow, until deadline: Double, _ fault: inout String
    ) throws -> DealerLink? {
        if let parked = unpark(peer) { return parked }
        var random = SeededRandom(seed: numbers.wrappingAdd(1, ordering: .relaxed).oldValue)
            .child("link", UInt64(getpid()), UInt64(monotonicSeconds() * 1e9))
        let link = try DealerLink(
            context: context, endpoint: peer.door.address, keys: keys, serverKey: peer.door.publicKey,
            identity: PeerIdentity(name: name, random: &random).bytes, limits: limits)
        let hello = Envelope(
            Hello(role: .worker, name: name, processID: UInt32(getpid())), request: nextNumber())
        let patience = min(deadline, monotonicSeconds() + Self.helloSeconds)
        var isKnown = false
        defer { if !isKnown { link.close() } }
        guard let answer = try converse(link, hello, with: peer, until: patience, &fault) else { return nil }
        isKnown = try knows(answer, peer, &fault)
        // Told something else: there is no waiting in it, so a moment before the next try.
        if !isKnown { link.waker.wait(milliseconds: Self.lookMilliseconds) }
        return isKnown ? link : nil
    }

    /// Whether the answer to a hello comes from whom we want to speak to.
    private func knows(_ answer: Envelope, _ peer: PeerRow, _ fault: inout String) throws -> Bool {
        do {
            switch answer.kind {
            case .welcome:
                let welcome = try answer.decode(Welcome.self)
                if case .refused(let reason) = welcome.verdict() { throw PeerError.refused(peer: peer, reason: reason) }
                let cluster = state.withLock { $0.cluster }
                if welcome.worker == peer.worker && welcome.cluster == cluster { return true }
                fault = "there is worker \(welcome.worker) of cluster \(welcome.cluster)"
            case .refused:
                throw PeerError.refused(peer: peer, reason: try answer.decode(Refused.self).reason)
            default:
                fault = try answer.decode(Failure.self).detail
            }
        } catch let error as WireError {
            fault = "\(error)"
        }
        return false
    }

    /// Says it and waits for the answer of its number. nil: there is none, and the link is of no use any more.
    private func converse(
        _ link: DealerLink, _ question: Envelope, with peer: PeerRow, until deadline: Double, _ fault: inout String
    ) throws -> Envelope? {
        guard link.send(question.frames()) == .sent else {
            fault = "the connection takes nothing more"
            return nil
        }
        while true {
            let left = Int((deadline - monotonicSeconds()) * 1000)
            guard left > 0 else { return nil }
            if case .message(let frames) = try link.receive(timeoutMilliseconds: min(left, Self.lookMilliseconds)) {
                do throws(WireError) {
                    let answer = try Envelope(frames: frames)
                    if answer.request == question.request { return answer }
                } catch {
                    fault = "\(error)"
                }
                continue
            }
            if try row(of: peer.worker).0.door != peer.door {
                fault = "it has moved"
                return nil
            }
        }
    }

    private func unpark(_ peer: PeerRow) -> DealerLink? {
        let (found, old) = state.withLock { state in
            let now = monotonicSeconds()
            let old = Self.sweep(&state) { _, parked in now - parked.since > Self.parkedSeconds }
            return (state.parked[peer.worker]?.popLast()?.link, old)
        }
        for lent in old { lent.link.close() }
        return found?.link
    }

    private func park(_ link: DealerLink, to peer: PeerRow) {
        let lent = Lent(link: link)
        let isParked = state.withLock { state in
            guard !state.isClosed, state.rows[peer.worker]?.door == peer.door,
                state.parked[peer.worker, default: []].count < Self.parkedPerPeer
            else { return false }
            state.parked[peer.worker, default: []].append(
                Parked(link: lent, door: peer.door, since: monotonicSeconds()))
            return true
        }
        if !isParked { lent.link.close() }
    }

    /// Takes out those that are `over`, to be closed without the lock.
    private static func sweep(_ state: inout State, _ over: (WorkerID, Parked) -> Bool) -> [Lent] {
        var swept: [Lent] = []
        for (worker, links) in state.parked {
            swept += links.filter { over(worker, $0) }.map(\.link)
            state.parked[worker] = links.filter { !over(worker, $0) }
        }
        return swept
    }
}
