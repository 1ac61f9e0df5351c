import Glibc
import Streams

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

extension Parquet {
    /// Whether the path names a Parquet file.
    static func isFile(_ path: String) -> Bool { path.hasSuffix(suffix) }

    private static let suffix = ".parquet"

    /// The rows of Parquet files as packed CSV files of the same names in `folder`, for the readers of tables, which
    /// go over a file more than once.
    static func unpack(_ files: [String], into folder: String) throws {
        let script = try script()
        for file in files {
            let name = file.split(separator: "/").last.map { String($0.dropLast(suffix.count)) } ?? ""
            let reader = try ChildProgram(script, ["read", file], .weRead)
            let outcome: Result<Void, any Error> = Result {
                let sink = try ByteSink(path: "\(folder)/\(name).csv.zst", compression: .zstd)
                try reader.readAll { try sink.write($0) }
                try sink.finish()
            }
            try reader.finish()
            try outcome.get()
        }
    }
}
