// Cutting one row of a window into fields, by hand and in place. `incomplete` asks for more bytes; nothing in the
// window has been changed then.

/// What became of a row.
struct RowSplit {
    enum Outcome {
        case row, blank, incomplete
        case broken(StaticString)
    }

    var outcome: Outcome
    /// Where the next row starts; 0 behind a broken row whose end is for the reader to find.
    var next = 0
    var fields = 0
    /// Line ends in the row, its own included.
    var lines = 1

    static let incomplete = RowSplit(outcome: .incomplete)

    static func broken(_ reason: StaticString, next: Int = 0) -> RowSplit {
        RowSplit(outcome: .broken(reason), next: next)
    }
}

private let quote = UInt8(ascii: "\"")
private let lineFeed = UInt8(ascii: "\n")
private let carriageReturn = UInt8(ascii: "\r")

/// Cuts the row at `from`. `slots` has the slot of each column, -1 for none; `fields` gets the ranges by slot.
func splitDelimited(
    _ text: UnsafeMutablePointer<UInt8>, from: Int, to end: Int, isAtEnd: Bool, _ separator: UInt8,
    _ slots: [Int], _ fields: UnsafeMutablePointer<FieldRange>
) -> RowSplit {
    var split = RowSplit(outcome: .row)
    var index = from
    var doubled = false
    while true {
        var first = index
        var last: Int
        if index < end && text[index] == quote {
            first = index + 1
            index = first
            while true {
                while index < end && text[index] != quote {
                    if text[index] == lineFeed { split.lines += 1 }
                    index += 1
                }
                if index == end { return .incomplete }
                guard index + 1 < end && text[index + 1] == quote else { break }
                doubled = true
                index += 2
            }
            last = index
            index += 1
            if index < end && text[index] == carriageReturn { index += 1 }
            if index == end && !isAtEnd { return .incomplete }
            if index < end && text[index] != separator && text[index] != lineFeed {
                return .broken("text follows a closing quote")
            }
        } else {
            while index < end && text[index] != separator && text[index] != lineFeed { index += 1 }
            if index == end && !isAtEnd { return .incomplete }
            last = index
            let endsLine = index == end || text[index] == lineFeed
            if endsLine && last > first && text[last - 1] == carriageReturn { last -= 1 }
            if endsLine && split.fields == 0 && first == last {
                return RowSplit(outcome: .blank, next: min(index + 1, end))
            }
        }
        if split.fields < slots.count && slots[split.fields] >= 0 {
            fields[slots[split.fields]] = FieldRange(start: Int32(first), end: Int32(last))
        }
        split.fields += 1
        if index == end || text[index] == lineFeed { break }
        index += 1
    }
    split.next = min(index + 1, end)
    if doubled { for slot in slots where slot >= 0 { fields[slot] = undoubled(text, fields[slot]) } }
    return split
}

/// Makes doubled quotes single ones, in place. Only a field in quotes can hold one: an unquoted one with two
/// neighbouring quotes is left as it is.
private func undoubled(_ text: UnsafeMutablePointer<UInt8>, _ field: FieldRange) -> FieldRange {
    guard field.start > 0, text[Int(field.start) - 1] == quote else { return field }
    var target = Int(field.start)
    var index = target
    while index < Int(field.end) {
        text[target] = text[index]
        index += text[index] == quote ? 2 : 1
        target += 1
    }
    return FieldRange(start: field.start, end: Int32(target))
}

/// The columns of a table by their names, and the names met that are none.
struct KeyTable {
    private var slots: [String: Int] = [:]
    private(set) var unknown: [String] = []
    /// The keys of the last object in their order: the next object mostly repeats them.
    fileprivate var last: [(key: [UInt8], slot: Int)] = []
    private static let unknownMax = 64

    init(_ kind: TableKind) {
        for (slot, column) in kind.columns.enumerated() {
            for name in [column.name] + column.aliases { slots[name] = slot }
        }
    }

    func slot(of name: String) -> Int? { slots[name] }

    /// The slot of the key at place `place` of an object, -1 where it is none of ours.
    mutating func slot(of key: UnsafeBufferPointer<UInt8>, at place: Int) -> Int {
        if place < last.count && last[place].key.count == key.count && last[place].key.elementsEqual(key) {
            return last[place].slot
        }
        let name = String(decoding: key, as: UTF8.self).lowercased()
        let slot = slots[name] ?? -1
        if slot < 0 && unknown.count < Self.unknownMax && !unknown.contains(name) { unknown.append(name) }
        if place < last.count { last[place] = (Array(key), slot) }
        if place == last.count && place < 256 { last.append((Array(key), slot)) }
        return slot
    }
}
