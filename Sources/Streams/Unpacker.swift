import CZlib
import CZstd

/// One step of unpacking: how much was taken of the input, how much was made.
struct UnpackStep {
    var taken: Int
    var made: Int
}

/// Turns packed bytes into plain ones, piece by piece. Several packed files may follow one another in one file.
protocol Unpacker: AnyObject {
    /// Nil when the bytes are not what they must be.
    func unpack(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> UnpackStep?
    /// True where the file may end.
    var isBetweenMembers: Bool { get }
}

final class GzipUnpacker: Unpacker {
    // SAFETY: zlib keeps the stream's address, so it lives on the heap and never moves.
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private(set) var isBetweenMembers = false
    private static let gzipOnly: Int32 = 16

    init() {
        stream.initialize(to: z_stream())
        let result = inflateInit2_(
            stream, MAX_WBITS + Self.gzipOnly, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(result == Z_OK, "zlib does not start: \(result)")
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    func unpack(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> UnpackStep? {
        if isBetweenMembers {
            if input.isEmpty { return UnpackStep(taken: 0, made: 0) }
            guard inflateReset(stream) == Z_OK else { return nil }
            isBetweenMembers = false
        }
        // zlib only reads the input; its header lacks the word const.
        stream.pointee.next_in = UnsafeMutablePointer(
            mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = UInt32(input.count)
        stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        let room = min(output.count, Int(UInt32.max))
        stream.pointee.avail_out = UInt32(room)
        let result = inflate(stream, Z_NO_FLUSH)
        guard result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR else { return nil }
        isBetweenMembers = result == Z_STREAM_END
        return UnpackStep(
            taken: input.count - Int(stream.pointee.avail_in), made: room - Int(stream.pointee.avail_out))
    }
}

final class ZstdUnpacker: Unpacker {
    private let stream: OpaquePointer
    private(set) var isBetweenMembers = false

    init() {
        guard let stream = ZSTD_createDStream() else { preconditionFailure("zstd does not start") }
        self.stream = stream
    }

    deinit { ZSTD_freeDStream(stream) }

    func unpack(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> UnpackStep? {
        var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        var target = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
        let left = ZSTD_decompressStream(stream, &target, &source)
        guard ZSTD_isError(left) == 0 else { return nil }
        isBetweenMembers = left == 0
        return UnpackStep(taken: source.pos, made: target.pos)
    }
}
