import Basics
import Testing

@Suite struct SettingsTests {
    private let table = SettingsTable(
        program: "test",
        settings: [
            Setting("redis-address", "where Redis is", .text, default: "here"),
            Setting("threads", "how many", .integer(0...8), default: "2"),
            Setting("share", "how much", .number(0...1), default: "0.5"),
            Setting("json", "in JSON", .flag),
            Setting("key-file", "the key", .path),
            Setting("level", "how loud", .choice(["low", "high"]), default: "low"),
            Setting("rounds", "of this call", .integer(1...100), default: "5", scope: .call),
            Setting("city", "of this call", .texts, scope: .call),
        ])

    private func load(
        _ arguments: [String] = [], environment: [String: String] = [:], file: String? = nil, shared: String? = nil
    ) throws(SettingsError) -> Settings {
        var files: [SettingsFile] = []
        if let file { files.append(SettingsFile(name: "a.conf", text: file)) }
        if let shared { files.append(SettingsFile(name: "b.env", text: shared, form: .shared)) }
        return try table.load(arguments: arguments, environment: environment, files: files)
    }

    /// What is said about settings that must be refused; nil when they were taken.
    private func fault(
        _ arguments: [String] = [], environment: [String: String] = [:], file: String? = nil
    ) -> String? {
        do throws(SettingsError) {
            _ = try load(arguments, environment: environment, file: file)
            return nil
        } catch {
            return error.description
        }
    }

    @Test func nothingSetMeansTheDefaults() throws {
        let settings = try load()
        #expect(settings.text("redis-address") == "here" && settings.integer("threads") == 2)
        #expect(settings.number("share") == 0.5 && !settings.flag("json") && settings.path("key-file") == nil)
        #expect(settings.origin("threads") == .standard && settings.rest.isEmpty && !settings.asksForHelp)
    }

    @Test func aFlagBeatsTheEnvironmentBeatsTheFileBeatsTheSharedFileBeatsTheDefault() throws {
        let file = "threads = 3\nredis-address = file\nshare = 0.25\n"
        let shared = "MUSTER_LEVEL=high\nMUSTER_SHARE=0.75\nMUSTER_OF_ANOTHER=1\n"
        let environment = ["MUSTER_THREADS": "4", "MUSTER_REDIS_ADDRESS": "environment", "MUSTER_SHARE": ""]
        let settings = try load(["--threads", "5"], environment: environment, file: file, shared: shared)
        #expect(settings.integer("threads") == 5)
        #expect(settings.origin("threads") == .argument)
        #expect(settings.text("redis-address") == "environment")
        #expect(settings.origin("redis-address") == .environment("MUSTER_REDIS_ADDRESS"))
        #expect(settings.number("share") == 0.25)
        #expect(settings.origin("share") == .file("a.conf", line: 3))
        #expect(settings.text("level") == "high")
        #expect(settings.origin("level") == .file("b.env", line: 1))
    }

    @Test func theCommandLineMayMixFlagsAndWords() throws {
        let settings = try load(["seeds", "--json", "--threads=7", "berlin", "--rounds", "9", "--", "--threads"])
        #expect(settings.flag("json") && settings.integer("threads") == 7 && settings.integer("rounds") == 9)
        #expect(settings.rest == ["seeds", "berlin", "--threads"])
        #expect(try load(["--json=false"]).flag("json") == false)
        #expect(try load(["--threads", "1", "--threads", "6"]).integer("threads") == 6)
        #expect(try load(["train", "--help"]).asksForHelp)
        #expect(try load(["--redis-address=a=b"]).text("redis-address") == "a=b")
    }

    @Test func someTextsMayBeGivenAgain() throws {
        #expect(try load().texts("city") == [])
        #expect(try load(["--city", "Oslo", "--threads", "1", "--city=Rio, RJ"]).texts("city") == ["Oslo", "Rio, RJ"])
    }

    @Test func aFileHasCommentsQuotesAndSpaces() throws {
        let settings = try load(file: "# a comment\r\n\r\n  redis-address  =  a # b  \r\nkey-file = \" k \"\r\n")
        #expect(settings.text("redis-address") == "a # b")
        #expect(settings.path("key-file") == " k ")
    }

    @Test func anUnknownNameIsRefusedWithASuggestion() {
        #expect(fault(["--thread", "3"])?.contains("did you mean --threads?") == true)
        #expect(fault(["--confg", "x"])?.contains("did you mean --config?") == true)
        #expect(
            fault(file: "\nredis-adress = x")
                == "a.conf:2: there is no setting redis-adress; did you mean redis-address?")
        #expect(fault(["--zebra"]) == "command line: there is no setting --zebra; --help lists what there is")
    }

    @Test func settingsOfOneCallAreFlagsOnly() throws {
        #expect(try load(environment: ["MUSTER_ROUNDS": "9"]).integer("rounds") == 5)
        #expect(fault(file: "rounds = 9")?.contains("no setting rounds") == true)
    }

    @Test func aValueOutsideItsRangeIsRefusedWithItsPlace() {
        #expect(
            fault(environment: ["MUSTER_THREADS": "9"])
                == "environment MUSTER_THREADS: threads is '9', which is not a whole number from 0 to 8")
        #expect(fault(["--share", "2"])?.contains("a number from 0.0 to 1.0") == true)
        #expect(fault(["--share", "nan"]) != nil)
        #expect(fault(["--json=yes"])?.contains("true or false") == true)
        #expect(fault(file: "level = mid")?.hasSuffix("one of low, high") == true)
    }

    @Test func whatCannotBeMeantIsRefused() {
        #expect(fault(["--threads"])?.contains("--threads needs a value") == true)
        #expect(fault(["--redis-address", "--json"])?.contains("needs a value") == true)
        #expect(fault(file: "threads 3")?.contains("'name = value'") == true)
        #expect(
            fault(file: "threads = 3\nthreads = 4")
                == "a.conf:2: threads is already set at a.conf:1; remove one of the two")
        #expect(throws: SettingsError.self) {
            _ = try table.load(arguments: ["--config", "/nowhere/at/all.conf"], environment: [:])
        }
    }

    @Test func theDescriptionNamesEveryValueAndItsOrigin() throws {
        let lines = try load(["--threads", "3"]).describe().split(separator: "\n")
        #expect(lines.count == table.settings.count)
        #expect(lines[1] == "threads = 3  # command line" && lines[2] == "share = 0.5  # default")
    }

    @Test(arguments: [SettingsTable.coordinator, .worker, .command])
    func theTablesOfTheProgramsLoadAndExplainThemselves(table: SettingsTable) throws {
        let settings = try table.load(arguments: [], environment: [:])
        for setting in table.settings {
            #expect(settings.text(setting.name) == setting.standard)
            #expect(table.usage.contains("--\(setting.name)  \(setting.help)"))
            #expect(setting.name == setting.name.lowercased() && !setting.name.contains("_"))
        }
    }
}
