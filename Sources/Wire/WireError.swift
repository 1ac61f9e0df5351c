package import Basics

/// Why bytes from another process are not a message we can act upon.
package enum WireError: Error, Equatable, Sendable {
    /// The body is not what its kind promises.
    case body(Kind, ByteError)
    /// The bulk frame is no whole number of 32-bit floats.
    case floats(index: Int, bytes: Int)
    /// The first four bytes are not Muster's: something else speaks on this port.
    case foreign(UInt32)
    case frameCount(Int)
    case frameSize(index: Int, bytes: Int, limit: Int)
    case headerSize(Int)
    /// The kind needs a bulk frame which did not come.
    case missingBulk(Kind, index: Int)
    case unexpectedKind(expected: Kind, found: Kind)
    case unknownKind(UInt16)
    case unsupportedProtocol(UInt16)
}

extension WireError: CustomStringConvertible {
    /// One line for logs.
    package var description: String {
        switch self {
        case .body(let kind, let fault):
            "the body of the message \"\(kind.name)\" \(fault)"
        case .floats(let index, let bytes):
            "bulk frame \(index) has \(bytes) bytes, which is no whole number of 32-bit floats"
        case .foreign(let magic):
            "the message begins with \(magic) where Muster's begin with \(Envelope.magic): "
                + "another program speaks on this port"
        case .frameCount(let count):
            "the message has \(count) frames, allowed are 2 to \(2 + WireLimits.bulkFramesMax)"
        case .frameSize(let index, let bytes, let limit):
            "frame \(index) of the message has \(bytes) bytes, the limit is \(limit)"
        case .headerSize(let bytes):
            "the header has \(bytes) bytes where \(WireLimits.headerBytes) belong"
        case .missingBulk(let kind, let index):
            "the message \"\(kind.name)\" came without its bulk frame \(index)"
        case .unexpectedKind(let expected, let found):
            "the message \"\(found.name)\" came where \"\(expected.name)\" belongs"
        case .unknownKind(let number):
            "the message has kind \(number), which muster \(Build.identifier) does not know"
        case .unsupportedProtocol(let version):
            "the message is in protocol \(version); muster \(Build.identifier) speaks \(Build.spoken): "
                + "run the same version on both sides"
        }
    }
}
