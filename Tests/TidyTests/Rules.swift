// The rules, each a function from a file to what is wrong with it. `RuleTests` runs them on the tree and, as a
// canary, on small texts that break them.

/// At most 400 lines a file.
func tooLongFile(_ file: SourceFile) -> [Finding] {
    let count = file.lines.count - (file.text.hasSuffix("\n") ? 1 : 0)
    guard file.isSwift, count > 400 else { return [] }
    return [Finding(path: file.path, line: 401, what: "file of \(count) lines; 400 at most")]
}

/// At most 120 columns in code and settings; prose in Markdown and recorded transcripts may run on.
func tooLongLines(_ file: SourceFile) -> [Finding] {
    if file.path.hasSuffix(".md") || file.path.hasSuffix(".txt") { return [] }
    return file.lines.enumerated().compactMap { number, line in
        guard line.count > 120 else { return nil }
        return Finding(path: file.path, line: number + 1, what: "line of \(line.count) columns; 120 at most")
    }
}

/// At most 70 lines from a function's first line to its closing brace. Relies on the formatter: a body closes with a
/// brace on its own line, at the column where its declaration began.
func tooLongFunctions(_ file: SourceFile) -> [Finding] {
    guard file.isSwift else { return [] }
    let lines = codeOnly(file.text)
    var found: [Finding] = []
    for (start, line) in lines.enumerated() where declaresFunction(line) {
        let column = indentation(line)
        var end = start
        // The signature may take several lines; a declaration of a protocol ends without a brace.
        while end < lines.count, !trimmedEnd(lines[end]).hasSuffix("{") {
            if trimmedEnd(lines[end]).hasSuffix("}") { break }
            end += 1
            let next = end < lines.count ? lines[end] : ""
            if next.isEmpty || (indentation(next) <= column && !next.drop(while: { $0 == " " }).hasPrefix(")")) {
                break
            }
        }
        guard end < lines.count, trimmedEnd(lines[end]).hasSuffix("{") else { continue }
        let brace = String(repeating: " ", count: column) + "}"
        guard let close = lines[end...].firstIndex(where: { $0.hasPrefix(brace) }) else { continue }
        let count = close - start + 1
        if count > 70 {
            found.append(Finding(path: file.path, line: start + 1, what: "function of \(count) lines; 70 at most"))
        }
    }
    return found
}

private func declaresFunction(_ line: String) -> Bool {
    let words = line.split(separator: " ")
    return words.contains("func")
        || words.contains { $0.hasPrefix("init(") || $0.hasPrefix("init?(") || $0.hasPrefix("subscript(") }
            && trimmedEnd(line).last.map { "{(".contains($0) } == true
}

private func indentation(_ line: String) -> Int { line.prefix { $0 == " " }.count }

private func trimmedEnd(_ line: String) -> Substring {
    guard let last = line.lastIndex(where: { $0 != " " }) else { return "" }
    return line[...last]
}

/// Work that is not done is not announced in the code.
func announcedWork(_ file: SourceFile) -> [Finding] {
    // Put together here so that this file does not find itself.
    let words = ["TO" + "DO", "FIX" + "ME", "XX" + "X:"]
    return file.lines.enumerated().flatMap { number, line in
        words.filter { line.contains($0) }.map {
            Finding(path: file.path, line: number + 1, what: "\($0): do it, or leave the word out")
        }
    }
}

/// Files end with one newline and lines do not end with spaces; tabs only where `make` demands them.
func untidySpace(_ file: SourceFile) -> [Finding] {
    var found: [Finding] = []
    for (number, line) in file.lines.enumerated() {
        if line.hasSuffix(" ") && !file.path.hasSuffix(".md") && !file.path.hasSuffix(".txt") {
            found.append(Finding(path: file.path, line: number + 1, what: "space at the end of the line"))
        }
        if line.contains("\t") && file.path != "Makefile" && !file.path.hasSuffix(".txt") {
            found.append(Finding(path: file.path, line: number + 1, what: "tab; indent with spaces"))
        }
    }
    if !file.text.isEmpty && (!file.text.hasSuffix("\n") || file.text.hasSuffix("\n\n")) {
        found.append(Finding(path: file.path, line: file.lines.count, what: "a file ends with exactly one newline"))
    }
    return found
}

/// Pure modules are told the time, the seed and the bytes: they call nothing that asks the system for them.
/// No library prints; whoever runs it decides what is said.
func forbiddenCalls(_ file: SourceFile) -> [Finding] {
    let pure = ["World", "Linalg", "Graph", "Wire", "Events", "Learn", "Nearest", "Influence", "Plans", "Cluster"]
    let folders = file.path.split(separator: "/")
    guard file.isSwift, folders.count > 2, folders[0] == "Sources", folders[1] != "muster" else { return [] }
    let isPure = pure.contains(String(folders[1])) && !(folders[1] == "World" && folders[2] == "Import")
    var words = ["print", "debugPrint", "dump"].map { ($0, "(") }
    if isPure {
        words += ["Date", "sleep", "usleep", "nanosleep", "clock_gettime", "gettimeofday", "monotonicSeconds"]
            .map { ($0, "(") }
        words += ["socket", "open", "fopen", "SystemRandomNumberGenerator", "arc4random", "getrandom"].map { ($0, "(") }
        words += ["ContinuousClock", "SuspendingClock", "async", "await", "Task"].map { ($0, "") }
    }
    let lines = codeOnly(file.text)
    var found: [Finding] = []
    for (number, line) in lines.enumerated() {
        for (word, tail) in words where contains(line, word: word, tail: tail) {
            found.append(Finding(path: file.path, line: number + 1, what: "\(word) has no place in this module"))
        }
        for call in [".random(", ".randomElement(", ".shuffled(", ".shuffle("] where line.contains(call) {
            // The generator may stand on one of the next lines of a long call.
            let statement = lines[number..<min(number + 3, lines.count)].joined()
            if call == ".shuffle(" && !statement.contains(".shuffle()") { continue }
            if !isPure || statement.contains("using:") { continue }
            found.append(Finding(path: file.path, line: number + 1, what: "\(call)) without a seeded generator"))
        }
    }
    return found
}

/// Whether `word` stands alone, followed by `tail`; a method of that name on a value (`.open(`) is something else.
private func contains(_ line: String, word: String, tail: String) -> Bool {
    let bytes = Array(line.utf8)
    let target = Array((word + tail).utf8)
    guard bytes.count >= target.count else { return false }
    func isNamePart(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z"))
            || (byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9"))
    }
    for start in 0...bytes.count - target.count where bytes[start..<start + target.count].elementsEqual(target) {
        let end = start + target.count
        if start > 0 && (isNamePart(bytes[start - 1]) || bytes[start - 1] == UInt8(ascii: ".")) { continue }
        if tail.isEmpty && end < bytes.count && isNamePart(bytes[end]) { continue }
        // `func open(` declares a name of ours.
        if bytes[..<start].ends(with: Array("func ".utf8)) { continue }
        return true
    }
    return false
}

extension Sequence where Element == UInt8 {
    fileprivate func ends(with tail: [UInt8]) -> Bool { Array(self).suffix(tail.count).elementsEqual(tail) }
}
