import Basics
import CZeroMQ
import Synchronization

// CURVE alone proves that a client holds some secret key, not that it may come in. ZeroMQ asks that of whoever
// answers at inproc://zeromq.zap.01 in the same context (ZeroMQ RFC 27, ZAP), once per handshake. One thread per
// context answers for all its routers; each router's list is a ZAP domain. The endpoint is bound before the first
// router is, because a context with nobody at the gate lets everyone in.

/// Lets clients in by their public keys.
final class AdmissionGate: Sendable {
    private struct Domain {
        var allowed: Set<[UInt8]>
        var refusals: UInt64 = 0
    }

    private struct State {
        var domains: [String: Domain] = [:]
        var opened = 0
        var isServing = false
    }

    private let state = Mutex<State>(State())

    /// Registers a router's list for as long as the answer lives. Starts the answering thread when it is the first.
    func open(context: ContextHandle, allowedClients: [String]) throws(TransportError) -> Admission {
        let allowed = try Self.decoded(allowedClients)
        let name = try state.withLock { state throws(TransportError) -> String in
            if !state.isServing {
                try start(context: context)
                state.isServing = true
            }
            state.opened += 1
            let name = "muster-\(state.opened)"
            state.domains[name] = Domain(allowed: allowed)
            return name
        }
        return Admission(gate: self, domain: name)
    }

    /// From now on these are let in there, and nobody else. Who is in stays in.
    func allow(_ clients: [String], in domain: String) throws(TransportError) {
        let allowed = try Self.decoded(clients)
        state.withLock { $0.domains[domain]?.allowed = allowed }
    }

    private static func decoded(_ clients: [String]) throws(TransportError) -> Set<[UInt8]> {
        var keys: Set<[UInt8]> = []
        for key in clients { keys.insert(try CurveKeys.decodeKey(key, place: "the list of allowed clients")) }
        return keys
    }

    /// Whether a key is on a router's list. False also where it is no key.
    func admits(_ key: String, in domain: String) -> Bool {
        guard let bytes = try? CurveKeys.decodeKey(key, place: "a door") else { return false }
        return state.withLock { $0.domains[domain]?.allowed.contains(bytes) ?? false }
    }

    /// From now on nobody is let in there.
    func close(domain: String) {
        _ = state.withLock { $0.domains.removeValue(forKey: domain) }
    }

    /// Handshakes refused so far.
    func refusals(in domain: String) -> UInt64 { state.withLock { $0.domains[domain]?.refusals ?? 0 } }

    private func start(context: ContextHandle) throws(TransportError) {
        let socket = try MessageSocket(context: context, type: ZMQ_REP, endpoint: "inproc://zeromq.zap.01")
        try socket.set(ZMQ_LINGER, Int32(0))
        try socket.bind(to: socket.endpoint)
        // SAFETY: this thread hands the socket over and never touches it again; starting a thread is a full fence.
        nonisolated(unsafe) let handedOver = socket
        startThread { self.serve(handedOver) }
    }

    /// Ends when the context is shut down, which makes `receive` throw.
    private func serve(_ socket: MessageSocket) {
        defer { socket.close() }
        while true {
            do throws(TransportError) {
                guard let request = try socket.receive(waiting: true) else { continue }
                _ = socket.send(answer(to: request), waiting: true)
            } catch {
                return
            }
        }
    }

    /// The request's frames are version, request id, domain, address, identity, mechanism, credentials; the reply's
    /// are version, request id, status, its text, user id, metadata.
    func answer(to request: [[UInt8]]) -> [[UInt8]] {
        let isAllowed =
            request.count == 7 && request[0] == Array("1.0".utf8) && request[5] == Array("CURVE".utf8)
            && isAllowed(key: request[6], domain: String(decoding: request[2], as: UTF8.self))
        let verdict = isAllowed ? ("200", "OK") : ("400", "this public key is not on the list")
        let requestID = request.count > 1 ? request[1] : []
        return [Array("1.0".utf8), requestID, Array(verdict.0.utf8), Array(verdict.1.utf8), [], []]
    }

    private func isAllowed(key: [UInt8], domain: String) -> Bool {
        state.withLock { state in
            guard let known = state.domains[domain] else { return false }
            if known.allowed.contains(key) { return true }
            state.domains[domain]?.refusals += 1
            return false
        }
    }
}

/// One router's list at the gate; taken down when it is released.
final class Admission: Sendable {
    /// The name under which ZeroMQ asks for this router.
    let domain: String
    private let gate: AdmissionGate

    init(gate: AdmissionGate, domain: String) {
        self.gate = gate
        self.domain = domain
    }

    deinit { gate.close(domain: domain) }

    /// From now on these are let in, and nobody else. Who is in stays in. Any thread may call it.
    func allow(_ clients: [String]) throws(TransportError) { try gate.allow(clients, in: domain) }

    func admits(_ key: String) -> Bool { gate.admits(key, in: domain) }

    /// Handshakes refused so far.
    var refusals: UInt64 { gate.refusals(in: domain) }
}
