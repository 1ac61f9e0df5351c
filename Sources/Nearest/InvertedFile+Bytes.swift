package import Basics

// An index as bytes. What is read back is checked before it is believed: the checksum over everything first, then every
// count against every other. A file of another program, a cut one, or one with a flipped bit is refused.
//
// | bytes | field |
// | --- | --- |
// | 4 | the letters M I V F |
// | 2 | version 1 |
// | 8 | checksum of all that follows |
// | 4 | dimensions |
// | 4 | rows |
// | 4 + 4n | centers |
// | 4 + 2n | list of each row, 65,535 for a removed one |
// | 4 | lists, each: 4 + 4n rows, 4 + 4n vectors |
//
// The bytes that are scanned follow from the vectors and are made anew: a nanosecond an entry.

extension InvertedFile {
    private static let magic: UInt32 = 0x4656_494D
    private static let version: UInt16 = 1

    package func encoded() -> [UInt8] {
        var body = ByteWriter(capacity: 4 * dimensions * count + 64)
        body.put(UInt32(dimensions))
        body.put(UInt32(count))
        body.put(array: centers.vectors)
        body.put(array: listOfRow)
        body.put(UInt32(lists.count))
        for list in lists {
            body.put(array: list.rows)
            body.put(array: list.vectors)
        }
        var writer = ByteWriter(capacity: body.count + 14)
        writer.put(Self.magic)
        writer.put(Self.version)
        writer.put(checksum(of: body.bytes[...]))
        writer.put(raw: body.bytes)
        return writer.bytes
    }

    /// Throws what is wrong with the bytes; never traps.
    package init(decoding bytes: [UInt8], pool: ComputePool) throws(ByteError) {
        var reader = ByteReader(bytes)
        guard try reader.get(UInt32.self) == Self.magic else {
            throw .invalid("the first bytes of another kind of file")
        }
        let version = try reader.get(UInt16.self)
        guard version == Self.version else { throw .invalid("index version \(version)") }
        let sum = try reader.get(UInt64.self)
        guard sum == checksum(of: bytes.suffix(reader.remaining)) else {
            throw .invalid("bytes that were changed")
        }
        let dimensions = Int(try reader.get(UInt32.self))
        let count = Int(try reader.get(UInt32.self))
        let centers = try reader.getArray(of: Float.self)
        let listOfRow = try reader.getArray(of: UInt16.self)
        let lists = Int(try reader.get(UInt32.self))
        guard dimensions > 0, (1...Self.listsMax).contains(lists), centers.count == lists * dimensions,
            listOfRow.count == count
        else { throw .invalid("counts that contradict each other") }
        self.init(centers: centers, dimensions: dimensions)
        var given: [(rows: [UInt32], vectors: [Float])] = []
        placeOfRow = [UInt16](repeating: 0, count: count)
        var isSeen = [Bool](repeating: false, count: count)
        var total = 0
        for list in 0..<lists {
            let rows = try reader.getArray(of: UInt32.self)
            let vectors = try reader.getArray(of: Float.self)
            guard vectors.count == rows.count * dimensions, rows.allSatisfy({ Int($0) < count }) else {
                throw .invalid("a list that contradicts itself")
            }
            for (place, row) in rows.enumerated() {
                let owner = Int(listOfRow[Int(row)])
                guard owner == list || owner == Int(Self.removedList), !isSeen[Int(row)] else {
                    throw .invalid("a row in two places")
                }
                isSeen[Int(row)] = true
                placeOfRow[Int(row)] = UInt16(truncatingIfNeeded: place)
            }
            given.append((rows, vectors))
            total += rows.count
        }
        try reader.finish()
        guard total == count else { throw .invalid("lists of \(total) rows, \(count) expected") }
        (self.count, self.listOfRow) = (count, listOfRow)
        let read = given
        self.lists = pool.map(lists) { list in
            RowList(rows: read[list].rows, vectors: read[list].vectors, dimensions: dimensions)
        }
    }
}

/// A number that any single changed bit changes, and other changes but for one case in 2^64. Words are mixed one by
/// one; mixing is a bijection of what was before, so a difference once made is never lost by equal words after it.
func checksum(of bytes: ArraySlice<UInt8>) -> UInt64 {
    var state = UInt64(bytes.count)
    bytes.withUnsafeBytes { raw in
        let whole = raw.count / 8 * 8
        for offset in stride(from: 0, to: whole, by: 8) {
            state = SeededRandom.mix(
                state ^ UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
        }
        for offset in whole..<raw.count { state = SeededRandom.mix(state ^ UInt64(raw[offset])) }
    }
    return state
}
