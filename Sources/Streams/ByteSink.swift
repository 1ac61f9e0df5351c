// Writing a file from front to back, packed where that is asked for. A file that was not finished is never
// mistaken for a whole one: packed files end in a checksum that `finish` writes.

import CZlib
import CZstd

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Takes bytes in pieces and puts them, packed, into a file. One thread at a time.
package final class ByteSink {
    private let file: String
    private let descriptor: Int32
    private let packer: (any Packer)?
    private var waiting: [UInt8] = []
    private var packed: [UInt8]
    private static let pieceBytes = 256 << 10

    /// Makes or empties the file at `path`; `-` is standard output.
    package init(path: String, compression: Compression = .none) throws(StreamError) {
        descriptor = path == "-" ? dup(STDOUT_FILENO) : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .unwritable(file: path, reason: lastFault()) }
        file = path
        switch compression {
        case .none: packer = nil
        case .gzip: packer = GzipPacker()
        case .zstd: packer = ZstdPacker()
        }
        packed = packer == nil ? [] : [UInt8](repeating: 0, count: Self.pieceBytes)
        waiting.reserveCapacity(Self.pieceBytes)
    }

    deinit { close(descriptor) }

    /// Appends bytes.
    package func write(_ bytes: some Collection<UInt8>) throws(StreamError) {
        waiting.append(contentsOf: bytes)
        if waiting.count >= Self.pieceBytes { try flush(isLast: false) }
    }

    /// Writes what is left and the end mark. Nothing may be written after it.
    package func finish() throws(StreamError) { try flush(isLast: true) }

    private func flush(isLast: Bool) throws(StreamError) {
        defer { waiting.removeAll(keepingCapacity: true) }
        guard let packer else { return try put(waiting, waiting.count) }
        var taken = 0
        while true {
            let step = waiting.withUnsafeBytes { input in
                packed.withUnsafeMutableBytes { output in
                    packer.pack(UnsafeRawBufferPointer(rebasing: input[taken...]), into: output, isLast: isLast)
                }
            }
            taken += step.taken
            try put(packed, step.made)
            if step.isDone { return }
        }
    }

    private func put(_ bytes: [UInt8], _ count: Int) throws(StreamError) {
        var start = 0
        while start < count {
            let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + start, count - start) }
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else { throw .unwritable(file: file, reason: lastFault()) }
            start += written
        }
    }
}

/// One step of packing; done when all input is taken and, at the end, the end mark is out.
struct PackStep {
    var taken: Int
    var made: Int
    var isDone: Bool
}

/// Turns plain bytes into packed ones, piece by piece.
protocol Packer: AnyObject {
    func pack(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, isLast: Bool) -> PackStep
}

final class GzipPacker: Packer {
    // SAFETY: zlib keeps the stream's address, so it lives on the heap and never moves.
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private static let gzip: Int32 = 16

    init() {
        stream.initialize(to: z_stream())
        let result = deflateInit2_(
            stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + Self.gzip, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        precondition(result == Z_OK, "zlib does not start: \(result)")
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    func pack(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, isLast: Bool) -> PackStep {
        // zlib only reads the input; its header lacks the word const.
        stream.pointee.next_in = UnsafeMutablePointer(
            mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = UInt32(input.count)
        stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(output.count)
        let result = deflate(stream, isLast ? Z_FINISH : Z_NO_FLUSH)
        precondition(result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR, "zlib fails: \(result)")
        return PackStep(
            taken: input.count - Int(stream.pointee.avail_in), made: output.count - Int(stream.pointee.avail_out),
            isDone: isLast ? result == Z_STREAM_END : stream.pointee.avail_out > 0)
    }
}

final class ZstdPacker: Packer {
    private let stream: OpaquePointer

    init() {
        guard let stream = ZSTD_createCStream() else { preconditionFailure("zstd does not start") }
        ZSTD_CCtx_setParameter(stream, ZSTD_c_checksumFlag, 1)
        self.stream = stream
    }

    deinit { ZSTD_freeCStream(stream) }

    func pack(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, isLast: Bool) -> PackStep {
        var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        var target = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
        let left = ZSTD_compressStream2(stream, &target, &source, isLast ? ZSTD_e_end : ZSTD_e_continue)
        precondition(ZSTD_isError(left) == 0, "zstd fails")
        return PackStep(taken: source.pos, made: target.pos, isDone: isLast ? left == 0 : source.pos == source.size)
    }
}
