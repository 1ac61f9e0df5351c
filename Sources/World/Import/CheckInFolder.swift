// A folder in one of the layouts of check-ins: how its cities are found and its files read, whichever they are.

import Basics

/// One layout: its files, and what their rows say.
protocol CheckInReading {
    /// The files that must be there.
    static var files: [String] { get }
    /// Those of them that name cities in a column `city`, the one that lists places first.
    static var cityFiles: [String] { get }

    /// The cities whose rows are wanted.
    init(cities: [String: CityID])

    /// The cities of the rows so far, by slot.
    var cities: CityColumn { get }
    /// What has been read.
    var rows: CheckIns { get }

    /// Reads all files of a folder. What cannot be taken is a reject.
    mutating func readAll(_ directory: String, _ reject: (Reject) throws -> Void) throws
}

/// A data set in a folder of its own, in the layout that `Reading` knows.
struct CheckInFolder<Reading: CheckInReading>: Sendable {
    let directory: String

    /// See `DataSet.outline`.
    func outline() throws(ImportError) -> [CityOutline] {
        try requireFiles(Reading.files, in: directory)
        var cities = CityCount()
        for file in Reading.cityFiles {
            var table = try TextTable(directory: directory, file: file)
            let column = try table.header(["city"])[0]
            cities.count(table, column)
        }
        return cities.outlines
    }

    /// See `DataSet.read`.
    func read(
        cities: [String: CityID], emit: (CityID, Record) throws -> Void, reject: (Reject) throws -> Void,
        progress: (Double) -> Void
    ) throws {
        try requireFiles(Reading.files, in: directory)
        var reading = Reading(cities: cities)
        try reading.readAll(directory, reject)
        try reading.rows.emitAll(to: reading.cities.cities, emit, progress)
    }
}

extension TextTable {
    /// Hands each row to `take`. What that throws, and a row of another width, is a reject.
    mutating func forEachRow(
        _ reject: (Reject) throws -> Void, _ take: (borrowing TextTable) throws(RowFault) -> Void
    ) throws {
        while next() {
            do throws(RowFault) {
                try checkWidth()
                try take(self)
            } catch {
                try reject(rejected(error))
            }
        }
    }

    /// Opens a file with a header, and hands each row to `take` with the places of the named columns.
    static func forEachRow(
        of file: String, in directory: String, columns names: [String], _ reject: (Reject) throws -> Void,
        _ take: (borrowing TextTable, _ columns: [Int]) throws(RowFault) -> Void
    ) throws {
        var table = try TextTable(directory: directory, file: file)
        let columns = try table.header(names)
        try table.forEachRow(reject) { table throws(RowFault) in try take(table, columns) }
    }
}
