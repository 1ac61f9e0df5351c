import Glibc

/// Small text files that hold keys. The checks are made on the open file, so that nobody can swap it in between.
enum KeyFile {
    /// Enough for thousands of public keys.
    private static let bytesMax = 1 << 20

    /// The whole file as text. With `isSecret`, a file that group or others may touch is refused.
    static func read(_ path: String, isSecret: Bool) throws(TransportError) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .keyFile(path: path, reason: systemReason()) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .keyFile(path: path, reason: systemReason()) }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_size <= bytesMax else {
            throw .keyFile(path: path, reason: "it is not a file of keys")
        }
        if isSecret, status.st_mode & 0o077 != 0 {
            throw .keyFileExposed(path: path, mode: status.st_mode & 0o777)
        }
        var bytes = [UInt8](repeating: 0, count: bytesMax)
        var length = 0
        while length < bytesMax {
            let count = bytes.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress! + length, bytesMax - length)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .keyFile(path: path, reason: systemReason()) }
            if count == 0 { break }
            length += count
        }
        guard let text = String(validating: bytes[..<length], as: UTF8.self) else {
            throw .keyFile(path: path, reason: "it is not a file of keys")
        }
        return text
    }

    /// Makes a new file; an existing one is an error. What cannot be written whole is removed again.
    static func create(_ path: String, mode: mode_t, contents: String) throws(TransportError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else {
            let reason = errno == EEXIST ? "it exists already and is not overwritten" : systemReason()
            throw .keyFile(path: path, reason: reason)
        }
        let bytes = Array(contents.utf8)
        let isWritten = write(descriptor, bytes, bytes.count) == bytes.count && fsync(descriptor) == 0
        let reason = systemReason()
        close(descriptor)
        guard isWritten else {
            unlink(path)
            throw .keyFile(path: path, reason: reason)
        }
    }

    private static func systemReason() -> String { String(cString: strerror(errno)) }
}
