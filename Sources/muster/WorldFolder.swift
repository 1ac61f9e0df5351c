import Basics
import FoundationEssentials
import Glibc
import World

/// The folder that a made-up world is written to: one file a table. Each is written under another name and gets
/// its own when all are whole, so that a folder never holds half a world that looks like one.
struct WorldFolder {
    private let folder: String
    private var files: [TableKind: Int32] = [:]
    /// How many bytes all tables have together.
    private(set) var bytes = 0

    private static let unfinished = ".unfinished"

    /// Makes the folder where it is missing and opens its files.
    init(_ folder: String) throws {
        self.folder = folder
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw CommandError("the folder \(folder) cannot be made: \(error)")
        }
        for table in TableKind.allCases {
            let path = self.path(table) + Self.unfinished
            let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
            guard file >= 0 else { throw Self.fault(path) }
            files[table] = file
        }
    }

    private func path(_ table: TableKind) -> String { "\(folder)/\(table.fileNames[0]).csv" }

    private static func fault(_ path: String) -> CommandError {
        CommandError("\(path) cannot be written: \(String(cString: strerror(errno)))")
    }

    mutating func write(_ text: [UInt8], to table: TableKind) throws {
        guard let file = files[table] else { return }
        var rest = text[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw Self.fault(path(table)) }
            rest = rest.dropFirst(count)
        }
        bytes += text.count
    }

    /// Gives the files their names.
    mutating func finish() throws {
        for table in TableKind.allCases {
            guard let file = files.removeValue(forKey: table) else { continue }
            guard close(file) == 0 else { throw Self.fault(path(table)) }
            guard rename(path(table) + Self.unfinished, path(table)) == 0 else { throw Self.fault(path(table)) }
        }
    }
}
