import CZeroMQ

/// What both kinds of link share: the socket, its waker, and taking turns between the two.
final class LinkCore {
    let socket: MessageSocket
    let waker: Waker
    private let context: MessageContext
    private let limits: TransportLimits
    private var messagesInRow = 0
    private var wokeLast = false

    enum Event { case message([[UInt8]]), woken }

    /// An open socket with everything set that does not depend on the role.
    init(
        context: MessageContext, type: Int32, endpoint: Endpoint, waker: Waker? = nil, limits: TransportLimits
    ) throws(TransportError) {
        socket = try MessageSocket(context: context.handle, type: type, endpoint: endpoint.text)
        self.waker = if let waker { waker } else { try Waker() }
        self.context = context
        self.limits = limits
        // Before anything can fail: from here on `deinit` closes the socket and counts this link out.
        context.linkOpened()
        try socket.set(ZMQ_LINGER, TransportLimits.lingerMilliseconds)
        try socket.set(ZMQ_SNDHWM, Int32(clamping: limits.queuedMessages))
        try socket.set(ZMQ_RCVHWM, Int32(clamping: limits.queuedMessages))
        try socket.set(ZMQ_MAXMSGSIZE, Int64(limits.frameBytes))
        try socket.set(ZMQ_HANDSHAKE_IVL, TransportLimits.handshakeMilliseconds)
        // A machine that vanished without a word is noticed after 60 + 4 x 15 seconds even when nothing is sent.
        try socket.set(ZMQ_TCP_KEEPALIVE, Int32(1))
        try socket.set(ZMQ_TCP_KEEPALIVE_IDLE, Int32(60))
        try socket.set(ZMQ_TCP_KEEPALIVE_INTVL, Int32(15))
        try socket.set(ZMQ_TCP_KEEPALIVE_CNT, Int32(4))
        try socket.set(ZMQ_IPV6, Int32(endpoint.isIPv6 ? 1 : 0))
    }

    deinit { close() }

    func close() {
        guard socket.isOpen else { return }
        socket.close()
        context.linkClosed()
    }

    /// The next message or wake, or nil when neither came in time. Neither can starve the other: a wake is looked
    /// for after every few messages, and after a wake a waiting message comes first.
    func receive(timeoutMilliseconds: Int) throws(TransportError) -> Event? {
        precondition(timeoutMilliseconds >= 0, "a wait has an end")
        if messagesInRow < TransportLimits.messagesPerPoll, !wokeLast, let frames = try socket.receive(waiting: false) {
            messagesInRow += 1
            return .message(frames)
        }
        messagesInRow = 0
        let ready = try socket.poll(waker: waker, milliseconds: timeoutMilliseconds)
        if ready.waker, !(wokeLast && ready.message), waker.reset() {
            wokeLast = true
            return .woken
        }
        wokeLast = false
        guard ready.message, let frames = try socket.receive(waiting: false) else { return nil }
        return .message(frames)
    }

    func send(_ frames: [[UInt8]]) -> SendResult {
        precondition(
            frames.allSatisfy { $0.count <= limits.frameBytes }, "a frame is larger than any peer would take")
        return socket.send(frames)
    }
}
