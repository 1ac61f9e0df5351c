import Basics
import Glibc
import Linalg

/// muster-bench NAME [options]: runs one measurement and prints one JSON object per line, with the names that the
/// other systems' runs use as well.
@main
struct Program {
    static func main() {
        let core = BLAS.configure(arguments: CommandLine.arguments)
        let options = BenchmarkOptions(words: Array(CommandLine.arguments.dropFirst(2)))
        do {
            switch CommandLine.arguments.dropFirst().first {
            case "graphrec": try GraphRecBenchmark(options: options, core: core).run()
            default: fail("usage: muster-bench graphrec [--data FOLDER --city NAME] [--rounds N --steps N ...]")
            }
        } catch {
            fail("\(error)")
        }
    }

    private static func fail(_ message: String) -> Never {
        let line = Array("muster-bench: \(message)\n".utf8)
        _ = write(2, line, line.count)
        exit(2)
    }
}

/// `--name value` pairs.
struct BenchmarkOptions {
    private var values: [String: String] = [:]

    init(words: [String]) {
        for (name, value) in zip(words, words.dropFirst()) where name.hasPrefix("--") {
            values[String(name.dropFirst(2))] = value
        }
    }

    func text(_ name: String) -> String? { values[name] }

    func integer(_ name: String, _ standard: Int) -> Int { values[name].flatMap { Int($0) } ?? standard }

    func number(_ name: String, _ standard: Float) -> Float { values[name].flatMap { Float($0) } ?? standard }
}

/// One line of output.
struct BenchmarkLine {
    var fields: [(String, String)] = []
    var metrics: [(String, Double)] = []

    func printed() -> String {
        let numbers = metrics.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ")
        return "{" + fields.map { "\"\($0.0)\": \($0.1), " }.joined() + "\"metrics\": {\(numbers)}}"
    }

    /// The most memory this process held at any time.
    static var peakBytes: Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss * 1024
    }
}
