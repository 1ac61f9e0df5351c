import Glibc

/// Creates a directory and those above it, each made durable in its parent. What is there already stays;
/// when creation fails, opening the database reports it.
func createDirectory(_ path: String) {
    var end = path.startIndex
    while end < path.endIndex {
        let rest = path.index(after: end)
        end = path[rest...].firstIndex(of: "/") ?? path.endIndex
        guard mkdir(String(path[..<end]), 0o755) == 0 else { continue }
        let parent = path[..<end].lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = open(parent, O_RDONLY | O_DIRECTORY)
        if descriptor >= 0 {
            fsync(descriptor)
            close(descriptor)
        }
    }
}

/// Who holds the lock on a file: "process 123", or "another process" when the system does not tell.
/// Read from the kernel's table: opening and closing the file itself would drop a lock of our own.
func lockHolder(of path: String) -> String {
    let unknown = "another process"
    var status = stat()
    guard stat(path, &status) == 0, let table = fopen("/proc/locks", "r") else { return unknown }
    defer { fclose(table) }
    let inode = ":\(status.st_ino)"
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, Int32(line.count), table) != nil {
        // 1: POSIX  ADVISORY  WRITE 1234 08:01:5678 0 EOF
        let text = line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        let fields = String(decoding: text, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        if fields.count >= 6, fields[5].hasSuffix(inode) { return "process \(fields[4])" }
    }
    return unknown
}
