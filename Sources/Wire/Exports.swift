// Rows on their way out. The command asks the owner of each city for one table after the other, a bounded page at a
// time; the answer says where the next page begins, so a page can be asked again. All pages show the city at one
// moment: the first answer names it, and every later request for the city names it again. The worker keeps that moment
// for some minutes after it was last asked for, and not over its own end.

package import Basics

/// What of a city can be exported. The raw value travels.
package enum ExportTable: UInt8, CaseIterable, Sendable {
    case people = 1
    case places = 2
    case visits = 3
    case friendships = 4
    case friendLabels = 5
    case gatherings = 6
    case peopleEmbeddings = 7
    case placeEmbeddings = 8

    /// Whether its rows are vectors of the city's model and not rows that were imported.
    package var isEmbeddings: Bool { self == .peopleEmbeddings || self == .placeEmbeddings }
}

/// Command to the header's city's owner, by way of the coordinator: the next rows of one table. Answer: `ExportRows`.
package struct ExportRequest: Body {
    package static let kind = Kind.exportRequest
    /// Bytes of the longest cursor that is asked with.
    package static let cursorBytesMax = 64

    package var table: ExportTable
    /// The moment that earlier pages of the city, of whatever table, are of; 0: now.
    package var snapshot: UInt64
    /// Empty: from the first row; else `next` of the page before.
    package var cursor: [UInt8]

    package init(table: ExportTable, snapshot: UInt64 = 0, cursor: [UInt8] = []) {
        precondition(cursor.count <= Self.cursorBytesMax, "a cursor is what an answer gave")
        self.table = table
        self.snapshot = snapshot
        self.cursor = cursor
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        let number: UInt8 = try reader.get()
        guard let table = ExportTable(rawValue: number) else { throw .invalid("table \(number)") }
        self.table = table
        snapshot = try reader.get()
        cursor = try reader.getCursor()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(table.rawValue)
        writer.put(snapshot)
        writer.put(block: cursor)
    }
}

/// Worker to command: a page of a table, in the order of its keys. Rows that were imported come as one block of rows
/// in bulk frame 0. Embeddings come in three frames: a u64 for the number of each person or place, a byte that is 1
/// for each person who lives in the city (and for each place), and `dimensions` floats for each.
package struct ExportRows: Body {
    package static let kind = Kind.exportRows
    /// Rows of this page; a page may be empty though more follow.
    package var rows: UInt32
    /// The moment that the rows are of, never 0.
    package var snapshot: UInt64
    /// What to ask the next page with; empty: this was the last.
    package var next: [UInt8]
    /// The model the embeddings are of; 0 for other tables, and where there is no model.
    package var model: ModelVersion
    /// Floats of one embedding; 0 for other tables.
    package var dimensions: UInt32

    package init(
        rows: UInt32, snapshot: UInt64, next: [UInt8], model: ModelVersion = ModelVersion(0), dimensions: UInt32 = 0
    ) {
        precondition(next.count <= ExportRequest.cursorBytesMax, "a cursor is short")
        self.rows = rows
        self.snapshot = snapshot
        self.next = next
        self.model = model
        self.dimensions = dimensions
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        rows = try reader.get()
        snapshot = try reader.get()
        next = try reader.getCursor()
        model = try reader.getIdentifier()
        dimensions = try reader.get()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(rows)
        writer.put(snapshot)
        writer.put(block: next)
        writer.put(model)
        writer.put(dimensions)
    }
}

extension ByteReader {
    fileprivate mutating func getCursor() throws(ByteError) -> [UInt8] {
        let cursor = try getBlock()
        guard cursor.count <= ExportRequest.cursorBytesMax else {
            throw .invalid("a cursor of \(cursor.count) bytes")
        }
        return cursor
    }
}
