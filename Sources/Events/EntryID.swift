/// The id of a stream's entry: two numbers.
package struct EntryID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package var milliseconds: UInt64
    package var sequence: UInt64

    package init(milliseconds: UInt64, sequence: UInt64) {
        self.milliseconds = milliseconds
        self.sequence = sequence
    }

    /// Before the first entry.
    package static let zero = EntryID(milliseconds: 0, sequence: 0)

    /// From `milliseconds-sequence`; nil for anything else.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        self.init(bytes, in: bytes.indices)
    }

    /// From `milliseconds-sequence` somewhere among bytes; nil for anything else.
    package init?(_ bytes: [UInt8], in place: Range<Int>) {
        guard let dash = bytes[place].firstIndex(of: UInt8(ascii: "-")),
            let milliseconds = decimal(bytes, in: place.lowerBound..<dash),
            let sequence = decimal(bytes, in: dash + 1..<place.upperBound)
        else { return nil }
        self.init(milliseconds: milliseconds, sequence: sequence)
    }

    package var description: String { "\(milliseconds)-\(sequence)" }

    package static func < (left: Self, right: Self) -> Bool {
        (left.milliseconds, left.sequence) < (right.milliseconds, right.sequence)
    }
}
