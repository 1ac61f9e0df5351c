// Package.swift is the layer table: one line per module, under a comment that names its floor. It is read as text,
// so that the rule and the build cannot tell two stories.

/// What may import what.
struct LayerTable {
    struct Module: Equatable {
        var name: String
        var floor: Int
        /// Where its sources stand, from the project's root.
        var folder: String
        var below: [String]
    }

    private(set) var modules: [Module] = []

    func module(named name: String) -> Module? { modules.first { $0.name == name } }

    /// The module whose folder holds the file.
    func module(of path: String) -> Module? { modules.first { path.hasPrefix($0.folder + "/") } }

    init(package text: String) {
        var floor: Int?
        var declaration = ""
        for line in text.split(separator: "\n") {
            let words = line.split(whereSeparator: { " :".contains($0) })
            if words.first == "//" {
                if words.count > 2, words[1] == "Floor", let number = Int(words[2]) { floor = number }
                continue
            }
            guard let floor else { continue }
            declaration += line.drop(while: { $0 == " " })
            // A declaration ends with its comma at the end of a line and its parentheses balanced.
            let depth = declaration.reduce(0) { $0 + ($1 == "(" ? 1 : $1 == ")" ? -1 : 0) }
            if depth > 0 { continue }
            if let module = Self.parse(declaration, floor: floor) { modules.append(module) }
            declaration = ""
        }
    }

    private static func parse(_ declaration: String, floor: Int) -> Module? {
        // What a target leaves out of its folder is no module.
        let named = declaration.split(separator: "excluding:")[0]
        let quoted = named.split(separator: "\"", omittingEmptySubsequences: false)
        let strings = quoted.indices.filter { $0 % 2 == 1 }.map { String(quoted[$0]) }
        guard let name = strings.first else { return nil }
        let below = Array(strings.dropFirst())
        if declaration.hasPrefix("system(") {
            return Module(name: name, floor: 0, folder: "Sources/System/\(name)", below: below)
        }
        if declaration.hasPrefix("module(") {
            return Module(name: name, floor: floor, folder: "Sources/\(name)", below: below)
        }
        if declaration.hasPrefix("program("), let folder = below.first {
            return Module(name: name, floor: floor, folder: folder, below: Array(below.dropFirst()))
        }
        return nil
    }

    /// Every module stands strictly above what it is built on; each C library has exactly one module above it.
    func findings() -> [Finding] {
        var found: [Finding] = []
        func report(_ what: String) { found.append(Finding(path: "Package.swift", line: 1, what: what)) }
        for module in modules {
            for name in module.below {
                guard let lower = self.module(named: name) else {
                    report("\(module.name) names \(name), which is no module")
                    continue
                }
                if lower.floor >= module.floor {
                    report("\(module.name) on floor \(module.floor) stands on \(name) of floor \(lower.floor)")
                }
            }
        }
        for library in modules where library.floor == 0 {
            let users = modules.filter { $0.below.contains(library.name) }
            if users.count != 1 { report("\(library.name) belongs to \(users.count) modules instead of one") }
        }
        return found
    }

    /// What a source file imports must be declared for its module; of the outside, only the C library and the
    /// toolchain's threads and JSON.
    func findings(in file: SourceFile) -> [Finding] {
        let outside = ["Glibc", "Musl", "Darwin", "Synchronization", "FoundationEssentials"]
        guard let module = module(of: file.path), file.isSwift else { return [] }
        return codeOnly(file.text).enumerated().compactMap { number, line in
            let words = line.split(separator: " ")
            guard let keyword = words.firstIndex(of: "import"), let name = words.last.map(String.init) else {
                return nil
            }
            // Only attributes and access levels may stand before the keyword; else the word is part of something else.
            let modifiers = ["package", "public", "internal", "private", "fileprivate"]
            guard words[..<keyword].allSatisfy({ $0.hasPrefix("@") || modifiers.contains(String($0)) }) else {
                return nil
            }
            let imported = String(name.split(separator: ".")[0])
            if module.below.contains(imported) || outside.contains(imported) { return nil }
            return Finding(
                path: file.path, line: number + 1, what: "\(module.name) may not import \(imported): see Package.swift")
        }
    }
}
