import Glibc

/// One line on standard error, for programs that end before they have a log, and for talk that is not the answer.
package func complain(_ text: String) {
    var line = text + "\n"
    line.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
}
