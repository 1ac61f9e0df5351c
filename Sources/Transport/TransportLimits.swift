/// How much a link may hold and how long it may take; one place, so that the numbers can be compared.
package struct TransportLimits: Equatable, Sendable {
    /// Messages waiting per peer and direction; one more is answered with `full`. At least 1.
    package var queuedMessages: Int
    /// The largest frame taken from a peer, in bytes; a peer that sends more is cut off.
    package var frameBytes: Int

    /// 1,000 messages, 256 MiB a frame.
    package init(queuedMessages: Int = 1_000, frameBytes: Int = 256 << 20) {
        precondition(queuedMessages >= 1 && frameBytes >= 1, "a link must be able to hold one message")
        self.queuedMessages = queuedMessages
        self.frameBytes = frameBytes
    }

    /// A message of more frames than this is dropped whole: ZeroMQ bounds messages and frames, not frames per message.
    static let framesPerMessage = 1_024
    /// Frames above this size are lent to ZeroMQ instead of copied: 64 KiB, where a copy starts to cost more than
    /// the bookkeeping of a loan.
    static let copiedBytes = 64 << 10
    /// How long a closed link goes on sending what it had accepted.
    static let lingerMilliseconds: Int32 = 1_000
    /// A connection that has not finished its handshake by then is dropped.
    static let handshakeMilliseconds: Int32 = 5_000
    /// A TCP connection attempt is given up after this and tried again after the reconnect interval.
    static let connectMilliseconds: Int32 = 5_000
    /// How many messages are taken in a row before the waker is looked at again.
    static let messagesPerPoll = 32
}
