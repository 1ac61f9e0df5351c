// Weights travel as they lie in memory: 32-bit floats, little-endian, one copy in and one copy out.

package import Basics

extension Envelope {
    /// Floats as the bytes of a bulk frame, little-endian. One copy.
    package static func bulk(of floats: [Float]) -> [UInt8] { floats.withUnsafeBytes { [UInt8]($0) } }

    /// The bytes of a bulk frame. Throws `missingBulk` where it did not come.
    package func bulkBytes(at index: Int = 0) throws(WireError) -> [UInt8] {
        guard bulk.indices.contains(index) else { throw .missingBulk(kind, index: index) }
        return bulk[index]
    }

    /// Numbers as the bytes of a bulk frame, little-endian.
    package static func bulk(of identifiers: [some Identifier]) -> [UInt8] {
        var writer = ByteWriter(capacity: 8 * identifiers.count)
        for identifier in identifiers { writer.put(identifier) }
        return writer.bytes
    }

    /// The only bulk frame read as numbers. Throws `missingBulk`, `body` where it is cut.
    package func bulkIdentifiers<Name: Identifier>(of _: Name.Type) throws(WireError) -> [Name] {
        var reader = ByteReader(try bulkBytes())
        var names: [Name] = []
        names.reserveCapacity(reader.remaining / MemoryLayout<Name.Number>.size)
        do throws(ByteError) {
            while reader.remaining > 0 { names.append(try reader.getIdentifier()) }
        } catch {
            throw .body(kind, error)
        }
        return names
    }

    /// A bulk frame read as floats; any bit pattern is let through, NaN too. Throws `missingBulk`, `floats`.
    package func bulkFloats(at index: Int = 0) throws(WireError) -> [Float] {
        let bytes = try bulkBytes(at: index)
        guard bytes.count.isMultiple(of: MemoryLayout<Float>.size) else {
            throw .floats(index: index, bytes: bytes.count)
        }
        let count = bytes.count / MemoryLayout<Float>.size
        return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(buffer).copyMemory(from: $0) }
            initialized = count
        }
    }
}
