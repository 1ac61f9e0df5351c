import Basics
import Glibc

/// One text file of the project, by its path from the project's root.
struct SourceFile: Sendable {
    let path: String
    let text: String

    var isSwift: Bool { path.hasSuffix(".swift") }
    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
}

/// A broken rule and its place, as an editor can jump to it.
struct Finding: Equatable, CustomStringConvertible {
    let path: String
    let line: Int
    let what: String

    var description: String { "\(path):\(line): \(what)" }
}

/// The files that people write and keep. What is built or downloaded is not looked at.
struct SourceTree: Sendable {
    let files: [SourceFile]

    static let project = SourceTree(root: projectRoot)

    /// The folder that holds Package.swift, found from where this file was compiled.
    static let projectRoot = #filePath.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/" + $1 }

    private static let places = [
        "Package.swift", "Makefile", "README.md", ".ci", "Benchmarks", "Coordinator", "Sources", "Tests", "Worker",
        "cluster", "docs",
    ]
    private static let endings = [".swift", ".h", ".c", ".modulemap", ".md", ".conf", ".sh", ".txt", ".yml", ".yaml"]

    init(root: String) {
        var found: [SourceFile] = []
        func visit(_ path: String) {
            var status = stat()
            guard lstat("\(root)/\(path)", &status) == 0 else { return }
            if status.st_mode & S_IFMT == S_IFDIR {
                for name in Self.names(in: "\(root)/\(path)") { visit("\(path)/\(name)") }
                return
            }
            // Scripts and the Makefile have no ending.
            let name = path.split(separator: "/").last ?? ""
            guard !name.dropFirst().contains(".") || Self.endings.contains(where: name.hasSuffix) else { return }
            guard let bytes = try? readSmallFile("\(root)/\(path)", limit: 4 << 20) else { return }
            guard let text = String(validating: bytes, as: UTF8.self) else { return }
            found.append(SourceFile(path: path, text: text))
        }
        for place in Self.places { visit(place) }
        files = found
    }

    /// Names in a folder in a fixed order, without `.`, `..` and build folders.
    private static func names(in folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if ![".", "..", ".build", "__pycache__"].contains(name) { names.append(name) }
        }
        return names.sorted()
    }
}
