import Basics
import Testing

/// The `.conf` files are what operators read first: they show every setting, at its default, and load.
func configurationFindings(_ file: SourceFile, _ table: SettingsTable) -> [Finding] {
    func finding(_ line: Int, _ what: String) -> Finding { Finding(path: file.path, line: line, what: what) }
    let parsed = SettingsFile(name: file.path, text: file.text)
    let settings: Settings
    let keys: [String]
    do throws(SettingsError) {
        settings = try table.load(arguments: [], environment: [:], files: [parsed])
        keys = try parsed.lines().map(\.key)
    } catch {
        return [finding(1, error.description)]
    }
    var found: [Finding] = []
    if keys != table.settings.map(\.name) {
        let missing = table.settings.map(\.name).filter { !keys.contains($0) }
        found.append(finding(1, "not the settings of \(table.program) in their order; missing: \(missing)"))
    }
    for setting in table.settings {
        let value = settings.text(setting.name)
        guard case .file(_, let line) = settings.origin(setting.name) else { continue }
        if value != setting.standard {
            found.append(finding(line, "\(setting.name) is '\(value)', the default is '\(setting.standard)'"))
        }
        if line < 2 || !file.lines[line - 2].hasPrefix("#") {
            found.append(finding(line, "\(setting.name) has no comment above it"))
        }
    }
    return found
}

@Suite struct ConfigurationTests {
    @Test(arguments: [("cluster/coordinator.conf", SettingsTable.coordinator), ("cluster/worker.conf", .worker)])
    func everySettingStandsInTheFileAtItsDefault(path: String, table: SettingsTable) throws {
        let file = try #require(SourceTree.project.files.first { $0.path == path })
        for finding in configurationFindings(file, table) { Issue.record("\(finding)") }
    }

    @Test(arguments: [
        "threads = 2\n", "# how many\nthreads = 3\n\n# name\nname = a\n", "# x\nthreads = 2\n",
        "# x\nthreads = 2\n# y\nname = a\n# z\nzebra = 1\n", "# y\nname = a\n# x\nthreads = 2\n",
    ])
    func aFileThatDriftedIsReported(text: String) {
        let table = SettingsTable(
            program: "canary",
            settings: [
                Setting("threads", "how many", .integer(1...9), default: "2"),
                Setting("name", "who", .text, default: "a"),
            ])
        #expect(!configurationFindings(SourceFile(path: "a.conf", text: text), table).isEmpty)
        let good = SourceFile(path: "a.conf", text: "# x\nthreads = 2\n# y\nname = a\n")
        #expect(configurationFindings(good, table).isEmpty)
    }
}
