import Glibc
import Streams
import World

// Parquet is read and written by Apache's own library, in a script of its own; between it and us flows CSV.

enum Parquet {
    /// The script, beside the folder of the build this program comes from, or where MUSTER_PARQUET says.
    static func script() throws -> String {
        if let named = getenv("MUSTER_PARQUET") { return String(cString: named) }
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        let program = String(decoding: buffer[..<max(0, count)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        var folders = program.split(separator: "/").dropLast()
        while true {
            let script = folders.map { "/" + $0 }.joined() + "/cluster/parquet"
            if access(script, X_OK) == 0 { return script }
            guard folders.popLast() != nil else { break }
        }
        throw CommandError("the script cluster/parquet is not near \(program); MUSTER_PARQUET can name it")
    }

    /// A program that turns the CSV of a table, which we write, into a Parquet file.
    static func writer(table: String, path: String) throws -> ChildProgram {
        try ChildProgram(try script(), ["write", table, path], .weWrite)
    }

    /// Throws with the way out when Parquet cannot be had here.
    static func check() throws { try ChildProgram(try script(), ["check"], .weRead).finish() }
}

/// The Parquet files among what an import names, as packed CSV in a folder of their own that goes with this object:
/// readers of tables go over a file more than once.
final class UnpackedParquet {
    /// What the import names, with the new files in the place of those.
    private(set) var words: [String]
    private var folder: String?
    private var files: [String] = []

    private static let suffix = ".parquet"

    init(_ given: [String]) throws {
        words = given
        if let directory = given.first, given.count == 1 { words = try Self.tables(in: directory) ?? given }
        guard words.contains(where: { $0.hasSuffix(Self.suffix) }) else { return }
        let place = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(place)/muster-parquet-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw CommandError("no room for unpacked files in \(place): \(String(cString: strerror(errno)))")
        }
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        self.folder = folder
        words = try words.map { $0.hasSuffix(Self.suffix) ? try unpack($0, into: folder) : $0 }
    }

    deinit {
        for file in files { unlink(file) }
        if let folder { rmdir(folder) }
    }

    /// The Parquet files of a folder that are tables; nil where there are none.
    private static func tables(in directory: String) throws -> [String]? {
        let names = TableKind.allCases.flatMap(\.fileNames)
        let paths: [String] = names.map { "\(directory)/\($0)\(suffix)" }
        let found = paths.filter { path in access(path, F_OK) == 0 }
        if found.isEmpty { return nil }
        if (try? TableDataSet(directory: directory)) != nil {
            throw CommandError("\(directory) holds tables as Parquet and as text: keep one of them")
        }
        return found
    }

    private func unpack(_ path: String, into folder: String) throws -> String {
        let name = path.split(separator: "/").last.map { String($0.dropLast(Self.suffix.count)) } ?? ""
        let unpacked = "\(folder)/\(name).csv.zst"
        let reader = try ChildProgram(try Parquet.script(), ["read", path], .weRead)
        files.append(unpacked)
        let outcome: Result<Void, any Error> = Result {
            let sink = try ByteSink(path: unpacked, compression: .zstd)
            try reader.readAll { try sink.write($0) }
            try sink.finish()
        }
        try reader.finish()
        try outcome.get()
        return unpacked
    }
}
