import Basics
import Glibc

/// A file that is written under another name and gets its own when it is whole, so that nobody takes half a table
/// for a table. With the path `-` it is the standard output.
struct ExportFile {
    let path: String
    private(set) var bytesCount = 0
    private let handle: Int32
    private var isOpen = true

    private static let standardOutput = "-"

    private var partial: String { path + ".part" }

    init(path: String) throws {
        self.path = path
        if path == Self.standardOutput {
            handle = STDOUT_FILENO
            return
        }
        handle = open(path + ".part", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard handle >= 0 else { throw Self.fault(path) }
    }

    mutating func write(_ bytes: [UInt8]) throws {
        try writeAll(bytes, to: handle) { Self.fault(path) }
        bytesCount += bytes.count
    }

    /// Everything is written, and on the device.
    mutating func finish() throws {
        guard isOpen, path != Self.standardOutput else { return }
        guard fsync(handle) == 0, close(handle) == 0 else { throw Self.fault(path) }
        isOpen = false
    }

    /// Gives the finished file its name.
    func publish() throws {
        guard path != Self.standardOutput else { return }
        guard rename(partial, path) == 0 else { throw Self.fault(path) }
    }

    /// Takes away what was written.
    mutating func discard() {
        guard path != Self.standardOutput else { return }
        if isOpen { _ = close(handle) }
        isOpen = false
        _ = unlink(partial)
    }

    private static func fault(_ path: String) -> CommandError {
        CommandError("\(path) cannot be written: \(String(cString: strerror(errno)))")
    }
}

/// Writes all bytes to a descriptor, however many calls that takes.
func writeAll(_ bytes: [UInt8], to handle: Int32, fault: () -> CommandError) throws {
    try bytes.withUnsafeBytes { buffer in
        var done = 0
        while done < buffer.count {
            let count = write(handle, buffer.baseAddress.map { $0 + done }, buffer.count - done)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw fault() }
            done += count
        }
    }
}
