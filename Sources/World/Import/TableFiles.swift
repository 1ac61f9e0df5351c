#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A file and the table it holds.
struct TableFile: Equatable, Sendable {
    let kind: TableKind
    let path: String
    /// What messages call it: the path without its folder.
    let name: String

    static let extensions = ["csv", "tsv", "jsonl", "ndjson"]
    static let packings = ["", ".gz", ".zst"]

    /// The tables of a folder, by their names, in the order of `TableKind`. Throws where there is none, or where
    /// two files claim to be the same table.
    static func all(in directory: String) throws(ImportError) -> [TableFile] {
        try requireFolder(directory)
        var files: [TableFile] = []
        for kind in TableKind.allCases {
            var found: [String] = []
            for base in kind.fileNames {
                for ending in extensions {
                    for packing in packings where access("\(directory)/\(base).\(ending)\(packing)", F_OK) == 0 {
                        found.append("\(base).\(ending)\(packing)")
                    }
                }
            }
            if found.count > 1 { throw .ambiguous("\(directory) holds \(found[0]) and \(found[1]): keep one of them") }
            guard let name = found.first else { continue }
            try requireRegularFile("\(directory)/\(name)", name: name)
            files.append(TableFile(kind: kind, path: "\(directory)/\(name)", name: name))
        }
        if files.isEmpty {
            throw .ambiguous(
                "\(directory) holds no table; people.csv, places.csv, visits.csv, friendships.csv, friend_labels.csv "
                    + "and gatherings.csv are looked for, also as .tsv or .jsonl, also packed as .gz or .zst")
        }
        return files
    }

    /// The table that a path's name tells.
    static func kind(of path: String) -> TableKind? {
        let name = path.split(separator: "/").last ?? ""
        let base = name.prefix { $0 != "." }
        return TableKind.allCases.first { $0.fileNames.contains(String(base)) }
    }
}
