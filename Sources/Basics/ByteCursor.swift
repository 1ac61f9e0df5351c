// Bytes out and bytes in. Little-endian unless a call says otherwise (store keys are big-endian,
// so that their order is the order of their numbers). Reading checks every bound and never traps
// on what came from outside.
//
// The types themselves are usable from inlined code, not only their methods: without that, the methods stay generic in
// other modules, and each number read costs 30 ns instead of 1.

/// Why bytes could not be read.
@usableFromInline @frozen package enum ByteError: Error, Equatable {
    case truncated(need: Int, have: Int)
    case invalid(String)
    case trailing(Int)
}

extension ByteError: CustomStringConvertible {
    @usableFromInline package var description: String {
        switch self {
        case .truncated(let need, let have): "needs \(need) more bytes, has \(have)"
        case .invalid(let what): "holds an impossible value: \(what)"
        case .trailing(let count): "has \(count) bytes too many"
        }
    }
}

/// Appends numbers, strings and arrays to a growing byte array.
@usableFromInline @frozen package struct ByteWriter: Sendable {
    @usableFromInline package internal(set) var bytes: [UInt8]

    @inlinable
    package init(capacity: Int = 64) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    @inlinable
    package var count: Int { bytes.count }

    @inlinable
    package mutating func put<Number: FixedWidthInteger>(_ number: Number) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Most significant byte first: for keys whose byte order must be their number's order.
    @inlinable
    package mutating func putBigEndian<Number: FixedWidthInteger>(_ number: Number) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }

    @inlinable
    package mutating func put(_ number: Float) { put(number.bitPattern) }

    @inlinable
    package mutating func put(_ number: Double) { put(number.bitPattern) }

    @inlinable
    package mutating func put(_ flag: Bool) { put(flag ? UInt8(1) : 0) }

    /// UTF-8 behind its 32-bit length in bytes.
    @inlinable
    package mutating func put(_ text: String) {
        put(UInt32(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    /// Bytes behind their 32-bit count.
    @inlinable
    package mutating func put(block: [UInt8]) {
        put(UInt32(block.count))
        bytes.append(contentsOf: block)
    }

    /// Bytes with no count before them.
    @inlinable
    package mutating func put(raw: some Collection<UInt8>) { bytes.append(contentsOf: raw) }

    /// Plain numbers behind their 32-bit count, as they lie in memory (little-endian).
    @inlinable
    package mutating func put<Number: BitwiseCopyable>(array: [Number]) {
        put(UInt32(array.count))
        array.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }
}

/// Reads what a `ByteWriter` wrote, front to back.
@usableFromInline @frozen package struct ByteReader: Sendable {
    @usableFromInline let bytes: [UInt8]
    @usableFromInline var position: Int
    @usableFromInline let end: Int

    @inlinable
    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
        position = 0
        end = bytes.count
    }

    @inlinable
    package var remaining: Int { end - position }

    /// The byte that is read next, left where it is; nil at the end.
    @inlinable
    package var next: UInt8? { position < end ? bytes[position] : nil }

    @inlinable
    mutating func take(_ count: Int) throws(ByteError) -> Int {
        guard count >= 0, remaining >= count else { throw .truncated(need: count, have: remaining) }
        defer { position += count }
        return position
    }

    @inlinable
    package mutating func get<Number: FixedWidthInteger>(_: Number.Type = Number.self) throws(ByteError) -> Number {
        let start = try take(MemoryLayout<Number>.size)
        let number = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: start, as: Number.self) }
        return Number(littleEndian: number)
    }

    @inlinable
    package mutating func getBigEndian<Number: FixedWidthInteger>(
        _: Number.Type = Number.self
    ) throws(ByteError) -> Number {
        Number(bigEndian: Number(littleEndian: try get(Number.self)))
    }

    @inlinable
    package mutating func getFloat() throws(ByteError) -> Float { Float(bitPattern: try get()) }

    @inlinable
    package mutating func getDouble() throws(ByteError) -> Double { Double(bitPattern: try get()) }

    @inlinable
    package mutating func getBool() throws(ByteError) -> Bool {
        switch try get(UInt8.self) {
        case 0: false
        case 1: true
        case let other: throw .invalid("flag \(other)")
        }
    }

    @inlinable
    package mutating func getString() throws(ByteError) -> String {
        let length = Int(try get(UInt32.self))
        let start = try take(length)
        guard let text = String(validating: bytes[start..<start + length], as: UTF8.self) else {
            throw .invalid("text that is not UTF-8")
        }
        return text
    }

    @inlinable
    package mutating func getBlock() throws(ByteError) -> [UInt8] {
        let length = Int(try get(UInt32.self))
        let start = try take(length)
        return Array(bytes[start..<start + length])
    }

    @inlinable
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
    @inlinable
    package func finish() throws(ByteError) {
        guard remaining == 0 else { throw .trailing(remaining) }
    }
}
