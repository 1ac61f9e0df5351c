package import Basics

/// A row that could not be taken: which file, which line (from 1), and why. The rest is loaded.
package struct Reject: Sendable, Equatable, CustomStringConvertible {
    package let file: String
    package let line: Int
    package let reason: String

    package init(file: String, line: Int, reason: String) {
        self.file = file
        self.line = line
        self.reason = reason
    }

    package var description: String { "\(file):\(line): \(reason)" }
}

/// A city before its rows are read.
package struct CityOutline: Equatable, Sendable {
    package var name: String
    /// How often it is named where places are listed: about how large it is, for giving it a worker.
    package var size: UInt64

    package init(name: String, size: UInt64) {
        self.name = name
        self.size = size
    }
}

/// Somewhere that a world's people, places, visits and friendships come from.
package protocol DataSet: Sendable {
    /// The cities, in a deterministic order of first appearance. Throws also when something that only `read` needs
    /// is missing, so that nobody registers the cities of a data set that cannot be read.
    func outline() throws(ImportError) -> [CityOutline]

    /// Streams every row, in the order people, places, visits, friendships, friend labels, gatherings,
    /// each to the city whose shard must hold it: a person to their home and then, as a halo copy, to
    /// every other city in which they have a visit, a friend or a friend label; a visit to its place's
    /// city; a friendship and a friend label to the home cities of both; a gathering to its city, in
    /// which its host need not be known. The same data set and cities give the same rows in the same order.
    ///
    /// A data set that need not fit in memory may send the halo copies last.
    ///
    /// `cities` says which number each name has; rows of cities that are not in it are rejected.
    /// `progress` is told how much is done, 0...1, rising. Throws `ImportError`, and whatever
    /// `emit` and `reject` throw, which is how a caller stops the reading.
    func read(
        cities: [String: CityID], emit: (CityID, Record) throws -> Void, reject: (Reject) throws -> Void,
        progress: (Double) -> Void
    ) throws

    /// As `read`, for those who only pass rows on: many at a time, encoded. The rows of one city come in the same
    /// order; rows of different cities may come in another one.
    func readEncoded(
        cities: [String: CityID], emit: (EncodedRows) throws -> Void, reject: (Reject) throws -> Void,
        progress: (Double) -> Void
    ) throws
}

/// Why a data set cannot be read at all.
package enum ImportError: Error, Equatable {
    /// A folder that is not there.
    case missingFolder(String)
    /// A file that is not there or does not open; `reason` is the system's.
    case unreadable(file: String, reason: String)
    /// A file whose header lacks a column.
    case missingColumn(file: String, column: String)
    /// A setting out of its range.
    case badSetting(name: String, value: Int, rule: String)
    /// A file that is not what it must be: damaged, in another encoding, with a header that contradicts itself.
    case malformed(file: String, reason: String)
    /// What is meant cannot be told from what was given; the sentence says why and what to do.
    case ambiguous(String)
    /// A city of the data set that was given no number.
    case unknownCity(String)
}

extension ImportError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .missingFolder(let path):
            "there is no folder \(path); name the folder that holds the data set's files"
        case .unreadable(let file, let reason):
            "cannot read \(file): \(reason)"
        case .missingColumn(let file, let column):
            "\(file) has no column \(column); its first line must name its columns"
        case .badSetting(let name, let value, let rule):
            "\(name) is \(value), but it must be \(rule)"
        case .malformed(let file, let reason):
            "\(file) cannot be read to its end: \(reason)"
        case .ambiguous(let sentence):
            sentence
        case .unknownCity(let name):
            "city \(name) has no number; register the data set's cities before reading it"
        }
    }
}

extension DataSet {
    /// The names of the cities, in the order of `outline`.
    package func cityNames() throws(ImportError) -> [String] { try outline().map(\.name) }
}
