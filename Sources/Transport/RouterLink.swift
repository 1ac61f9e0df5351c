import CZeroMQ

/// The end that others connect to, the coordinator's and each worker's door: one socket for all of them, each message
/// with the identity of its sender. Belongs to one thread; only `waker` may be used by others. Delivery is not
/// guaranteed: requests, acknowledgements and retries are the business of whoever speaks through it.
package final class RouterLink {
    /// What `receive` brought.
    package enum Received: Equatable, Sendable {
        /// Frames from a peer, without its identity; at least one.
        case message(PeerIdentity, [[UInt8]])
        /// Another thread called `waker.wake()`.
        case woken
    }

    /// Where peers connect, with the port that was chosen.
    package let boundEndpoint: String
    private let core: LinkCore
    /// nil: no keys, everyone on this machine may come.
    let admission: Admission?

    /// Ends the wait of the thread that owns this link.
    package var waker: Waker { core.waker }

    /// Binds and starts to accept. With `keys`, only clients whose public key is in `allowedClients` get in (an empty
    /// list lets nobody in); without, only an endpoint on loopback is taken.
    package init(
        context: MessageContext, endpoint: String, keys: CurveKeys?, allowedClients: [String],
        waker: Waker? = nil, limits: TransportLimits = TransportLimits()
    ) throws(TransportError) {
        let place = try Endpoint(endpoint)
        guard keys != nil || place.isLoopback else { throw .keysMissing(endpoint: endpoint) }
        core = try LinkCore(context: context, type: ZMQ_ROUTER, endpoint: place, waker: waker, limits: limits)
        try core.socket.set(ZMQ_ROUTER_MANDATORY, Int32(1))
        try core.socket.set(ZMQ_ROUTER_HANDOVER, Int32(1))
        if let keys {
            let admission = try context.gate.open(context: context.handle, allowedClients: allowedClients)
            try core.socket.set(ZMQ_CURVE_SERVER, Int32(1))
            try core.socket.set(ZMQ_CURVE_SECRETKEY, bytes: CurveKeys.decodeKey(keys.secretKey, place: "the key pair"))
            try core.socket.set(ZMQ_ZAP_DOMAIN, bytes: Array(admission.domain.utf8))
            self.admission = admission
        } else {
            admission = nil
        }
        boundEndpoint = try core.socket.bind(to: place.bindable)
    }

    /// The next message or wake; nil when none came within the time or the wait was cut short, by a signal or
    /// by a message that had to be dropped.
    package func receive(timeoutMilliseconds: Int) throws(TransportError) -> Received? {
        switch try core.receive(timeoutMilliseconds: timeoutMilliseconds) {
        case .message(var frames):
            // A router's message starts with the sender; one without anything after it says nothing.
            guard frames.count > 1 else { return nil }
            return .message(PeerIdentity(bytes: frames.removeFirst()), frames)
        case .woken: return .woken
        case nil: return nil
        }
    }

    /// Queues the frames for one peer; never waits. Frames above 64 KiB are lent to ZeroMQ, not copied.
    package func send(_ frames: [[UInt8]], to peer: PeerIdentity) -> SendResult {
        precondition(!frames.isEmpty, "a message has at least one frame")
        return core.send([peer.bytes] + frames)
    }

    /// Whether whoever has that public key may come; without keys, whoever has none.
    package func admits(_ key: String) -> Bool { admission?.admits(key) ?? key.isEmpty }

    /// Handshakes refused so far because the client's key was not on the list.
    package var refusals: UInt64 { admission?.refusals ?? 0 }

    /// Messages dropped so far because they had more than 1,024 frames.
    package var dropped: UInt64 { core.socket.oversized }

    /// Stops accepting and drops all peers; what was accepted for sending still goes out, for at most a second.
    package func close() { core.close() }
}
