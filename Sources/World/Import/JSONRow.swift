// One JSON object on one line. Strings are unescaped where they lie, since they only get shorter; arrays and objects
// inside are kept as they are and read by whoever wants them.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Cuts the object on the line at `from`. `fields` gets the ranges of values by slot: strings without their quotes,
/// nulls as absent.
func splitJSON(
    _ text: UnsafeMutablePointer<UInt8>, from: Int, to end: Int, isAtEnd: Bool, _ keys: inout KeyTable,
    _ fields: UnsafeMutablePointer<FieldRange>
) -> RowSplit {
    var stop = end
    if let found = memchr(text + from, 10, end - from) {
        stop = found - UnsafeMutableRawPointer(text)
    } else if !isAtEnd {
        return .incomplete
    }
    let next = min(stop + 1, end)
    var cursor = JSONCursor(text: text, index: from, end: stop)
    cursor.skipSpace()
    if cursor.index == stop { return RowSplit(outcome: .blank, next: next) }
    if let fault = cursor.object({ key, place, value in
        let slot = keys.slot(of: key, at: place)
        if slot < 0 { return nil }
        if !fields[slot].isAbsent { return "a column is given twice" }
        fields[slot] = value
        return nil
    }) {
        return .broken(fault, next: next)
    }
    cursor.skipSpace()
    if cursor.index != stop { return .broken("text follows the JSON object", next: next) }
    return RowSplit(outcome: .row, next: next)
}

private struct JSONCursor {
    let text: UnsafeMutablePointer<UInt8>
    var index: Int
    let end: Int

    mutating func skipSpace() {
        while index < end && (text[index] == 32 || text[index] == 9 || text[index] == 13) { index += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard index < end, text[index] == UInt8(ascii: character) else { return false }
        index += 1
        return true
    }

    /// Reads an object and hands out its members; returns what is wrong, or nil.
    mutating func object(
        _ member: (UnsafeBufferPointer<UInt8>, Int, FieldRange) -> StaticString?
    ) -> StaticString? {
        guard take("{") else { return "the row is no JSON object" }
        if take("}") { return nil }
        var place = 0
        while true {
            guard take("\"") else { return "a name in quotes is missing in the JSON object" }
            guard let key = string() else { return "a name in the JSON object is no JSON string" }
            guard take(":") else { return "a colon is missing in the JSON object" }
            skipSpace()
            guard let value = value() else { return "a value in the JSON object is no JSON" }
            let name = UnsafeBufferPointer(start: text + Int(key.start), count: Int(key.end - key.start))
            if let fault = member(name, place, value) { return fault }
            place += 1
            if take("}") { return nil }
            guard take(",") else { return "a comma or brace is missing in the JSON object" }
        }
    }

    /// The value at the cursor; nil when it is none.
    private mutating func value() -> FieldRange? {
        guard index < end else { return nil }
        switch text[index] {
        case UInt8(ascii: "\""):
            index += 1
            return string()
        case UInt8(ascii: "["), UInt8(ascii: "{"):
            return nested()
        default:
            let first = index
            let (comma, brace) = (UInt8(ascii: ","), UInt8(ascii: "}"))
            while index < end && text[index] > 32 && text[index] != comma && text[index] != brace { index += 1 }
            if first == index { return nil }
            if index - first == 4 && memcmp(text + first, "null", 4) == 0 { return .absent }
            return FieldRange(start: Int32(first), end: Int32(index))
        }
    }

    /// An array or object with all that is in it: up to the bracket that closes the first.
    private mutating func nested() -> FieldRange? {
        let first = index
        var depth = 0
        while index < end {
            switch text[index] {
            case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            case UInt8(ascii: "\""):
                index += 1
                while index < end && text[index] != UInt8(ascii: "\"") {
                    index += text[index] == UInt8(ascii: "\\") ? 2 : 1
                }
                if index >= end { return nil }
            default: break
            }
            index += 1
            if depth == 0 { return FieldRange(start: Int32(first), end: Int32(index)) }
        }
        return nil
    }

    /// The string whose opening quote lies behind the cursor, unescaped in place; nil when it is malformed.
    private mutating func string() -> FieldRange? {
        let first = index
        var target = index
        while index < end {
            let byte = text[index]
            index += 1
            if byte == UInt8(ascii: "\"") { return FieldRange(start: Int32(first), end: Int32(target)) }
            if byte < 32 { return nil }
            if byte != UInt8(ascii: "\\") {
                text[target] = byte
                target += 1
            } else if !unescape(into: &target) {
                return nil
            }
        }
        return nil
    }

    private mutating func unescape(into target: inout Int) -> Bool {
        guard index < end else { return false }
        let byte = text[index]
        index += 1
        let plain: UInt8
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): plain = byte
        case UInt8(ascii: "b"): plain = 8
        case UInt8(ascii: "f"): plain = 12
        case UInt8(ascii: "n"): plain = 10
        case UInt8(ascii: "r"): plain = 13
        case UInt8(ascii: "t"): plain = 9
        case UInt8(ascii: "u"):
            guard let scalar = scalar() else { return false }
            for unit in UTF8.encode(scalar)! {  // Every scalar has an encoding, never longer than its escape.
                text[target] = unit
                target += 1
            }
            return true
        default: return false
        }
        text[target] = plain
        target += 1
        return true
    }

    /// The scalar of a \u escape, or of two that are a surrogate pair.
    private mutating func scalar() -> Unicode.Scalar? {
        guard let first = hexadecimal() else { return nil }
        guard (0xD800..<0xDC00).contains(first) else { return Unicode.Scalar(first) }
        guard index + 1 < end, text[index] == UInt8(ascii: "\\"), text[index + 1] == UInt8(ascii: "u") else {
            return nil
        }
        index += 2
        guard let second = hexadecimal(), (0xDC00..<0xE000).contains(second) else { return nil }
        return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    }

    private mutating func hexadecimal() -> UInt32? {
        guard index + 4 <= end else { return nil }
        var value: UInt32 = 0
        for offset in 0..<4 {
            guard let digit = Character(Unicode.Scalar(text[index + offset])).hexDigitValue else { return nil }
            value = value << 4 | UInt32(digit)
        }
        index += 4
        return value
    }
}
