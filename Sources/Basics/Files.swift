import Glibc

/// A small file could not be read; says which and why.
package struct FileError: Error, Equatable, CustomStringConvertible {
    package let path: String
    /// The system's words for the fault, for example "No such file or directory".
    package let reason: String

    package var description: String { "\(path): \(reason)" }
}

/// All bytes of a settings or key file. For small files: anything above `limit` bytes is refused, so that a path
/// that names the wrong thing (a device, a database) cannot fill the memory.
package func readSmallFile(_ path: String, limit: Int = 1 << 20) throws(FileError) -> [UInt8] {
    func fault() -> FileError { FileError(path: path, reason: String(cString: strerror(errno))) }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw fault() }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
        let count = read(descriptor, &buffer, buffer.count)
        if count < 0 && errno == EINTR { continue }
        guard count >= 0 else { throw fault() }
        if count == 0 { return bytes }
        bytes.append(contentsOf: buffer[..<count])
        guard bytes.count <= limit else { throw FileError(path: path, reason: "larger than \(limit) bytes") }
    }
}
