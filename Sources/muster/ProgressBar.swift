import Basics
import Glibc

/// A line on the terminal that moves while something long runs. Where standard error is no terminal it says nothing,
/// so that logs and pipes stay clean.
struct ProgressBar {
    private let title: String
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let start = monotonicSeconds()
    private var lastDrawn = -1.0
    private var isDrawn = false

    init(_ title: String) { self.title = title }

    /// `fraction` in 0...1; redraws at most ten times a second.
    mutating func update(_ fraction: Double, _ detail: String = "") {
        let now = monotonicSeconds()
        guard isTerminal, now - lastDrawn >= 0.1 else { return }
        lastDrawn = now
        draw(fraction, detail)
    }

    private mutating func draw(_ fraction: Double, _ detail: String) {
        let width = 30
        let share = min(max(fraction, 0), 1)
        let filled = Int(share * Double(width))
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
        let seconds = monotonicSeconds() - start
        let left = share > 0.02 ? "  \(Int(seconds / share - seconds + 0.5)) s left" : ""
        write("\r\u{1B}[K\(title)  \(bar) \(Int(share * 100)) %  \(detail)\(left)")
        isDrawn = true
    }

    /// Takes the line away again; results are printed by the command itself.
    mutating func finish() {
        if isDrawn { write("\r\u{1B}[K") }
        isDrawn = false
    }

    private func write(_ text: String) {
        var text = text
        text.withUTF8 { _ = Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
