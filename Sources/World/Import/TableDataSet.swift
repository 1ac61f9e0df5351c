// A world in tables: one file each of people, places, visits, friendships, friend labels and gatherings, or only
// some of them. Files are streamed, so their size does not matter; what stays in memory is a home for every person,
// a city for every place, and who is a guest where.
//
// A table that is not there is taken to be loaded already: visits are then not checked against it. Of people and
// places that are given twice, the second is rejected; of other rows with equal keys the later one counts, as it
// does everywhere. All files are looked at before anything is sent, and packed ones unpacked to their end: where one
// is damaged in the middle, nothing of the data set is loaded.

package import Basics
import Streams

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// How many rows of a file were taken; `rows` is `taken` and `rejected` together.
package struct TableTally: Equatable, Sendable {
    package let kind: TableKind
    package let file: String
    package var rows = 0
    package var taken = 0
    package var rejected = 0
}

/// Tables in a folder or in files. See `Columns.swift` for names, columns and spelling.
package struct TableDataSet: DataSet {
    let files: [TableFile]
    /// The city of rows that do not name one.
    let city: String?
    /// How many threads read rows; what is read is the same for any number.
    package var threads = 1
    /// Bytes of the pieces in which they share a file; a row must be shorter.
    var chunkBytes = TableChunks.usualBytes

    /// The tables of one folder.
    package init(directory: String, city: String? = nil) throws(ImportError) {
        files = try TableFile.all(in: directory)
        self.city = city
    }

    /// Single files. `table` says what a file holds whose name does not tell; `name` what messages call the files,
    /// where that is not their own name.
    package init(
        paths: [String], table: TableKind? = nil, name: String? = nil, city: String? = nil
    ) throws(ImportError) {
        var files: [TableFile] = []
        for path in paths {
            guard let kind = table ?? TableFile.kind(of: path) else {
                throw .ambiguous(
                    "\(name ?? path) does not say which table it is; name it people.csv, visits.csv ..., or say --table"
                )
            }
            if let other = files.first(where: { $0.kind == kind }) {
                throw .ambiguous("\(other.path) and \(path) are both \(kind.rawValue): load them one after the other")
            }
            try requireRegularFile(path, name: name ?? path)
            let last = path.split(separator: "/").last.map { String($0) }
            files.append(TableFile(kind: kind, path: path, name: name ?? last ?? path))
        }
        self.files = TableKind.allCases.compactMap { kind in files.first { $0.kind == kind } }
        self.city = city
    }

    func file(_ kind: TableKind) -> TableFile? { files.first { $0.kind == kind } }

    /// True where the city of such rows must stand in the rows themselves.
    func needsCityColumn(_ kind: TableKind) -> Bool {
        switch kind {
        case .people, .places, .gatherings: city == nil
        case .visits: city == nil && file(.places) == nil
        case .friendships, .friendLabels: false
        }
    }

    /// One sentence for each file with columns that mean nothing to us. Throws as `outline` does.
    package func notes() throws(ImportError) -> [String] {
        var notes: [String] = []
        for file in files {
            let names = try inspect(file)
            if !names.isEmpty {
                let list = names.map { "'\($0.prefix(40))'" }.joined(separator: ", ")
                notes.append("\(file.name): \(names.count == 1 ? "column" : "columns") \(list) not known, ignored")
            }
        }
        return notes
    }

    package func outline() throws(ImportError) -> [CityOutline] {
        for file in files { _ = try inspect(file) }
        for kind in [TableKind.friendships, .friendLabels] {
            guard let file = file(kind), self.file(.people) == nil, city == nil else { continue }
            throw .ambiguous(
                "\(file.name) needs the people beside it, since their rows are kept in the home cities of both; load "
                    + "it together with people.csv, or say --city")
        }
        var cities = CityCount()
        if let city { cities.count(name: city, rows: 0) }
        var tables: [TableKind] = [.places, .people]
        if file(.places) == nil { tables += [.visits, .gatherings] }
        for kind in tables {
            guard let file = file(kind), let slot = kind.citySlot else { continue }
            try count(file, slot, &cities)
        }
        for file in files where !(tables.contains(file.kind) && file.kind.citySlot != nil) { try verify(file) }
        return cities.outlines
    }

    /// Adds the cities that a table names.
    private func count(_ file: TableFile, _ slot: Int, _ cities: inout CityCount) throws(ImportError) {
        let chunks = try chunks(file)
        let layout = chunks.layout
        do {
            try OrderedPipeline.run(
                threads: threads, next: { try chunks.next() }, work: { CityCount($0, layout, slot) },
                take: { cities.add($0) })
        } catch let error as ImportError {
            throw error
        } catch {
            preconditionFailure("only reading throws, and \(error) is no fault of it")
        }
    }

    /// Unpacks a packed file to its end. It costs a tenth of loading the file, and damage is noticed while nothing of
    /// it is loaded yet.
    private func verify(_ file: TableFile) throws(ImportError) {
        do throws(StreamError) {
            let source = try ByteSource(path: file.path, name: file.name)
            if source.compression != .none { _ = try source.readToEnd() }
        } catch {
            throw ImportError(error)
        }
    }

    func chunks(_ file: TableFile) throws(ImportError) -> TableChunks {
        try TableChunks(
            file.kind, path: file.path, name: file.name, needsCity: needsCityColumn(file.kind), chunkBytes: chunkBytes)
    }

    func open(_ file: TableFile) throws(ImportError) -> TableReader { TableReader(try chunks(file)) }

    /// The names of a file's unknown columns. Throws where it lacks a column. Of JSON Lines, where each row brings
    /// its own columns, the first rows decide: a column that none of a thousand has is missing altogether.
    private func inspect(_ file: TableFile) throws(ImportError) -> [String] {
        let reader = try open(file)
        if reader.hasHeader { return reader.layout.ignored }
        var missing = file.kind.columns.indices.filter { slot in
            slot == file.kind.citySlot ? needsCityColumn(file.kind) : file.kind.columns[slot].isRequired
        }
        var rows = 0
        while rows < 1000 {
            let step = try reader.next()
            if case .end = step { break }
            guard case .row = step else { continue }
            rows += 1
            missing.removeAll { reader.has($0) }
        }
        if rows > 0, let slot = missing.first {
            throw .missingColumn(file: file.name, column: file.kind.columns[slot].name)
        }
        return reader.ignoredKeys
    }

    package func read(
        cities: [String: CityID], emit: (CityID, Record) throws -> Void, reject: (Reject) throws -> Void,
        progress: (Double) -> Void
    ) throws {
        try readEncoded(
            cities: cities, emit: { rows in try rows.forEach { try emit(rows.city, $0) } }, reject: reject,
            progress: progress)
    }

    package func readEncoded(
        cities: [String: CityID], emit: (EncodedRows) throws -> Void, reject: (Reject) throws -> Void,
        progress: (Double) -> Void
    ) throws {
        _ = try readCounting(cities: cities, emit: emit, reject: reject, progress: progress)
    }

    /// As `readEncoded`, and says for each file how many of its rows were taken.
    package func readCounting(
        cities: [String: CityID], emit: (EncodedRows) throws -> Void, reject: (Reject) throws -> Void,
        progress: (Double) -> Void
    ) throws -> [TableTally] {
        try withoutActuallyEscaping(emit) { emit in
            try withoutActuallyEscaping(reject) { reject in
                try withoutActuallyEscaping(progress) { progress in
                    let reading = try TableReading(self, cities, emit: emit, reject: reject, progress: progress)
                    try reading.readAll()
                    return reading.tallies
                }
            }
        }
    }
}

extension TableKind {
    /// The column that names a row's city.
    var citySlot: Int? {
        switch self {
        case .people, .places: 1
        case .visits: 2
        case .gatherings: 3
        case .friendships, .friendLabels: nil
        }
    }
}
