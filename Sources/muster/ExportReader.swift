import Basics
import Wire
import World

// One table of the whole cluster, city after city in the order of their names, a page at a time. While a page is being
// written down, the worker already makes the next one.

/// The moment at which an export sees each city: what the city's first page said, for all pages after it.
final class ExportMoments {
    private var numbers: [CityID: UInt64] = [:]

    /// The moment to ask a city for; 0, which is now, before it was ever asked.
    subscript(city: CityID) -> UInt64 {
        get { numbers[city] ?? 0 }
        set { numbers[city] = newValue }
    }
}

struct ExportReader {
    /// A page and where it came from.
    struct Page {
        var city: CityRow
        var head: ExportRows
        var bulk: [[UInt8]]
    }

    private let session: Session
    private let table: ExportTable
    private var cities: ArraySlice<CityRow>
    private let moments: ExportMoments
    private var pending: Session.Question?

    /// `cities` in the order in which they are to be read.
    init(session: Session, table: ExportTable, cities: [CityRow], moments: ExportMoments) throws {
        self.session = session
        self.moments = moments
        self.table = table
        self.cities = cities[...]
        try ask(cursor: [])
    }

    /// The next page; nil after the last one of the last city.
    mutating func next() throws -> Page? {
        guard let question = pending, let city = cities.first else { return nil }
        let answer = try session.answer(to: question)
        let head = try answer.decode(ExportRows.self)
        moments[city.city] = head.snapshot
        if head.next.isEmpty { cities = cities.dropFirst() }
        try ask(cursor: head.next)
        return Page(city: city, head: head, bulk: answer.bulk)
    }

    /// Orders the page at `cursor` of the city that comes first.
    private mutating func ask(cursor: [UInt8]) throws {
        pending = try cities.first.map { city in
            try session.put(
                ExportRequest(table: table, snapshot: moments[city.city], cursor: cursor), city: city.city)
        }
    }
}

extension ExportReader.Page {
    func records() throws -> [Record] {
        guard let bytes = bulk.first else { throw CommandError("\(city.name) sent a page without its rows") }
        do {
            let block = try RecordBlock(decoding: bytes)
            guard block.city == city.city, block.records.count == head.rows else {
                throw CommandError("\(city.name) sent other rows than it was asked for")
            }
            return block.records
        } catch let error as ByteError {
            throw CommandError("\(city.name) sent rows that cannot be read: a block of them \(error)")
        }
    }

    /// Number, whether at home, and the vector of each row.
    func forEachEmbedding(_ body: (UInt64, Bool, ArraySlice<Float>) throws -> Void) throws {
        let rows = Int(head.rows)
        let width = Int(head.dimensions)
        guard bulk.count == 3, bulk[0].count == 8 * rows, bulk[1].count == rows, bulk[2].count == 4 * rows * width
        else { throw CommandError("\(city.name) sent embeddings of another shape than it says") }
        var numbers = ByteReader(bulk[0])
        let vectors = bulk[2].withUnsafeBytes { bytes in
            (0..<rows * width).map { Float(bitPattern: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)) }
        }
        for row in 0..<rows {
            try body(try numbers.get(), bulk[1][row] != 0, vectors[row * width..<(row + 1) * width])
        }
    }
}
