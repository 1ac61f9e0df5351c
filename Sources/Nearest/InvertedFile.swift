// Rows in lists by the center they are nearest to, for more rows than a scan over all of them should touch. A query looks
// at the lists whose centers have the largest inner products with it, by the same products of bytes as `ExactIndex`, and
// scores the best few in full. What is not in those lists is not found: recall is measured, never proved.
//
// A list holds all that belongs to its rows, so that a copy of the index shares every list with its original until one of
// them changes it, and an insertion touches one list.

package import Basics
import Linalg

/// Answers which rows probably have the largest inner products with a query. Any thread may ask.
package struct InvertedFile: Sendable {
    /// The rows of one center.
    struct List: Sendable {
        /// Numbers of the rows, in the order in which they came; removed ones stay.
        var rows: [UInt32] = []
        /// [rows, dimensions]
        var vectors: [Float] = []
        var quantized: QuantizedRows
    }

    /// Entries of a row.
    package let dimensions: Int
    /// How many rows there are, removed ones included.
    package internal(set) var count = 0
    /// [lists, dimensions]
    let centers: [Float]
    let centerRows: QuantizedRows
    var lists: [List]
    /// The list of each row; `removedList` for removed ones.
    var listOfRow: [UInt16] = []

    static let removedList = UInt16.max
    static let listsMax = Int(UInt16.max)

    /// Lists without rows around `centers`.
    init(centers: [Float], dimensions: Int) {
        precondition(dimensions > 0 && centers.count % dimensions == 0, "centers come in whole rows")
        precondition((1...Self.listsMax).contains(centers.count / dimensions), "an index has 1 to 65,535 lists")
        (self.centers, self.dimensions) = (centers, dimensions)
        centerRows = QuantizedRows(centers, dimensions: dimensions)
        let none = List(quantized: QuantizedRows([], dimensions: dimensions))
        lists = [List](repeating: none, count: centers.count / dimensions)
    }

    /// Bytes of the rows and of all that is kept beside them.
    package var bytes: Int {
        lists.reduce(4 * centers.count + centerRows.byteCount + 2 * listOfRow.count) {
            $0 + 4 * ($1.rows.count + $1.vectors.count) + $1.quantized.byteCount
        }
    }

    /// Puts a row behind the last one and answers its number; it is found by every search that begins afterwards.
    /// O(lists · dimensions), and a copy of its list where that is shared.
    @discardableResult
    package mutating func append(_ vector: [Float]) -> Int {
        precondition(vector.count == dimensions, "a row has \(dimensions) entries")
        precondition(count < Int(UInt32.max), "an index has fewer than 2^32 rows")
        var best = (list: 0, distance: Float.infinity)
        for list in lists.indices {
            let center = centers.span.extracting(list * dimensions..<(list + 1) * dimensions)
            let distance = dot(center, center) / 2 - dot(center, vector.span)
            if distance < best.distance { best = (list, distance) }
        }
        lists[best.list].rows.append(UInt32(count))
        lists[best.list].vectors += vector
        lists[best.list].quantized.append(vector)
        listOfRow.append(UInt16(best.list))
        count += 1
        return count - 1
    }

    /// Takes a row out of all later answers; its number is not given again. O(rows of its list).
    package mutating func remove(_ row: Int) {
        precondition(row < count, "there is no row \(row)")
        guard listOfRow[row] != Self.removedList else { return }
        let list = Int(listOfRow[row])
        guard let place = lists[list].rows.firstIndex(of: UInt32(row)) else {
            preconditionFailure("a list lacks a row that belongs to it")
        }
        lists[list].quantized.remove(place)
        for column in place * dimensions..<(place + 1) * dimensions { lists[list].vectors[column] = .nan }
        listOfRow[row] = Self.removedList
    }
}
