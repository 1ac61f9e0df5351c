// What one thread makes of one piece of a table: rows read, judged, encoded, and put to the cities they belong to.
// Rows that need no look at the rows before them (visits and what is known of pairs) are joined by city at once. Rows
// that name something themselves wait side by side for the thread that takes pieces in their order: it alone knows
// whether the name was given before.

import Basics

/// The rows of a piece.
struct ChunkRows: Sendable {
    /// Encoded rows of one city, in their order.
    struct Run: Sendable {
        let city: CityID
        var rows = 0
        var bytes = ByteWriter(capacity: 1 << 16)
    }

    /// A row that names something.
    struct Named: Sendable {
        /// From 0, in the piece.
        let line: Int
        let number: UInt64
        let city: CityID
        /// In `encoded`.
        let bytes: Range<Int>
    }

    struct Fault: Sendable {
        let line: Int
        let reason: String
    }

    /// Rows read, good and bad, and lines.
    private(set) var rows = 0
    private(set) var lines = 0
    private(set) var runs: [Run] = []
    private(set) var named: [Named] = []
    private(set) var faults: [Fault] = []
    private(set) var guests = GuestPairs()
    private var encoded = ByteWriter(capacity: 0)
    /// Where in `runs` a city's is, by its number; -1: nowhere yet.
    private var runOfCity: [Int32] = []

    private init() {}

    /// Reads all rows of a piece.
    init(_ chunk: TableChunk, _ layout: TableLayout, _ known: KnownRows) {
        let reader = TableReader(chunk, layout)
        var names = known.names
        while true {
            let step = reader.nextInPiece()
            if case .end = step { break }
            rows += 1
            do throws(RowFault) {
                if case .fault(let fault) = step { throw fault }
                try take(reader, known, &names)
            } catch {
                faults.append(Fault(line: reader.line, reason: error.reason))
            }
        }
        lines = reader.nextLine
    }

    /// The people of a piece who are guests somewhere: `number` is their position. What was rejected when people were
    /// read is passed over.
    static func guests(_ chunk: TableChunk, _ layout: TableLayout, _ known: KnownRows, _ guests: GuestPairs)
        -> ChunkRows
    {
        var rows = ChunkRows()
        let reader = TableReader(chunk, layout)
        var names = known.names
        while true {
            let step = reader.nextInPiece()
            if case .end = step { return rows }
            guard case .row = step, let number = try? reader.identifier(0), let position = known.position(of: number),
                guests.contains(position), let person = try? reader.person(home: known.homes[position]),
                (try? names.city(reader, 1)) == known.homes[position]
            else { continue }
            rows.add(.person(person), number: UInt64(position), in: person.homeCity, at: reader.line)
        }
    }

    /// The bytes of a row that names something.
    func bytes(of row: Named) -> ArraySlice<UInt8> { encoded.bytes[row.bytes] }

    private mutating func take(
        _ reader: TableReader, _ known: KnownRows, _ names: inout CityNames
    ) throws(RowFault) {
        switch reader.kind {
        case .people:
            let person = try reader.person(home: try names.city(reader, 1))
            add(.person(person), number: person.id.number, in: person.homeCity, at: reader.line)
        case .places:
            let place = try reader.place(city: try names.city(reader, 1))
            add(.place(place), number: place.id.number, in: place.city, at: reader.line)
        case .visits:
            let visit = try reader.visit()
            let city = try known.city(ofPlace: visit.place, reader, 2, &names)
            if known.peopleName != nil { guests.note(try known.position(visit.person), in: city, known.homes) }
            add(.visit(visit), to: city)
        case .friendships:
            let friendship = try reader.friendship()
            try add(.friendship(friendship), of: friendship.first, friendship.second, known)
        case .friendLabels:
            let label = try reader.friendLabel()
            try add(.friendLabel(label), of: label.first, label.second, known)
        case .gatherings:
            let city = try known.city(ofPlace: PlaceID(try reader.identifier(4)), reader, 3, &names)
            let gathering = try reader.gathering(city: city)
            add(.gathering(gathering), number: gathering.id.number, in: city, at: reader.line)
        }
    }

    /// A row about two people goes to the home cities of both.
    private mutating func add(
        _ record: Record, of one: PersonID, _ other: PersonID, _ known: KnownRows
    ) throws(RowFault) {
        guard known.peopleName != nil else { return add(record, to: try known.names.standardCity()) }
        let (first, second) = (try known.position(one), try known.position(other))
        let homes = (known.homes[first], known.homes[second])
        guests.note(first, in: homes.1, known.homes)
        guests.note(second, in: homes.0, known.homes)
        add(record, to: homes.0)
        if homes.1 != homes.0 { add(record, to: homes.1) }
    }

    private mutating func add(_ record: Record, to city: CityID) {
        let number = Int(city.number)
        if number >= runOfCity.count {
            runOfCity.append(contentsOf: repeatElement(-1, count: number + 1 - runOfCity.count))
        }
        if runOfCity[number] < 0 {
            runOfCity[number] = Int32(runs.count)
            runs.append(Run(city: city))
        }
        let index = Int(runOfCity[number])
        runs[index].rows += 1
        record.encode(into: &runs[index].bytes)
    }

    private mutating func add(_ record: Record, number: UInt64, in city: CityID, at line: Int) {
        let start = encoded.count
        record.encode(into: &encoded)
        named.append(Named(line: line, number: number, city: city, bytes: start..<encoded.count))
    }
}
