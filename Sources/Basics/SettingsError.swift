/// Why the settings of a program cannot be used. Each case says where the fault stands and what would do instead.
package enum SettingsError: Error, Equatable {
    case unknown(name: String, origin: SettingOrigin, suggestion: String?)
    case invalid(name: String, value: String, origin: SettingOrigin, expected: String)
    case repeated(name: String, origin: SettingOrigin, first: SettingOrigin)
    case missingValue(name: String, expected: String)
    case malformed(line: String, origin: SettingOrigin)
    case unreadable(FileError)
}

extension SettingsError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unknown(let name, let origin, let suggestion):
            let hint = suggestion.map { "; did you mean \($0)?" } ?? "; --help lists what there is"
            return "\(origin): there is no setting \(name)\(hint)"
        case .invalid(let name, let value, let origin, let expected):
            return "\(origin): \(name) is '\(value)', which is not \(expected)"
        case .repeated(let name, let origin, let first):
            return "\(origin): \(name) is already set at \(first); remove one of the two"
        case .missingValue(let name, let expected):
            return "command line: --\(name) needs a value: \(expected)"
        case .malformed(let line, let origin):
            return "\(origin): '\(line)' is not a line of the form 'name = value'"
        case .unreadable(let fault):
            return "the settings file cannot be read: \(fault)"
        }
    }
}

/// The candidate that a mistyped word most likely meant: at most one edit in three letters away, ties to the earlier.
/// O(candidates × length²), for command lines only.
package func suggestion(for word: String, among candidates: [String]) -> String? {
    var best: (distance: Int, candidate: String)?
    for candidate in candidates {
        let distance = editDistance(Array(word.utf8), Array(candidate.utf8))
        if distance <= max(1, word.utf8.count / 3), distance < best?.distance ?? .max {
            best = (distance, candidate)
        }
    }
    return best?.candidate
}

/// Insertions, deletions and replacements that make one word the other (Wagner and Fischer, 1974).
private func editDistance(_ first: [UInt8], _ second: [UInt8]) -> Int {
    var previous = Array(0...second.count)
    for (row, letter) in first.enumerated() {
        var current = [row + 1]
        for (column, other) in second.enumerated() {
            let replaced = previous[column] + (letter == other ? 0 : 1)
            current.append(min(replaced, previous[column + 1] + 1, current[column] + 1))
        }
        previous = current
    }
    return previous[second.count]
}
