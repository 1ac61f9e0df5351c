import Basics
import FoundationEssentials
import Glibc
import Linalg

/// muster-bench NAME [options]: does one piece of real work, measures it, and prints one JSON object per line.
///
/// Each bench stands in a file of its own, whose head says what the machine must do at the least. Rates count per
/// CPU second, that is, for one core, because a shared machine's clock on the wall measures its other guests too;
/// `import`, which waits for the disk, is the exception.
///
/// Exit codes: 0 done, 1 it did not work, 2 it was typed wrongly.
@main
enum BenchProgram {
    static let benches: [Bench] = [
        .world, .importing, .estimate, .openCity, .nearest, .influence, .places, .replicas, .follows, .invites, .sweep,
        .graphRec,
        .quality,
        .lightGCN, .socialLGN, .groups, .hawkes, .closedLoop, .plan, .events, .consumer, .serve,
        .scaleOut, .rounds, .union, .together,
    ]

    /// Parts of a bench that run in processes of their own.
    private static let parts: [Bench] = [.eventsWorker, .replicaHolder]

    static func main() {
        BLAS.configure(arguments: CommandLine.arguments)
        let arguments = Array(CommandLine.arguments.dropFirst())
        guard let word = arguments.first, word != "--help", word != "-h", word != "help" else {
            print(overview)
            exit(0)
        }
        do {
            if word == "all" { exit(try runAll(Array(arguments.dropFirst())) ? 0 : 1) }
            guard let bench = (benches + parts).first(where: { $0.name == word }) else {
                let hint = suggestion(for: word, among: benches.map(\.name) + ["all"])
                let question = hint.map { "; did you mean '\($0)'?" } ?? ""
                fail("there is no bench '\(word)'\(question)\n  muster-bench help lists them", code: 2)
            }
            try bench.start(Array(arguments.dropFirst()))
        } catch let error where error is SettingsError || error is OptionError {
            fail("\(error)\n  muster-bench \(word) --help shows the options", code: 2)
        } catch {
            fail("\(word): \(error)", code: 1)
        }
    }

    private static var overview: String {
        let width = benches.map(\.name.count).max() ?? 0
        let lines = benches.map { bench in
            "  \(bench.name)\(String(repeating: " ", count: width - bench.name.count))  \(bench.summary)"
        }
        return """
            muster-bench NAME [options] measures one piece of work and prints one JSON object per line.

            \(lines.joined(separator: "\n"))

            muster-bench all [--data FOLDER] [--threads N] [--seed N] runs each in a process of its own.
            muster-bench NAME --help shows the options of one.
            """
    }

    /// Every bench after the other, each in a process of its own, so that none inherits another's memory.
    /// The data folder goes to those that read cities. False when one of them failed.
    private static func runAll(_ arguments: [String]) throws -> Bool {
        let table = SettingsTable(program: "muster-bench all", settings: Bench.dataSetting + Bench.sharedSettings)
        let settings = try table.load(arguments: arguments, environment: [:], files: [])
        if settings.asksForHelp {
            print(table.usage)
            return true
        }
        if let word = settings.rest.first { throw OptionError("'\(word)' is one word too many") }
        var isFine = true
        // A running cluster, or what came from one, is needed for those.
        for bench in benches where ![Bench.serve.name, Bench.together.name].contains(bench.name) {
            var words = ["muster-bench", bench.name, "--seed", settings.text("seed")]
            if bench.isParallel { words += ["--threads", settings.text("threads")] }
            if bench.readsCities, let data = settings.path("data") { words += ["--data", data] }
            if try spawnSelf(words) != 0 { isFine = false }
        }
        return isFine
    }
}

/// The options were typed in a way they cannot be meant.
struct OptionError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// The bench cannot be run, in one line that says why.
struct BenchError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

private func fail(_ text: String, code: Int32) -> Never {
    complain("muster-bench: \(text)")
    exit(code)
}

/// Runs this program anew with other arguments and waits for it. Answers its exit code, 128 and more for a signal.
private func spawnSelf(_ words: [String]) throws -> Int32 {
    let environment = ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" }
    var arguments = words.map { strdup($0) } + [nil]
    var variables = environment.map { strdup($0) } + [nil]
    defer { for pointer in arguments + variables { free(pointer) } }
    var child = pid_t()
    let result = posix_spawn(&child, "/proc/self/exe", nil, nil, &arguments, &variables)
    guard result == 0 else { throw BenchError("no process can be started: \(String(cString: strerror(result)))") }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0 {
        guard errno == EINTR else { throw BenchError("a started process was lost") }
    }
    return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
}
