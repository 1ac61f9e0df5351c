import Basics
import Glibc
import Streams

/// A file that is written under another name and gets its own when it is whole, so that nobody takes half a table
/// for a table. With the path `-` it is the standard output.
struct ExportFile {
    /// Its name when it is whole.
    let path: String
    private let sink: ByteSink?

    private static let standardOutput = "-"

    /// Where it is written.
    var partial: String { path == Self.standardOutput ? path : path + ".part" }

    /// A file that is written here.
    init(path: String, compression: Compression) throws {
        self.path = path
        let isFile = path != Self.standardOutput
        sink = try ByteSink(path: isFile ? path + ".part" : path, compression: compression)
    }

    /// A file that another program writes, as `partial`.
    init(writtenElsewhere path: String) {
        self.path = path
        sink = nil
    }

    func write(_ bytes: [UInt8]) throws { try sink?.write(bytes) }

    /// Everything is written, and on the device.
    func finish() throws {
        try sink?.finish()
        if path == Self.standardOutput { return }
        let handle = open(partial, O_RDONLY | O_CLOEXEC)
        guard handle >= 0 else { throw fault() }
        defer { close(handle) }
        guard fsync(handle) == 0 else { throw fault() }
    }

    /// Gives the finished file its name.
    func publish() throws {
        if path == Self.standardOutput { return }
        guard rename(partial, path) == 0 else { throw fault() }
    }

    /// Takes away what was written.
    func discard() {
        if path != Self.standardOutput { _ = unlink(partial) }
    }

    private func fault() -> CommandError {
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
