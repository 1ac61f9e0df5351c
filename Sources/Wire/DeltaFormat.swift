// How the change of shared weights travels: as it is, or in half the bytes. What a half loses is not lost to the
// training: who packs keeps the difference and adds it to the next delta (error feedback; Seide et al. 2014,
// Karimireddy et al. 2019).

/// The numbers of a delta on the wire.
package enum DeltaFormat: UInt8, CaseIterable, Sendable {
    /// 32-bit floats: nothing is lost.
    case float32 = 0
    /// The upper half of a 32-bit float: its range, 8 bits of precision.
    case bfloat16 = 1
    /// IEEE half precision: 11 bits of precision; beyond 65,504 it is infinite, below 6e-8 zero.
    case float16 = 2

    /// The word for people and settings.
    package var name: String { String(describing: self) }

    package var bytesPerNumber: Int { self == .float32 ? 4 : 2 }
}

extension DeltaFormat {
    /// The numbers as a bulk frame, little-endian, each rounded to the nearest, ties to even.
    package func packed(_ values: [Float]) -> [UInt8] {
        switch self {
        case .float32: return values.withUnsafeBytes { [UInt8]($0) }
        case .bfloat16: return Self.halves(values) { Self.upperHalf(of: $0) }
        case .float16: return Self.halves(values) { Float16($0).bitPattern }
        }
    }

    /// What `packed` wrote; nil when the bytes are no whole numbers.
    package func unpacked(_ bytes: [UInt8]) -> [Float]? {
        guard bytes.count.isMultiple(of: bytesPerNumber) else { return nil }
        let count = bytes.count / bytesPerNumber
        return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            bytes.withUnsafeBytes { raw in
                switch self {
                case .float32: UnsafeMutableRawBufferPointer(buffer).copyMemory(from: raw)
                case .bfloat16:
                    for index in 0..<count {
                        let half = raw.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
                        buffer[index] = Float(bitPattern: UInt32(half) << 16)
                    }
                case .float16:
                    for index in 0..<count {
                        let half = raw.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
                        buffer[index] = Float(Float16(bitPattern: half))
                    }
                }
            }
            initialized = count
        }
    }

    private static func halves(_ values: [Float], _ half: (Float) -> UInt16) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 2 * values.count) { buffer, initialized in
            let raw = UnsafeMutableRawBufferPointer(buffer)
            for (index, value) in values.enumerated() {
                raw.storeBytes(of: half(value), toByteOffset: 2 * index, as: UInt16.self)
            }
            initialized = 2 * values.count
        }
    }

    private static func upperHalf(of value: Float) -> UInt16 {
        let bits = value.bitPattern
        // A number that is none stays one: rounding could carry it over into zero.
        if value.isNaN { return UInt16(bits >> 16) | 0x40 }
        return UInt16((bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
    }
}
