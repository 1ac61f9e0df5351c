import Basics
import Foundation
import Graph
import Learn
import Linalg
import World

/// muster-bench NAME --data FOLDER [options]: measures, and prints one JSON object per line.
@main
struct Program {
    static func main() throws {
        let core = BLAS.configure(arguments: CommandLine.arguments)
        var options: [String: String] = [:]
        let words = CommandLine.arguments.dropFirst(2)
        for (name, value) in zip(words, words.dropFirst()) where name.hasPrefix("--") {
            options[String(name.dropFirst(2))] = value
        }
        guard CommandLine.arguments.count > 1, CommandLine.arguments[1] == "graphrec" else {
            FileHandle.standardError.write(Data("usage: muster-bench graphrec --data foursquare:FOLDER ...\n".utf8))
            exit(2)
        }
        try GraphRecBenchmark(options: options, core: core).run()
    }
}
