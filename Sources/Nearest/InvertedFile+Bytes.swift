import Basics

// What took long to find, as bytes: the centers, and whose list each row is on. The rows themselves lie in the store
// already, and what is scanned follows from them at a nanosecond an entry; so a million rows of 128 take 3 MB here
// where they are half a gigabyte. What is read back is checked before it is believed: the checksum over everything
// first, then every count against every other, and that it was made of these very rows. Bytes of another program, cut
// ones, and ones with a flipped bit are refused.
//
// | bytes | field |
// | --- | --- |
// | 4 | the letters M I V F |
// | 2 | version 2 |
// | 8 | checksum of all that follows |
// | 8 | checksum of the rows |
// | 4 | dimensions |
// | 4 | lists that a search looks at |
// | 4 + 4n | centers |
// | 4 + 2n | list of each row |

extension InvertedFile {
    private static let magic: UInt32 = 0x4656_494D
    private static let version: UInt16 = 2

    /// An index as it was made of `vectors`, nothing appended or removed since; `probes` is kept with it.
    func encoded(vectors: [Float], probes: Int) -> [UInt8] {
        precondition(vectors.count == count * dimensions, "these are the rows of the index")
        var body = ByteWriter(capacity: 4 * centers.vectors.count + 2 * count + 64)
        body.put(rowChecksum(vectors))
        body.put(UInt32(dimensions))
        body.put(UInt32(probes))
        body.put(array: centers.vectors)
        body.put(array: listOfRow)
        var writer = ByteWriter(capacity: body.count + 14)
        writer.put(Self.magic)
        writer.put(Self.version)
        writer.put(checksum(of: body.bytes))
        writer.put(raw: body.bytes)
        return writer.bytes
    }

    /// The index again, and how many lists a search looks at. Throws what is wrong with the bytes; never traps.
    static func decoded(
        _ bytes: [UInt8], vectors: [Float], dimensions: Int, pool: ComputePool
    ) throws(ByteError) -> (index: InvertedFile, probes: Int) {
        var reader = ByteReader(bytes)
        guard try reader.get(UInt32.self) == magic else { throw .invalid("the first bytes of another kind of file") }
        let version = try reader.get(UInt16.self)
        guard version == Self.version else { throw .invalid("index version \(version)") }
        let sum = try reader.get(UInt64.self)
        guard sum == checksum(of: Array(bytes.suffix(reader.remaining))) else {
            throw .invalid("bytes that were changed")
        }
        guard try reader.get(UInt64.self) == rowChecksum(vectors), try Int(reader.get(UInt32.self)) == dimensions else {
            throw .invalid("the index of other rows")
        }
        let probes = Int(try reader.get(UInt32.self))
        let centers = try reader.getArray(of: Float.self)
        let listOfRow = try reader.getArray(of: UInt16.self)
        try reader.finish()
        let lists = centers.count / dimensions
        guard (1...listsMax).contains(lists), centers.count == lists * dimensions, (1...lists).contains(probes),
            listOfRow.count * dimensions == vectors.count, listOfRow.allSatisfy({ Int($0) < lists })
        else { throw .invalid("counts that contradict each other") }
        var index = InvertedFile(centers: centers, dimensions: dimensions)
        index.fill(vectors, lists: listOfRow, pool: pool)
        return (index, probes)
    }
}

private func rowChecksum(_ vectors: [Float]) -> UInt64 { vectors.withUnsafeBytes { checksum(of: $0) } }

private func checksum(of bytes: [UInt8]) -> UInt64 { bytes.withUnsafeBytes { checksum(of: $0) } }

/// A number that any single changed bit changes, and other changes but for one case in 2^64. Words are mixed one by
/// one; mixing is a bijection of what was before, so a difference once made is never lost by equal words after it.
private func checksum(of bytes: UnsafeRawBufferPointer) -> UInt64 {
    var state = UInt64(bytes.count)
    let whole = bytes.count / 8 * 8
    for offset in stride(from: 0, to: whole, by: 8) {
        state = SeededRandom.mix(
            state ^ UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
    }
    for offset in whole..<bytes.count { state = SeededRandom.mix(state ^ UInt64(bytes[offset])) }
    return state
}
