// A settings file holds one setting a line, `name = value`. A line that begins with `#` is a comment, an empty line is
// nothing; a `#` further right is part of the value. A value in double quotes may begin or end with spaces.
// A shared file is written like the environment, `MUSTER_NAME=value`, and read by several programs, each of which
// takes what it knows: `cluster.env` in the run folder is one.

/// The text of a settings file and the name under which faults in it are reported.
package struct SettingsFile: Sendable {
    package enum Form: Sendable {
        /// `name = value`; a name that the table lacks is a fault.
        case own
        /// `MUSTER_NAME=value`; a name that the table lacks belongs to another program.
        case shared
    }

    let name: String
    let text: String
    let form: Form

    package init(name: String, text: String, form: Form = .own) {
        self.name = name
        self.text = text
        self.form = form
    }

    /// Reads the file at `path`, whose name is the path. Throws `.unreadable`.
    package init(reading path: String, form: Form = .own) throws(SettingsError) {
        do throws(FileError) {
            self.init(name: path, text: String(decoding: try readSmallFile(path), as: UTF8.self), form: form)
        } catch {
            throw .unreadable(error)
        }
    }

    /// Sets what the file sets. The same name twice is a fault: which one was meant cannot be known.
    func fill(_ settings: inout Settings) throws(SettingsError) {
        var seen: [String: SettingOrigin] = [:]
        for (key, value, origin) in try lines() {
            guard let setting = row(key, of: settings.table) else {
                if form == .shared { continue }
                let names = settings.table.settings.filter { $0.scope != .call }.map(\.name)
                throw .unknown(name: key, origin: origin, suggestion: suggestion(for: key, among: names))
            }
            if let first = seen.updateValue(origin, forKey: key) {
                throw .repeated(name: key, origin: origin, first: first)
            }
            try settings.set(setting, to: value, origin: origin)
        }
    }

    private func row(_ key: String, of table: SettingsTable) -> Setting? {
        table.settings.first { setting in
            setting.scope != .call && key == (form == .own ? setting.name : setting.variable)
        }
    }

    /// Keys and values in the order of the file.
    package func lines() throws(SettingsError) -> [(key: String, value: String, origin: SettingOrigin)] {
        var result: [(key: String, value: String, origin: SettingOrigin)] = []
        let all = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (number, raw) in all.enumerated() {
            let line = trimmed(raw)
            if line.isEmpty || line.hasPrefix("#") { continue }
            let origin = SettingOrigin.file(name, line: number + 1)
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let key = trimmed(parts[0])
            guard parts.count == 2, !key.isEmpty else { throw .malformed(line: String(line), origin: origin) }
            var value = trimmed(parts[1])
            if value.count >= 2, value.hasPrefix("\""), value.hasSuffix("\"") { value = value.dropFirst().dropLast() }
            result.append((String(key), String(value), origin))
        }
        return result
    }

    private func trimmed(_ text: Substring) -> Substring {
        let front = text.drop(while: \.isWhitespace)
        guard let last = front.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return front[...last]
    }
}
