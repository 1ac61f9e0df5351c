// Every limit of what processes say to each other, in one place. A test holds them against each other.

/// Bounds on messages. Whoever reads a message checks them before it believes a count or a length.
package enum WireLimits {
    /// Bytes of frame 0. The layout is frozen: a newer protocol may add frames or bodies, never move these bytes.
    package static let headerBytes = 40
    /// Bytes of frame 1, the body. Rows and weights do not belong there but into bulk frames.
    package static let bodyBytesMax = 36 << 20
    /// Bytes of one bulk frame; equal to the largest frame the sockets accept.
    package static let frameBytesMax = 256 << 20
    /// Frames behind header and body.
    package static let bulkFramesMax = 16
    /// Bytes of UTF-8 of the name of a city, a worker, a build, a job's kind or state.
    package static let nameBytesMax = 256
    /// Bytes of UTF-8 of an explanation for people. Longer ones are cut where they are written.
    package static let detailBytesMax = 4096
}
