import Basics
import Testing

@testable import Cluster

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Commands and what they led to, in text files that are read like prose. A line that begins with two blanks is
/// output; the rest is commands, comments and empty lines. REWRITE=1 writes what happens now into the files; the
/// difference is then for the reviewer.
@Suite struct TranscriptTests {
    @Test(arguments: [
        "placement", "membership", "rounds", "collecting", "stragglers", "policies", "worker-loss", "refusals",
        "pause-and-restart", "plans", "turns", "turns-across", "together",
    ])
    func transcriptsHold(name: String) throws {
        let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
        let path = "/\(folder)/Transcripts/\(name).txt"
        let text = try #require(readText(path), "the transcript \(path) cannot be read")
        let script = text.split(separator: "\n", omittingEmptySubsequences: false).filter { !$0.hasPrefix("  ") }
        var interpreter = Interpreter()
        var lines: [String] = []
        for line in script {
            lines.append(String(line))
            guard !line.isEmpty, !line.hasPrefix("#") else { continue }
            lines += interpreter.run(String(line)).map { "  " + $0 }
        }
        let now = lines.joined(separator: "\n")
        if getenv("REWRITE") != nil {
            #expect(writeText(now, path))
        } else {
            #expect(now == text, "the transcript \(name) tells another story now; REWRITE=1 shows the difference")
        }
    }

    private func readText(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        while case let byte = fgetc(file), byte != EOF { bytes.append(UInt8(truncatingIfNeeded: byte)) }
        return String(validating: bytes, as: UTF8.self)
    }

    private func writeText(_ text: String, _ path: String) -> Bool {
        guard let file = fopen(path, "w") else { return false }
        let bytes = Array(text.utf8)
        return fwrite(bytes, 1, bytes.count, file) == bytes.count && fclose(file) == 0
    }
}
