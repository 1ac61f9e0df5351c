import Foundation
import Streams
import Testing

@Suite struct StreamsTests {
    private let path = NSTemporaryDirectory() + "muster-streams-" + UUID().uuidString

    private func write(_ pieces: [[UInt8]], _ compression: Compression) throws {
        let sink = try ByteSink(path: path, compression: compression)
        for piece in pieces { try sink.write(piece) }
        try sink.finish()
    }

    private func read(pieceBytes: Int = 10_007) throws -> [UInt8] {
        let source = try ByteSource(path: path)
        var all: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: pieceBytes)
        while true {
            let count = try piece.withUnsafeMutableBytes { try source.read(into: $0) }
            if count == 0 { return all }
            all += piece[..<count]
        }
    }

    private func bytesOnDisk() throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }
    private func put(_ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }

    @Test(arguments: Compression.allCases, [0, 1, 255, 262_144, 1_000_003])
    func whatIsWrittenIsRead(compression: Compression, count: Int) throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        var state: UInt32 = 7
        let bytes = (0..<count).map { _ -> UInt8 in
            state = state &* 1_664_525 &+ 1_013_904_223
            return UInt8(state >> 28)
        }
        try write([Array(bytes.prefix(count / 3)), Array(bytes.dropFirst(count / 3))], compression)
        #expect(try read() == bytes)
        #expect(try ByteSource(path: path).compression == compression)
    }

    @Test(arguments: [Compression.gzip, .zstd])
    func packedFilesMayFollowOneAnother(compression: Compression) throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        try write([Array("one ".utf8)], compression)
        let first = try bytesOnDisk()
        try write([Array("two".utf8)], compression)
        try put(first + bytesOnDisk())
        #expect(try String(decoding: read(), as: UTF8.self) == "one two")
        #expect(try String(decoding: read(pieceBytes: 1), as: UTF8.self) == "one two")
    }

    @Test(arguments: [Compression.gzip, .zstd])
    func everyTruncationAndEveryChangedByteIsNoticedOrHarmless(compression: Compression) throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let text = Array("a line that repeats, a line that repeats, a line that repeats\n".utf8)
        try write([text], compression)
        let whole = try bytesOnDisk()
        for count in 4..<whole.count {
            try put(Array(whole[..<count]))
            #expect(throws: StreamError.self, "cut at \(count)") { try read() }
        }
        for index in whole.indices {
            var changed = whole
            changed[index] ^= 0x10
            try put(changed)
            // Bytes that carry no content, such as the time in gzip's head, may change.
            if let result = try? read(), index >= 10 { #expect(result == text || result == changed) }
        }
    }

    @Test func aNameThatLiesIsNoticed() throws {
        let named = path + ".gz"
        defer { try? FileManager.default.removeItem(atPath: named) }
        try Data("plain".utf8).write(to: URL(fileURLWithPath: named))
        #expect(throws: StreamError.self) { try ByteSource(path: named) }
        #expect(throws: StreamError.unreadable(file: "/no/such", reason: "No such file or directory")) {
            try ByteSource(path: "/no/such")
        }
    }
}
