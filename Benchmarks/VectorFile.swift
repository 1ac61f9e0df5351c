// Files of vectors as the field keeps them: .fvecs (a row is its length as 32-bit number, then its floats), .npy (a
// NumPy array of two dimensions, 32-bit floats, in C order), and anything else as bare floats, row after row. All
// little-endian.

import Basics
import Glibc

/// A matrix read from a file.
struct VectorFile {
    /// [rows, dimensions]
    var values: [Float]
    var dimensions: Int

    /// `dimensions` is what a file of bare floats does not say itself.
    init(path: String, dimensions: Int) throws {
        let bytes = try readSmallFile(path, limit: .max)
        if path.hasSuffix(".fvecs") {
            self = try Self.rowsWithLengths(bytes, path)
        } else if path.hasSuffix(".npy") {
            self = try Self.array(bytes, path)
        } else {
            self.init(values: Self.floats(bytes[...]), dimensions: dimensions)
            try check(bytes.count, path)
        }
    }

    private init(values: [Float], dimensions: Int) {
        self.values = values
        self.dimensions = dimensions
    }

    private func check(_ bytes: Int, _ path: String) throws {
        guard bytes % (4 * dimensions) == 0 else {
            throw BenchError("\(path) has \(bytes) bytes of numbers, no whole number of rows of \(4 * dimensions)")
        }
    }

    /// Writes a NumPy array of two dimensions, for other programs that search the same rows.
    static func write(_ values: [Float], _ dimensions: Int, to path: String) throws {
        let shape = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(values.count / dimensions), \(dimensions)), }"
        // The head ends with a new line and fills whole times 64 bytes.
        let padding = (64 - (10 + shape.utf8.count + 1) % 64) % 64
        let length = shape.utf8.count + padding + 1
        var head = [UInt8]([0x93]) + Array("NUMPY".utf8) + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)]
        head += Array(shape.utf8) + [UInt8](repeating: UInt8(ascii: " "), count: padding) + [UInt8(ascii: "\n")]
        guard let file = fopen(path, "wb") else { throw BenchError("\(path) cannot be written") }
        defer { fclose(file) }
        let written = values.withUnsafeBytes { raw in
            fwrite(head, 1, head.count, file) + fwrite(raw.baseAddress, 1, raw.count, file)
        }
        guard written == head.count + 4 * values.count else { throw BenchError("\(path) is not written whole") }
    }

    private static func floats(_ bytes: ArraySlice<UInt8>) -> [Float] {
        bytes.withUnsafeBytes { raw in
            (0..<raw.count / 4).map { index in
                Float(bitPattern: UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)))
            }
        }
    }

    private static func rowsWithLengths(_ bytes: [UInt8], _ path: String) throws -> VectorFile {
        let first = floats(bytes.prefix(4)).first.map { Int($0.bitPattern) } ?? 0
        let width = 4 * (first + 1)
        guard (1...65_536).contains(first), bytes.count % width == 0 else {
            throw BenchError("\(path) is no file of vectors that each begin with their length")
        }
        var values: [Float] = []
        values.reserveCapacity(bytes.count / width * first)
        for start in stride(from: 0, to: bytes.count, by: width) {
            guard bytes[start..<start + 4].elementsEqual(bytes[0..<4]) else {
                throw BenchError("\(path): vector \(start / width) has not the length \(first) of the first")
            }
            values += floats(bytes[start + 4..<start + width])
        }
        return VectorFile(values: values, dimensions: first)
    }

    private static func array(_ bytes: [UInt8], _ path: String) throws -> VectorFile {
        let refusal = BenchError("\(path) is no NumPy array of 32-bit floats with two dimensions in C order")
        guard bytes.count > 12, bytes[1..<6].elementsEqual("NUMPY".utf8) else { throw refusal }
        let (short, isLong) = (Int(bytes[8]) | Int(bytes[9]) << 8, bytes[6] > 1)
        let length = isLong ? short | Int(bytes[10]) << 16 | Int(bytes[11]) << 24 : short
        let start = (isLong ? 12 : 10) + length
        guard start <= bytes.count else { throw refusal }
        let header = String(decoding: bytes[(isLong ? 12 : 10)..<start], as: UTF8.self)
        guard header.contains("'<f4'"), header.contains("'fortran_order': False"),
            let shape = header.split(separator: "(").last?.split(separator: ")").first
        else { throw refusal }
        let sizes = shape.split(separator: ",").compactMap { Int($0.filter(\.isNumber)) }
        guard sizes.count == 2, sizes[1] > 0, bytes.count - start == 4 * sizes[0] * sizes[1] else { throw refusal }
        return VectorFile(values: floats(bytes[start...]), dimensions: sizes[1])
    }
}
