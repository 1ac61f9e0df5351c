#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Throws unless `path` is a folder.
func requireFolder(_ path: String) throws(ImportError) {
    var facts = stat()
    guard stat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFDIR else { throw .missingFolder(path) }
}

/// Throws for the first of `files` in the folder `directory` that cannot be read: before anything is registered for
/// a data set of which a part is missing.
func requireFiles(_ files: [String], in directory: String) throws(ImportError) {
    try requireFolder(directory)
    for path in files.map({ "\(directory)/\($0)" }) {
        guard access(path, R_OK) == 0 else { throw .unreadable(file: path, reason: lastFault()) }
        try requireRegularFile(path, name: path)
    }
}

/// Throws unless `path` is a file that can be read more than once, as all of a data set are: a pipe cannot. `name` is
/// what the error calls it.
func requireRegularFile(_ path: String, name: String) throws(ImportError) {
    var facts = stat()
    guard stat(path, &facts) == 0 else { throw .unreadable(file: name, reason: lastFault()) }
    guard facts.st_mode & S_IFMT == S_IFREG else {
        throw .unreadable(
            file: name, reason: "it is no regular file; what a pipe gives is read as '-', the standard input")
    }
}

/// All bytes of a file.
func bytes(ofFile path: String) throws(ImportError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unreadable(file: path, reason: lastFault()) }
    defer { close(descriptor) }
    var facts = stat()
    guard fstat(descriptor, &facts) == 0 else { throw .unreadable(file: path, reason: lastFault()) }
    var fault: String?
    let bytes = [UInt8](unsafeUninitializedCapacity: Int(facts.st_size)) { buffer, count in
        while count < buffer.count {
            // The address is there: a buffer of more than `count` bytes is not empty.
            let got = read(descriptor, buffer.baseAddress! + count, buffer.count - count)
            if got < 0 && errno == EINTR { continue }
            if got < 0 { fault = lastFault() }
            if got <= 0 { return }
            count += got
        }
    }
    if let fault { throw .unreadable(file: path, reason: fault) }
    return bytes
}

private func lastFault() -> String { String(cString: strerror(errno)) }
