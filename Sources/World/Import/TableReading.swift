// One pass over the tables, and a second one over people only: to send a copy of each to the cities where they
// turned out to be guests. It comes last because only then is it known who they are, and holding all people in
// memory until then would cost a hundred times their number.
//
// Pieces of a file are read by several threads (`ChunkRows`); this thread cuts them off the file and takes what came of
// them in the order of the file. So rows, rejects and their lines are those of one thread.

import Basics

/// The reading of one `TableDataSet`. Used once, by one thread.
final class TableReading {
    private(set) var tallies: [TableTally] = []

    private let data: TableDataSet
    private let emit: (EncodedRows) throws -> Void
    private let reject: (Reject) throws -> Void
    private let progress: (Double) -> Void

    private var known: KnownRows
    private var gatherings: Set<KnownRows.Twin> = []
    private var guests = GuestPairs()

    private var bytesBefore = 0
    private let bytesTotal: Int

    init(
        _ data: TableDataSet, _ cities: [String: CityID], emit: @escaping (EncodedRows) throws -> Void,
        reject: @escaping (Reject) throws -> Void, progress: @escaping (Double) -> Void
    ) throws(ImportError) {
        self.data = data
        known = KnownRows(data, cities)
        (self.emit, self.reject, self.progress) = (emit, reject, progress)
        var total = 0
        for file in data.files { total += try data.chunks(file).size * (file.kind == .people ? 2 : 1) }
        bytesTotal = max(total, 1)
    }

    func readAll() throws {
        for kind in [TableKind.people, .places, .visits, .friendships, .friendLabels, .gatherings] { try read(kind) }
        try sendGuests()
        progress(1)
    }

    /// Reads one table, if it is there.
    private func read(_ kind: TableKind) throws {
        guard let file = data.file(kind) else { return }
        let chunks = try data.chunks(file)
        var tally = TableTally(kind: kind, file: file.name)
        defer { tallies.append(tally) }
        var line = chunks.layout.firstLine
        let (layout, known) = (chunks.layout, known)
        try OrderedPipeline.run(
            threads: data.threads, next: { try chunks.next() }, work: { ChunkRows($0, layout, known) },
            take: { rows in
                try self.take(rows, of: file, from: line, &tally)
                line += rows.lines
                self.tell(chunks)
            })
        bytesBefore += chunks.size
    }

    private func tell(_ chunks: TableChunks) {
        progress(min(1, Double(bytesBefore + min(chunks.position, chunks.size)) / Double(bytesTotal)))
    }

    /// Takes the rows of a piece that begins on `line`.
    private func take(_ rows: ChunkRows, of file: TableFile, from line: Int, _ tally: inout TableTally) throws {
        tally.rows += rows.rows
        var faults = rows.faults[...]
        func tell(_ reason: String, at place: Int) throws {
            tally.rejected += 1
            try reject(Reject(file: file.name, line: line + place, reason: reason))
        }
        defer { tally.taken = tally.rows - tally.rejected }
        for row in rows.named {
            while let fault = faults.first, fault.line < row.line {
                faults.removeFirst()
                try tell(fault.reason, at: fault.line)
            }
            do {
                try name(row, file.kind)
            } catch {
                try tell(error.reason, at: row.line)
                continue
            }
            try emit(EncodedRows(city: row.city, rows: 1, bytes: rows.bytes(of: row)))
        }
        for fault in faults { try tell(fault.reason, at: fault.line) }
        guests.add(rows.guests)
        for run in rows.runs { try emit(EncodedRows(city: run.city, rows: run.rows, bytes: run.bytes.bytes[...])) }
    }

    /// Notes what a row names. A fault where it was named before.
    private func name(_ row: ChunkRows.Named, _ kind: TableKind) throws(RowFault) {
        switch kind {
        case .people: try known.insert(person: row.number, home: row.city)
        case .places: try known.insert(place: row.number, in: row.city)
        default:
            guard gatherings.insert(KnownRows.Twin(city: row.city, number: row.number)).inserted else {
                throw RowFault(reason: "gathering \(row.number) of this city was given before")
            }
        }
    }

    /// The second pass: people to where they are guests.
    private func sendGuests() throws {
        guests.settle()
        guard let file = data.file(.people), !guests.isEmpty else { return }
        let chunks = try data.chunks(file)
        var isSent = [Bool](repeating: false, count: known.homes.count)
        let (layout, known, guests) = (chunks.layout, known, guests)
        try OrderedPipeline.run(
            threads: data.threads, next: { try chunks.next() },
            work: { ChunkRows.guests($0, layout, known, guests) },
            take: { rows in
                for row in rows.named where !isSent[Int(row.number)] {
                    isSent[Int(row.number)] = true
                    try guests.forEachCity(of: Int(row.number)) {
                        try self.emit(EncodedRows(city: $0, rows: 1, bytes: rows.bytes(of: row)))
                    }
                }
                self.tell(chunks)
            })
    }
}
