package import Basics

/// How a router tells its peers apart: 1 to 255 bytes that a peer chooses anew each time it starts, so that a process
/// that comes back is never taken for the one that went.
package struct PeerIdentity: Hashable, Sendable {
    package let bytes: [UInt8]

    package init(bytes: [UInt8]) { self.bytes = bytes }

    /// `name`, shortened to 64 bytes, a colon and 16 random hexadecimal digits.
    package init(name: String, random: inout SeededRandom) {
        let digits = String(random.next(), radix: 16)
        let padding = String(repeating: "0", count: 16 - digits.count)
        bytes = name.utf8.prefix(64) + Array(":\(padding)\(digits)".utf8)
    }
}

extension PeerIdentity: CustomStringConvertible {
    /// Printable bytes as they are, others as %XX.
    package var description: String {
        var text = ""
        for byte in bytes {
            if byte > 0x20, byte < 0x7F, byte != UInt8(ascii: "%") {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                text += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return text
    }
}
