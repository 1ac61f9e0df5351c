import Basics
import Testing

@testable import World

@Suite struct TextTableTests {
    private func table(_ text: String, width: Int = 0) -> TextTable {
        TextTable(file: "t.tsv", bytes: Array(text.utf8), width: width)
    }

    @Test func fieldsAndLinesAreFoundInEveryLineEnding() throws {
        for text in ["a\tb\n1\t2\n\n33\t4", "a\tb\r\n1\t2\r\n\r\n33\t4\r\n", "\u{FEFF}a\tb\n1\t2\n\n33\t4\n"] {
            var table = table(text)
            let columns = try table.header(["b", "a"])
            #expect(columns == [1, 0])
            var found: [UInt64] = []
            while table.next() {
                try table.checkWidth()
                found.append(contentsOf: [UInt64(table.line), try table.number(0, "a"), try table.number(1, "b")])
            }
            #expect(found == [2, 1, 2, 4, 33, 4])
        }
    }

    @Test func whatASlowReaderFindsIsFound() throws {
        var random = SeededRandom(seed: 5)
        let alphabet: [UInt8] = Array("\t\t\n\r7x".utf8)
        for _ in 0..<150 {
            let bytes = (0..<random.below(40)).map { _ in alphabet[random.below(alphabet.count)] }
            var expected: [[String]] = []
            for line in bytes.split(separator: 10, omittingEmptySubsequences: false) {
                let line = line.last == 13 ? line.dropLast() : line
                if line.isEmpty { continue }
                let fields = line.split(separator: 9, omittingEmptySubsequences: false)
                expected.append(fields.map { String(decoding: $0, as: UTF8.self) })
            }
            var found: [[String]] = []
            for width in 1...40 {
                var table = TextTable(file: "t", bytes: bytes, width: width)
                var row = 0
                while table.next() {
                    if (try? table.checkWidth()) != nil && width <= 32 {
                        found.append((0..<width).map { String(decoding: table.raw($0), as: UTF8.self) })
                        #expect(found.last == expected[row])
                    }
                    row += 1
                }
                #expect(row == expected.count)
            }
            #expect(found.count == expected.filter { $0.count <= 32 }.count)
        }
    }

    @Test(arguments: ["", "x", "-1", "1.5", "12345678901234567890", " 1", "1 "])
    func whatIsNoWholeNumberIsAFault(text: String) {
        var table = table("\(text)\t1")
        _ = table.next()
        #expect(throws: RowFault(reason: "user is not a whole number of at most 19 digits")) {
            try table.number(0, "user")
        }
    }

    @Test func aNumberOutOfRangeIsNamedWithItsRange() {
        var table = table("169")
        _ = table.next()
        #expect(throws: RowFault(reason: "hour is 169, it must be 1...168")) {
            try table.number(0, "hour", in: 1...168)
        }
    }

    @Test func aRowWithTooManyFieldsIsAFaultHoweverMany() {
        var table = table(String(repeating: "1\t", count: 1000) + "\n1\n", width: 1)
        var faults: [Bool] = []
        while table.next() { faults.append((try? table.checkWidth()) == nil) }
        #expect(faults == [true, false])
    }

    @Test func anEmptyFileHasNoColumns() {
        var table = table("")
        #expect(throws: ImportError.missingColumn(file: "t.tsv", column: "city")) { try table.header(["city"]) }
    }
}
