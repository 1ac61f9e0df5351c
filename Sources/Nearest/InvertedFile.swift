// Rows in lists by the center they are nearest to, for more rows than a scan over all of them should touch. A query
// looks at the lists whose centers have the largest inner products with it, by the same products of bytes as
// `ExactIndex`, and scores the best few in full. What is not in those lists is not found: recall is measured, never
// proved.
//
// A list holds all that belongs to its rows, so that a copy of the index shares every list with its original until one
// of them changes it, and an insertion copies one list.

import Linalg

/// Answers which rows probably have the largest inner products with a query. Any thread may ask.
package struct InvertedFile: Sendable {
    /// Entries of a row.
    package let dimensions: Int
    /// How many rows there are, removed ones included.
    package internal(set) var count = 0
    /// The centers, [lists, dimensions], as the rows of a list of their own.
    let centers: RowList
    var lists: [RowList]
    /// Where each row stands: its list, or `removedList`; and the last 16 bits of its place there.
    var listOfRow: [UInt16] = []
    var placeOfRow: [UInt16] = []

    static let removedList = UInt16.max
    static let listsMax = Int(UInt16.max)
    private static let placeBits = 1 << 16

    /// Lists without rows around `centers`.
    init(centers: [Float], dimensions: Int) {
        precondition(dimensions > 0 && centers.count % dimensions == 0, "centers come in whole rows")
        let count = centers.count / dimensions
        precondition((1...Self.listsMax).contains(count), "an index has 1 to 65,535 lists")
        self.dimensions = dimensions
        self.centers = RowList(rows: Array(0..<UInt32(count)), vectors: centers, dimensions: dimensions)
        lists = [RowList](
            repeating: RowList(rows: [], vectors: [], dimensions: dimensions), count: count)
    }

    /// How many lists there are.
    package var listCount: Int { lists.count }

    /// Bytes of the rows and of all that is kept beside them.
    package var bytes: Int {
        ([centers] + lists).reduce(2 * (listOfRow.count + placeOfRow.count)) {
            $0 + 4 * ($1.rows.count + $1.vectors.count) + $1.quantized.byteCount
        }
    }

    /// Puts a row behind the last one and answers its number; it is found by every search that begins afterwards.
    /// O(lists · dimensions), and a copy of its list.
    @discardableResult
    package mutating func append(_ vector: [Float]) -> Int {
        precondition(vector.count == dimensions, "a row has \(dimensions) entries")
        precondition(count < Int(UInt32.max), "an index has fewer than 2^32 rows")
        var best = (list: 0, distance: Float.infinity)
        let values = centers.vectors
        for list in lists.indices {
            let center = values.span.extracting(list * dimensions..<(list + 1) * dimensions)
            let distance = dot(center, center) / 2 - dot(center, vector.span)
            if distance < best.distance { best = (list, distance) }
        }
        placeOfRow.append(UInt16(truncatingIfNeeded: lists[best.list].rows.count))
        listOfRow.append(UInt16(best.list))
        lists[best.list] = lists[best.list].adding(UInt32(count), vector)
        count += 1
        return count - 1
    }

    /// Takes a row out of all later answers; its number is not given again. A copy of its list.
    package mutating func remove(_ row: Int) {
        precondition(row < count, "there is no row \(row)")
        guard let place = place(of: row) else { return }
        let list = Int(listOfRow[row])
        lists[list] = lists[list].removing(at: place)
        listOfRow[row] = Self.removedList
    }

    /// Where a row stands in its list; nil when it was removed.
    func place(of row: Int) -> Int? {
        if listOfRow[row] == Self.removedList { return nil }
        let list = lists[Int(listOfRow[row])]
        var place = Int(placeOfRow[row])
        // Only lists of more rows than 16 bits count are looked into, where that would wait for memory.
        if list.rows.count <= Self.placeBits { return place }
        while list.rowStart[place] != UInt32(row) { place += Self.placeBits }
        return place
    }
}
