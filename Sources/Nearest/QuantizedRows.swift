// The rows of an index, once more in a quarter of the bytes. A row is a scale times whole numbers from -127 to 127;
// what that leaves out of an inner product is bounded by the lengths of what was left out (Cauchy and Schwarz), so a
// scan over bytes can tell for certain which rows need not be looked at in full.
//
// |q·x - s_q c_q · s_x c_x|  <=  |q| |x - s_x c_x|  +  |q - s_q c_q| |s_x c_x|
//
// What all rows have in common decides nothing, but would take up the bytes: rows are written as differences from a
// middle m, and a scan ranks them by q·(x - m). The middle is a median in each column, so that columns which are
// mostly zero stay so and are written without error. Of a city's places the last column is popularity and tags are
// sparse: far fewer of them have to be looked at in full then.

import Linalg

/// Rows of bytes with a scale each, and for every 16 rows the largest lengths that bound their errors.
struct QuantizedRows: Sendable {
    /// What rows are written as differences from; empty for nothing.
    let middle: [Float]
    private(set) var layout: ByteLayout
    /// All tiles; rows behind the last are zeros.
    private(set) var bytes: [UInt8]
    /// One for each row of the tiles. NaN for rows behind the last and for irregular ones, so that no score of theirs
    /// passes any threshold.
    private(set) var scales: [Float]
    /// For each block of 16 rows the greatest |x - m - s_x c_x|, then the greatest |s_x c_x|. The former counts in that
    /// a score in full is rounded as well.
    private(set) var bounds: [Float]
    /// Rows that no scale fits, since they hold, or their length is, no finite number, or since they are so small that
    /// their squares vanish; ascending. They are looked at in full for every query.
    private(set) var irregular: [UInt32] = []
    /// Of all rows that are not irregular, with their middle and without.
    private(set) var greatestLength: Float = 0

    /// Bytes of all arrays.
    var byteCount: Int { bytes.count + 4 * (scales.count + bounds.count + irregular.count + middle.count) }

    /// `vectors` is [rows, dimensions]. About a nanosecond an entry.
    init(_ vectors: [Float], dimensions: Int, middle: [Float] = []) {
        precondition(middle.isEmpty || middle.count == dimensions, "a middle has an entry for each column")
        self.middle = middle
        layout = ByteLayout(rows: 0, columns: dimensions)
        (bytes, scales, bounds) = ([], [], [])
        append(vectors)
    }

    /// Rows behind the last, [rows, dimensions].
    mutating func append(_ vectors: [Float]) {
        let (first, dimensions) = (layout.rows, layout.columns)
        layout = ByteLayout(rows: first + vectors.count / dimensions, columns: dimensions)
        Self.fill(&bytes, ByteLayout.zero, to: layout.tiles * layout.bytesOfTile)
        Self.fill(&scales, .nan, to: layout.tiles * ByteLayout.rowsOfTile)
        Self.fill(&bounds, 0, to: 2 * scales.count / rowsOfBound)
        var entries = [Int8](repeating: 0, count: layout.bytesOfQuery)
        var difference = [Float](repeating: 0, count: middle.count)
        for row in first..<layout.rows {
            let start = (row - first) * dimensions
            set(row, vectors.span.extracting(start..<start + dimensions), &entries, &difference)
        }
    }

    /// The median of each column of [rows, dimensions], of rows that are evenly spread; what is not finite counts as
    /// nothing.
    static func middle(of vectors: [Float], dimensions: Int) -> [Float] {
        let rows = vectors.count / dimensions
        let sampled = min(rows, rowsOfMiddle)
        return (0..<dimensions).map { column in
            let values = (0..<sampled).map { vectors[$0 * rows / sampled * dimensions + column] }.filter(\.isFinite)
            return values.isEmpty ? 0 : values.sorted()[values.count / 2]
        }
    }

    private static let rowsOfMiddle = 512

    /// A row that no search finds any more. Bounds stay: they hold for fewer rows as well.
    mutating func remove(_ row: Int) {
        scales[row] = .nan
        irregular.removeAll { $0 == UInt32(row) }
    }

    private mutating func set(
        _ row: Int, _ vector: Span<Float>, _ entries: inout [Int8], _ difference: inout [Float]
    ) {
        for column in middle.indices { difference[column] = vector[column] - middle[column] }
        let length = dot(vector, vector).squareRoot()
        let quantized =
            middle.isEmpty
            ? Quantization(vector, into: &entries) : Quantization(difference.span, into: &entries)
        guard length.isFinite, let quantized else {
            irregular.append(UInt32(row))
            return
        }
        scales[row] = quantized.scale
        greatestLength = max(greatestLength, length, quantized.length)
        let block = row / rowsOfBound
        let rounding = Self.rounding(layout.columns) * (length + quantized.length)
        bounds[2 * block] = max(bounds[2 * block], quantized.error + rounding)
        bounds[2 * block + 1] = max(bounds[2 * block + 1], quantized.roundedLength)
        let start = layout.start(ofRow: row)
        for column in 0..<layout.columns {
            bytes[start + layout.offset(ofColumn: column)] = UInt8(bitPattern: entries[column] ^ -128)
        }
    }

    /// A sum of products is rounded, once for each term at most, and so are the few numbers that a score and its bound
    /// are made of: by this part of the product of the lengths.
    static func rounding(_ columns: Int) -> Float { Float(columns + 8) * Float.ulpOfOne }

    /// Lengthens an array, at once where it was empty.
    private static func fill<Element>(_ array: inout [Element], _ element: Element, to count: Int) {
        array.append(contentsOf: repeatElement(element, count: count - array.count))
    }
}

/// A vector as a scale times whole numbers from -127 to 127.
struct Quantization {
    let scale: Float
    /// The sum of the whole numbers.
    let sum: Int32
    /// The vector's length.
    let length: Float
    /// The length of the scale times the whole numbers.
    let roundedLength: Float
    /// The length of the difference of the two, rounded up.
    let error: Float

    private static let most: Float = 127
    /// Float arithmetic loses at most this part of a length.
    private static let slack: Float = 1.00001

    /// Below this the squares of what rounding leaves out would vanish, and the bound with them.
    private static let least: Float = 1e-12

    /// Writes the numbers to the front of `entries`. Nil when the vector holds, or its length is, no finite number, and
    /// when all of it is too small.
    init?(_ vector: Span<Float>, into entries: inout [Int8]) {
        var greatest: Float = 0
        var isFinite = true
        for column in vector.indices {
            greatest = max(greatest, abs(vector[column]))
            isFinite = isFinite && vector[column].isFinite
        }
        let length = dot(vector, vector).squareRoot()
        guard isFinite, length.isFinite, greatest == 0 || greatest >= Self.least else { return nil }
        let inverse = greatest > 0 ? Self.most / greatest : 0
        let scale = greatest / Self.most
        var (sum, squares, errors): (Int32, Int64, Double) = (0, 0, 0)
        for column in vector.indices {
            let rounded = (vector[column] * inverse).rounded(.toNearestOrEven)
            let number = Int32(rounded)
            entries[column] = Int8(truncatingIfNeeded: number)
            sum &+= number
            squares &+= Int64(number &* number)
            let difference = Double(vector[column]) - Double(scale) * Double(rounded)
            errors += difference * difference
        }
        self.scale = scale
        self.sum = sum
        self.length = length
        roundedLength = scale * Float(squares).squareRoot() * Self.slack
        error = Float(errors.squareRoot()) * Self.slack
    }
}
