import Basics

/// Cities in order of first appearance with how often they are named. Names that are no text of 1...200 bytes are
/// passed over: reading the rows rejects them.
struct CityCount: Sendable {
    private(set) var outlines: [CityOutline] = []
    private var rows: [String: Int] = [:]
    private var last: [UInt8] = []
    private var lastRow = 0

    init() {}

    /// The names in a column of a piece of a table.
    init(_ chunk: TableChunk, _ layout: TableLayout, _ slot: Int) {
        let reader = TableReader(chunk, layout)
        while true {
            let step = reader.nextInPiece()
            if case .end = step { return }
            if case .row = step, let name = reader.field(slot) { count(name) }
        }
    }

    /// Adds the names in a column of a table's rows. Rows of the wrong width are passed over too.
    mutating func count(_ table: consuming TextTable, _ column: Int) {
        while table.next() {
            guard (try? table.checkWidth()) != nil else { continue }
            table.raw(column).withUnsafeBufferPointer { if !$0.isEmpty { count($0) } }
        }
    }

    /// Adds what was counted in the rows behind.
    mutating func add(_ other: CityCount) {
        for city in other.outlines { count(name: city.name, rows: city.size) }
    }

    mutating func count(_ name: FieldBytes) {
        if last.count != name.count || !last.elementsEqual(name) {
            guard name.count <= CityNames.bytesMax, let text = String(validating: name, as: UTF8.self) else { return }
            last = Array(name)
            lastRow = row(text)
        }
        outlines[lastRow].size += 1
    }

    mutating func count(name: String, rows: UInt64) { outlines[row(name)].size += rows }

    private mutating func row(_ name: String) -> Int {
        if let row = rows[name] { return row }
        rows[name] = outlines.count
        outlines.append(CityOutline(name: name, size: 0))
        return outlines.count - 1
    }
}
