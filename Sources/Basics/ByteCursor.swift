// Bytes out and bytes in. Little-endian unless a call says otherwise (store keys are big-endian,
// so that their order is the order of their numbers). Reading checks every bound and never traps
// on what came from outside.

/// Why bytes could not be read.
package enum ByteError: Error, Equatable {
    case truncated(need: Int, have: Int)
    case invalid(String)
    case trailing(Int)
}

extension ByteError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .truncated(let need, let have): "needs \(need) more bytes, has \(have)"
        case .invalid(let what): "holds an impossible value: \(what)"
        case .trailing(let count): "has \(count) bytes too many"
        }
    }
}

/// Appends numbers, strings and arrays to a growing byte array.
package struct ByteWriter: Sendable {
    package private(set) var bytes: [UInt8]

    package init(capacity: Int = 64) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    package var count: Int { bytes.count }

    @inline(always)
    package mutating func put<Number: FixedWidthInteger>(_ number: Number) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Most significant byte first: for keys whose byte order must be their number's order.
    package mutating func putBigEndian<Number: FixedWidthInteger>(_ number: Number) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }

    package mutating func put(_ number: Float) { put(number.bitPattern) }

    package mutating func put(_ number: Double) { put(number.bitPattern) }

    package mutating func put(_ flag: Bool) { put(flag ? UInt8(1) : 0) }

    /// UTF-8 behind its 32-bit length in bytes.
    package mutating func put(_ text: String) {
        put(UInt32(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    /// Bytes behind their 32-bit count.
    package mutating func put(block: [UInt8]) {
        put(UInt32(block.count))
        bytes.append(contentsOf: block)
    }

    /// Bytes with no count before them.
    package mutating func put(raw: some Collection<UInt8>) { bytes.append(contentsOf: raw) }

    /// Plain numbers behind their 32-bit count, as they lie in memory (little-endian).
    package mutating func put<Number: BitwiseCopyable>(array: [Number]) {
        put(UInt32(array.count))
        array.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }
}

/// Reads what a `ByteWriter` wrote, front to back.
package struct ByteReader: Sendable {
    private let bytes: [UInt8]
    private var position: Int
    private let end: Int

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
        position = 0
        end = bytes.count
    }

    package var remaining: Int { end - position }

    private mutating func take(_ count: Int) throws(ByteError) -> Int {
        guard count >= 0, remaining >= count else { throw .truncated(need: count, have: remaining) }
        defer { position += count }
        return position
    }

    package mutating func get<Number: FixedWidthInteger>(_: Number.Type = Number.self) throws(ByteError) -> Number {
        let start = try take(MemoryLayout<Number>.size)
        let number = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: start, as: Number.self) }
        return Number(littleEndian: number)
    }

    package mutating func getBigEndian<Number: FixedWidthInteger>(
        _: Number.Type = Number.self
    ) throws(ByteError) -> Number {
        Number(bigEndian: Number(littleEndian: try get(Number.self)))
    }

    package mutating func getFloat() throws(ByteError) -> Float { Float(bitPattern: try get()) }

    package mutating func getDouble() throws(ByteError) -> Double { Double(bitPattern: try get()) }

    package mutating func getBool() throws(ByteError) -> Bool {
        switch try get(UInt8.self) {
        case 0: false
        case 1: true
        case let other: throw .invalid("flag \(other)")
        }
    }

    package mutating func getString() throws(ByteError) -> String {
        let length = Int(try get(UInt32.self))
        let start = try take(length)
        guard let text = String(validating: bytes[start..<start + length], as: UTF8.self) else {
            throw .invalid("text that is not UTF-8")
        }
        return text
    }

    package mutating func getBlock() throws(ByteError) -> [UInt8] {
        let length = Int(try get(UInt32.self))
        let start = try take(length)
        return Array(bytes[start..<start + length])
    }

    package mutating func getArray<Number: BitwiseCopyable>(of _: Number.Type) throws(ByteError) -> [Number] {
        let count = Int(try get(UInt32.self))
        let size = count * MemoryLayout<Number>.stride
        let start = try take(size)
        return [Number](unsafeUninitializedCapacity: count) { buffer, initialized in
            bytes.withUnsafeBytes { source in
                UnsafeMutableRawBufferPointer(buffer).copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: source[start..<start + size]))
            }
            initialized = count
        }
    }

    /// Everything must have been read: a message with a tail is not the message we know.
    package func finish() throws(ByteError) {
        guard remaining == 0 else { throw .trailing(remaining) }
    }
}
