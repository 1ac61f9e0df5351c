import Testing

@Suite struct RuleTests {
    private let tree = SourceTree.project

    private func expectNone(_ findings: [Finding], _ location: SourceLocation = #_sourceLocation) {
        for finding in findings { Issue.record("\(finding)", sourceLocation: location) }
    }

    @Test func theTreeIsFound() {
        // Without files every rule would hold.
        #expect(tree.files.contains { $0.path == "Package.swift" })
        #expect(tree.files.contains { $0.path == "Sources/Basics/Settings.swift" })
        #expect(tree.files.contains { $0.path == "cluster/up" })
        #expect(tree.files.contains { $0.path == ".ci/run" })
    }

    @Test func importsPointDownwards() throws {
        let package = try #require(tree.files.first { $0.path == "Package.swift" })
        let table = LayerTable(package: package.text)
        #expect(table.modules.count >= 22)
        #expect(table.module(named: "Plans")?.floor == 5)
        #expect(table.module(named: "muster-coordinator")?.below.contains("Gateway") == true)
        expectNone(table.findings())
        expectNone(tree.files.flatMap(table.findings(in:)))
    }

    @Test func filesLinesAndFunctionsStayShort() {
        expectNone(tree.files.flatMap(tooLongFile))
        expectNone(tree.files.flatMap(tooLongLines))
        expectNone(tree.files.flatMap(tooLongFunctions))
    }

    @Test func nothingIsAnnounced() { expectNone(tree.files.flatMap(announcedWork)) }

    @Test func spaceIsTidy() { expectNone(tree.files.flatMap(untidySpace)) }

    @Test func modulesStayAsPureAsTheyClaim() { expectNone(tree.files.flatMap(forbiddenCalls)) }
}

/// An alarm that never rang may be broken: every rule must report what is made to break it.
@Suite struct CanaryTests {
    private func file(_ text: String, at path: String = "Sources/Graph/Bad.swift") -> SourceFile {
        SourceFile(path: path, text: text)
    }

    private let table = LayerTable(
        package: """
            // Floor 0: C
            system("CSide"),
            // Floor 1
            module("Basics"),
            // Floor 2
            module("World", ["Basics"]),
            // Floor 3
            module("Graph", ["Basics", "World", "CSide"]),
            module("Store", [
                "Basics", "Graph", "CSide", "Missing",
            ]),
            """)

    @Test func sidewaysAndSharedAndMissingModulesAreReported() {
        #expect(
            table.findings().map(\.what) == [
                "Store on floor 3 stands on Graph of floor 3", "Store names Missing, which is no module",
                "CSide belongs to 2 modules instead of one",
            ])
    }

    @Test(arguments: [
        "import Store", "package import Store", "@preconcurrency import Store", "import struct Store.Thing",
        "import Foundation",
    ])
    func anUpwardImportIsReported(line: String) {
        let found = table.findings(in: file("import Basics\n\(line)\n// import Prose\nlet text = \"import Text\"\n"))
        #expect(found.map(\.line) == [2])
    }

    @Test func lengthIsReported() {
        #expect(tooLongFile(file(String(repeating: "\n", count: 401))).count == 1)
        #expect(tooLongFile(file(String(repeating: "\n", count: 400))).isEmpty)
        #expect(tooLongLines(file("\n" + String(repeating: "x", count: 121))).map(\.line) == [2])
        #expect(tooLongLines(file(String(repeating: "x", count: 120))).isEmpty)
    }

    @Test func aLongFunctionIsReportedAtItsFirstLine() {
        func function(_ count: Int) -> SourceFile {
            let body = String(repeating: "        work()\n", count: count - 4)
            return file("struct A {\n    func f(\n        x: Int\n    ) -> Int {\n\(body)    }\n}\n")
        }
        #expect(tooLongFunctions(function(71)).map(\.line) == [2])
        #expect(tooLongFunctions(function(70)).isEmpty)
        let requirements = "protocol P {\n    func f()\n    func g() -> Int\n}\n" + String(repeating: "\n", count: 90)
        #expect(tooLongFunctions(file(requirements)).isEmpty)
    }

    @Test func announcedWorkIsReported() {
        #expect(announcedWork(file("// TO" + "DO later\n")).count == 1)
        #expect(announcedWork(file("# FIX" + "ME\n", at: "cluster/up")).count == 1)
    }

    @Test func untidySpaceIsReported() {
        #expect(untidySpace(file("a \nb\n")).map(\.line) == [1])
        #expect(untidySpace(file("\ta\n")).count == 1 && untidySpace(file("\ta\n", at: "Makefile")).isEmpty)
        #expect(untidySpace(file("a")).count == 1 && untidySpace(file("a\n\n")).count == 1)
    }

    @Test(arguments: [
        "let now = Date()", "let x = Int.random(in: 0..<3)", "print(x)", "usleep(3)", "sleep(1)",
        "func f() async {}", "let clock = ContinuousClock()", "rows.shuffle()", "let one = rows.randomElement()",
        "let s = socket(1, 2, 3)",
    ])
    func aForbiddenCallInAPureModuleIsReported(line: String) {
        #expect(forbiddenCalls(file("let a = 1\n\(line)\n")).map(\.line) == [2])
    }

    @Test(arguments: [
        "// print(x) in prose", "let text = \"print(x) \\(f(\"Date()\")) sleep(1)\"", "footprint(x)", "store.open(x)",
        "Int.random(in: 0..<3, using: &random)", "let updateDate = 1", "random.shuffle(&rows)", "func open(x: Int) {}",
        "/* sleep(1) /* Date() */ print(x) */", "let raw = #\"a \" print(x)\"#", "let asynchronous = 2",
    ])
    func whatOnlyLooksForbiddenIsNot(line: String) {
        #expect(forbiddenCalls(file("\(line)\n")).isEmpty)
    }

    @Test func shellsMayAskTheSystemButNotPrint() {
        let text = "let now = Date()\nprint(now)\n"
        #expect(forbiddenCalls(file(text, at: "Sources/Store/Bad.swift")).map(\.line) == [2])
        #expect(forbiddenCalls(file(text, at: "Sources/World/Import/Bad.swift")).map(\.line) == [2])
        #expect(forbiddenCalls(file(text, at: "Sources/muster/Good.swift")).isEmpty)
    }
}
