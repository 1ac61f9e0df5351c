import Basics
import FoundationEssentials
import Glibc
import Linalg
import Wire

/// muster: what people type. Each verb is one row of `verbs`; data goes to standard output, talk to standard error.
///
/// Exit codes: 0 done, 1 it did not work, 2 it was typed wrongly, 130 interrupted.
@main
enum MusterProgram {
    static let verbs: [Verb] = [
        .importing, .estimate, .export, .world, .status, .train, .evaluate, .plan, .jobs, .job, .pause, .resume,
        .cancel, .models, .model, .move, .seeds, .feed, .recommend, .seed, .events, .influencers, .keys,
    ]

    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        // For every verb: OpenBLAS's own threads would take Ctrl-C away from the thread that waits for it.
        BLAS.configure(arguments: CommandLine.arguments)
        guard let word = arguments.first, word != "help", word != "--help", word != "-h" else {
            guard arguments.first == "help", let name = arguments.dropFirst().first else {
                print(overview)
                exit(0)
            }
            guard let verb = verbs.first(where: { $0.name == name }) else { unknown(name) }
            print(verb.help)
            exit(0)
        }
        if word == "--version" || word == "version" {
            print("muster \(Build.identifier)")
            exit(0)
        }
        guard let verb = verbs.first(where: { $0.name == word }) else { unknown(word) }
        do {
            try verb.run(try Invocation(verb, arguments: Array(arguments.dropFirst())))
        } catch let error as SettingsError {
            fail("\(error)\n  muster help \(verb.name) shows how it is used", code: 2)
        } catch let error as UsageError {
            fail("\(error)\n  muster help \(verb.name) shows how it is used", code: 2)
        } catch {
            fail("\(error)", code: 1)
        }
    }

    private static func unknown(_ word: String) -> Never {
        let hint = suggestion(for: word, among: verbs.map(\.name)).map { "; did you mean '\($0)'?" } ?? ""
        fail("there is no verb '\(word)'\(hint)\n  muster help lists them", code: 2)
    }

    private static var overview: String {
        let width = verbs.map(\.name.count).max() ?? 0
        let lines = verbs.map { verb in
            "  \(verb.name)\(String(repeating: " ", count: width - verb.name.count))  \(verb.summary)"
        }
        return """
            muster turns people, places, visits and friendships into plans that really happen.

            \(lines.joined(separator: "\n"))

            muster help VERB shows how one is used. cluster/up starts a cluster on this machine.
            """
    }
}

/// One thing the command can do.
struct Verb: Sendable {
    var name: String
    var summary: String
    var usage: String
    var settings: [Setting] = []
    var run: @Sendable (Invocation) throws -> Void

    var table: SettingsTable { SettingsTable.command.adding(settings) }

    var help: String { "\(summary)\n\n\(usage)\n\n\(table.usage)" }
}

/// A verb with all that was typed behind it.
struct Invocation {
    let settings: Settings
    var words: [String] { settings.rest }
    var isJSON: Bool { settings.flag("json") }

    /// The run folder's cluster.env is the weakest source: it says where the cluster of this folder listens.
    init(_ verb: Verb, arguments: [String]) throws {
        let environment = ProcessInfo.processInfo.environment
        let first = try verb.table.load(arguments: arguments, environment: environment)
        if first.asksForHelp {
            print(verb.help)
            exit(0)
        }
        let shared = first.text("home") + "/cluster.env"
        guard FileManager.default.fileExists(atPath: shared) else {
            settings = first
            return
        }
        settings = try verb.table.load(
            arguments: arguments, environment: environment, weakest: [try SettingsFile(reading: shared, form: .shared)])
    }

    func session() throws -> Session { try Session(settings) }

    func noMoreWords(after count: Int = 0) throws {
        if words.count > count { throw UsageError("'\(words[count])' is one word too many") }
    }
}

/// The command was typed in a way it cannot be meant.
struct UsageError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// It did not work, in one line that says what to do.
struct CommandError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

func fail(_ text: String, code: Int32) -> Never {
    complain("muster: \(text)")
    exit(code)
}

/// Machine-readable answers: sorted keys, so that equal answers are equal bytes.
func printJSON(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    print(String(decoding: try encoder.encode(value), as: UTF8.self))
}

/// The same in one line, where several objects follow each other.
func printJSONLine(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    print(String(decoding: try encoder.encode(value), as: UTF8.self))
    fflush(nil)
}
