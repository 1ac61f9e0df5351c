import Linalg

/// The rows of one center of an inverted file. Never changed: what changes a list makes another one, so that copies of
/// an index share all lists that none of them has changed.
final class RowList: Sendable {
    /// Numbers of the rows, in the order in which they came; removed ones stay.
    let rows: [UInt32]
    /// [rows, dimensions]
    let vectors: [Float]
    let quantized: QuantizedRows
    // SAFETY: where those arrays lie. They are never changed, so they lie there as long as this object lives; whoever
    // reads through the pointers holds the index, and the index this.
    nonisolated(unsafe) let rowStart: UnsafePointer<UInt32>
    nonisolated(unsafe) let vectorStart: UnsafePointer<Float>
    nonisolated(unsafe) let scanned: RowPointers

    init(rows: [UInt32], vectors: [Float], quantized: QuantizedRows) {
        (self.rows, self.vectors, self.quantized) = (rows, vectors, quantized)
        rowStart = Self.start(of: rows)
        vectorStart = Self.start(of: vectors)
        scanned = RowPointers(
            bytes: Self.start(of: quantized.bytes), scales: Self.start(of: quantized.scales),
            bounds: Self.start(of: quantized.bounds))
    }

    /// A list of rows, its bytes made of its vectors.
    convenience init(rows: [UInt32], vectors: [Float], dimensions: Int) {
        self.init(
            rows: rows, vectors: vectors, quantized: QuantizedRows(vectors, dimensions: dimensions))
    }

    /// The same with one more row.
    func adding(_ row: UInt32, _ vector: [Float]) -> RowList {
        var quantized = quantized
        quantized.append(vector)
        return RowList(rows: rows + [row], vectors: vectors + vector, quantized: quantized)
    }

    /// The same with a row that nobody finds any more.
    func removing(at place: Int) -> RowList {
        var (quantized, vectors) = (quantized, vectors)
        quantized.remove(place)
        let dimensions = quantized.layout.columns
        for column in place * dimensions..<(place + 1) * dimensions { vectors[column] = .nan }
        return RowList(rows: rows, vectors: vectors, quantized: quantized)
    }

    /// An empty array lies nowhere, and nothing is read there.
    private static func start<Element>(of array: [Element]) -> UnsafePointer<Element> {
        if let start = array.withUnsafeBufferPointer({ $0.baseAddress }) { return start }
        // Not zero, so a pointer.
        return UnsafePointer(bitPattern: 64)!
    }
}

/// The arrays of rows that a scan reads.
struct RowPointers {
    let bytes: UnsafePointer<UInt8>
    let scales: UnsafePointer<Float>
    let bounds: UnsafePointer<Float>
}
