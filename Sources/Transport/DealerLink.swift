import CZeroMQ

/// The end that connects: one connection to the coordinator or to a worker's door, made again by itself whenever it
/// breaks, first after 1 s, then after twice as long each time up to 32 s (on loopback 0.1 s to 3.2 s). Belongs to one
/// thread; only `waker` may be used by others. While there is no connection, messages wait in the queue until it is
/// full. A client whose key is refused is not told: it gets no answer, and ZeroMQ does not try again on this link.
/// Whoever hears nothing for long makes a new link.
package final class DealerLink {
    /// What `receive` brought.
    package enum Received: Equatable, Sendable {
        /// Frames from the other side; at least one.
        case message([[UInt8]])
        /// Another thread called `waker.wake()`.
        case woken
    }

    private let core: LinkCore

    /// Ends the wait of the thread that owns this link.
    package var waker: Waker { core.waker }

    /// Starts to connect; does not wait for the other side. `identity` is 1 to 255 bytes, fresh for this incarnation
    /// (`PeerIdentity(name:random:)` makes one); a leading zero byte, which ZeroMQ keeps for itself, becomes a one.
    /// `waker` is given by an owner whose links come and go while others keep waking it.
    /// With `keys` the connection is encrypted and only a server that holds the secret of `serverKey` is trusted.
    package init(
        context: MessageContext, endpoint: String, keys: CurveKeys?, serverKey: String?, identity: [UInt8],
        waker: Waker? = nil, limits: TransportLimits = TransportLimits()
    ) throws(TransportError) {
        precondition((1...255).contains(identity.count), "an identity has 1 to 255 bytes")
        let place = try Endpoint(endpoint)
        guard place.port != 0, place.host != "*" else {
            throw .badEndpoint(endpoint: endpoint, rule: "a connection needs the host and the port of the other side")
        }
        guard keys != nil || place.isLoopback else { throw .keysMissing(endpoint: endpoint) }
        core = try LinkCore(context: context, type: ZMQ_DEALER, endpoint: place, waker: waker, limits: limits)
        let socket = core.socket
        try socket.set(ZMQ_ROUTING_ID, bytes: identity[0] == 0 ? [1] + identity.dropFirst() : identity)
        try socket.set(ZMQ_RECONNECT_IVL, Int32(place.isLoopback ? 100 : 1_000))
        try socket.set(ZMQ_RECONNECT_IVL_MAX, Int32(place.isLoopback ? 3_200 : 32_000))
        try socket.set(ZMQ_CONNECT_TIMEOUT, TransportLimits.connectMilliseconds)
        if let keys {
            guard let serverKey else { throw .serverKeyMissing(endpoint: endpoint) }
            try socket.set(ZMQ_CURVE_SERVERKEY, bytes: CurveKeys.decodeKey(serverKey, place: "the server's key"))
            try socket.set(ZMQ_CURVE_PUBLICKEY, bytes: CurveKeys.decodeKey(keys.publicKey, place: "the key pair"))
            try socket.set(ZMQ_CURVE_SECRETKEY, bytes: CurveKeys.decodeKey(keys.secretKey, place: "the key pair"))
        }
        try socket.connect(to: place.text)
    }

    /// The next message or wake; nil when none came within the time or a signal interrupted the wait.
    package func receive(timeoutMilliseconds: Int) throws(TransportError) -> Received? {
        switch try core.receive(timeoutMilliseconds: timeoutMilliseconds) {
        case .message(let frames): .message(frames)
        case .woken: .woken
        case nil: nil
        }
    }

    /// Queues the frames; never waits. Frames above 64 KiB are lent to ZeroMQ, not copied. `full` also says that the
    /// other side has refused this link for good.
    package func send(_ frames: [[UInt8]]) -> SendResult { core.send(frames) }

    /// Hangs up; what was accepted for sending still goes out, for at most a second (see `MessageContext.close`).
    package func close() { core.close() }
}
