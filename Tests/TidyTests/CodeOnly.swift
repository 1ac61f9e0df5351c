/// Swift source with its comments and the insides of its string literals blanked out, line for line, so that a rule
/// about code does not stumble over prose. Interpolations are blanked with their string: a small price.
func codeOnly(_ source: String) -> [String] {
    var lexer = BlankingLexer(Array(source.utf8))
    lexer.run()
    return String(decoding: lexer.output, as: UTF8.self)
        .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
}

private struct BlankingLexer {
    private let input: [UInt8]
    private var position = 0
    private(set) var output: [UInt8] = []

    init(_ input: [UInt8]) { self.input = input }

    mutating func run() {
        while position < input.count {
            if starts("//") {
                while position < input.count, input[position] != UInt8(ascii: "\n") { blank() }
            } else if starts("/*") {
                blankComment()
            } else if input[position] == UInt8(ascii: "\"") || starts("#\"") {
                blankString()
            } else {
                keep()
            }
        }
    }

    private func starts(_ text: String) -> Bool { input[position...].starts(with: text.utf8) }

    private mutating func keep() {
        output.append(input[position])
        position += 1
    }

    private mutating func blank() {
        output.append(input[position] == UInt8(ascii: "\n") ? input[position] : UInt8(ascii: " "))
        position += 1
    }

    private mutating func blank(_ count: Int) {
        for _ in 0..<count where position < input.count { blank() }
    }

    private mutating func blankComment() {
        var depth = 0
        repeat {
            if starts("/*") {
                depth += 1
                blank(2)
            } else if starts("*/") {
                depth -= 1
                blank(2)
            } else {
                blank()
            }
        } while depth > 0 && position < input.count
    }

    private mutating func blankString() {
        let isRaw = input[position] == UInt8(ascii: "#")
        let quotes = starts("\"\"\"") || starts("#\"\"\"") ? "\"\"\"" : "\""
        let closing = isRaw ? quotes + "#" : quotes
        blank(closing.utf8.count)
        // `\(…)` may hold a string of its own: the nesting is followed so that its quote does not end this one.
        var parentheses = 0
        while position < input.count {
            if parentheses == 0 && starts(closing) {
                blank(closing.utf8.count)
                return
            }
            if parentheses == 0 && starts(isRaw ? "\\#(" : "\\(") {
                parentheses = 1
                blank(isRaw ? 3 : 2)
            } else if !isRaw && starts("\\") {
                blank(2)
            } else if parentheses > 0 && starts("\"") {
                blankString()
            } else {
                if parentheses > 0 && starts("(") { parentheses += 1 }
                if parentheses > 0 && starts(")") { parentheses -= 1 }
                blank()
            }
        }
    }
}
