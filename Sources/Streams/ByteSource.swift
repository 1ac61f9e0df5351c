// Reading a file from front to back, unpacked where it is packed. What the file's first bytes say decides: names lie.
// The memory needed does not grow with the file, however well it is packed.

import CZlib
import CZstd

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The bytes of a file, unpacked, in pieces. One thread at a time.
package final class ByteSource {
    /// How the file is packed.
    package let compression: Compression
    /// Bytes of the file as it lies on disk, 0 where the system does not say (pipes).
    package let size: Int
    /// How many of them have been read.
    package private(set) var position = 0

    private let file: String
    private let descriptor: Int32
    private let packed: UnsafeMutableRawBufferPointer
    private var packedStart = 0
    private var packedEnd = 0
    private var unpacker: (any Unpacker)?
    private static let pieceBytes = 256 << 10

    /// Opens the file at `path`. Where its name ends in `.gz` or `.zst` and its bytes are something else, it is
    /// damaged. `name` is what errors call it.
    package init(path: String, name: String? = nil) throws(StreamError) {
        let file = name ?? path
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unreadable(file: file, reason: lastFault()) }
        let packed = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.pieceBytes, alignment: 64)
        var count = 0
        var fault: StreamError?
        do throws(StreamError) {
            // A pipe may hand out less than the magic bytes at first.
            while count < 4 {
                let got = try readOnce(descriptor, packed, from: count, file)
                if got == 0 { break }
                count += got
            }
        } catch { fault = error }
        let compression = Compression(magic: packed.prefix(count))
        let told = Compression(path: path)
        if fault == nil && told != .none && told != compression {
            fault = .damaged(file: file, reason: "it is named \(told.suffix) but does not begin as \(told) does")
        }
        if let fault {
            packed.deallocate()
            close(descriptor)
            throw fault
        }
        var facts = stat()
        size = fstat(descriptor, &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG ? Int(facts.st_size) : 0
        (self.file, self.descriptor, self.packed, self.compression) = (file, descriptor, packed, compression)
        packedEnd = count
        position = count
        switch compression {
        case .none: unpacker = nil
        case .gzip: unpacker = GzipUnpacker()
        case .zstd: unpacker = ZstdUnpacker()
        }
    }

    deinit {
        close(descriptor)
        packed.deallocate()
    }

    /// Fills the front of `target`; returns how many bytes, at least one unless the file has ended or `target` is
    /// empty. Throws `damaged` where a packed file ends in the middle.
    package func read(into target: UnsafeMutableRawBufferPointer) throws(StreamError) -> Int {
        if target.isEmpty { return 0 }
        guard unpacker != nil else {
            if packedStart == packedEnd { return try fetch(target) }
            let count = min(target.count, packedEnd - packedStart)
            target.copyMemory(from: UnsafeRawBufferPointer(rebasing: packed[packedStart..<packedStart + count]))
            packedStart += count
            return count
        }
        while true {
            if packedStart == packedEnd {
                packedEnd = try fetch(packed)
                packedStart = 0
            }
            let isEnd = packedEnd == 0
            if isEnd && unpacker?.isBetweenMembers == true { return 0 }
            let input = UnsafeRawBufferPointer(rebasing: packed[packedStart..<packedEnd])
            guard let step = unpacker?.unpack(input, into: target) else {
                throw .damaged(file: file, reason: "its \(compression) bytes contradict themselves")
            }
            packedStart += step.taken
            if step.made > 0 { return step.made }
            if isEnd { throw .damaged(file: file, reason: "its \(compression) bytes end in the middle") }
        }
    }

    /// Reads what is left and returns how many bytes that were, unpacked. Throws as `read` does.
    package func readToEnd() throws(StreamError) -> Int {
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.pieceBytes, alignment: 64)
        defer { piece.deallocate() }
        var total = 0
        while case let count = try read(into: piece), count > 0 { total += count }
        return total
    }

    private func fetch(_ target: UnsafeMutableRawBufferPointer) throws(StreamError) -> Int {
        let got = try readOnce(descriptor, target, from: 0, file)
        position += got
        return got
    }
}

private func readOnce(
    _ descriptor: Int32, _ target: UnsafeMutableRawBufferPointer, from: Int, _ file: String
) throws(StreamError) -> Int {
    while true {
        // The address is there: no target is empty.
        let got = read(descriptor, target.baseAddress! + from, target.count - from)
        if got >= 0 { return got }
        if errno != EINTR { throw .unreadable(file: file, reason: lastFault()) }
    }
}

func lastFault() -> String { String(cString: strerror(errno)) }
