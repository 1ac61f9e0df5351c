// Fields as values, straight from their bytes. What is empty is absent; what is not what it must be is a fault that
// names the column and, where that is safe to show, the value.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

typealias FieldBytes = UnsafeBufferPointer<UInt8>

extension TableReader {
    private func name(_ slot: Int) -> String { kind.columns[slot].name }

    /// A field as it may stand in a message: short, and without control characters.
    private func shown(_ field: FieldBytes) -> String {
        let text = String(decoding: field.prefix(40), as: UTF8.self)
        let safe = String(text.map { $0.unicodeScalars.contains { $0.value < 32 || $0.value == 127 } ? "?" : $0 })
        return field.count > 40 ? "'\(safe)...'" : "'\(safe)'"
    }

    private func fault(_ slot: Int, _ field: FieldBytes, _ rule: String) -> RowFault {
        RowFault(reason: "\(name(slot)) is \(shown(field)), it must be \(rule)")
    }

    private func absent(_ slot: Int) -> RowFault { RowFault(reason: "\(name(slot)) is missing") }

    /// A number that names something.
    func identifier(_ slot: Int) throws(RowFault) -> UInt64 {
        guard let field = field(slot) else { throw absent(slot) }
        guard let value = wholeNumber(field) else { throw fault(slot, field, "a whole number of at most 19 digits") }
        return value
    }

    /// A whole number from 0 up that its type can hold; nil where absent.
    func whole<Number: FixedWidthInteger>(_ slot: Int, _: Number.Type = Number.self) throws(RowFault) -> Number? {
        guard let field = field(slot) else { return nil }
        guard let value = wholeNumber(field), value <= UInt64(Number.max) else {
            throw fault(slot, field, "a whole number from 0 to \(Number.max)")
        }
        return Number(value)
    }

    /// A number; nil where absent.
    func decimal(_ slot: Int) throws(RowFault) -> Float? {
        guard let field = field(slot) else { return nil }
        guard let value = decimalNumber(field) else { throw fault(slot, field, "a number") }
        return value
    }

    /// True or false; nil where absent.
    func flag(_ slot: Int) throws(RowFault) -> Bool? {
        guard let field = field(slot) else { return nil }
        if field.count == 1 && field[0] & 0xFE == UInt8(ascii: "0") { return field[0] == UInt8(ascii: "1") }
        if equals(field, lowercase: "true") { return true }
        if equals(field, lowercase: "false") { return false }
        throw fault(slot, field, "true, false, 1 or 0")
    }

    /// A moment; nil where absent.
    func time(_ slot: Int) throws(RowFault) -> Timestamp? {
        guard let field = field(slot) else { return nil }
        guard let value = TimeText.timestamp(field) else {
            throw fault(slot, field, "a time such as 2012-04-02T18:30:00Z, or milliseconds since 1970")
        }
        return value
    }

    /// UTF-8 of at most `bytesMax` bytes; nil where absent.
    func text(_ slot: Int, bytesMax: Int) throws(RowFault) -> String? {
        guard let field = field(slot) else { return nil }
        guard field.count <= bytesMax, let text = String(validating: field, as: UTF8.self) else {
            throw RowFault(reason: "\(name(slot)) is not a text of at most \(bytesMax) bytes of UTF-8")
        }
        return text
    }

    /// One number for each word of a vocabulary, dense or sparse; empty where absent.
    func vector(_ slot: Int, _ vocabulary: Vocabulary) throws(RowFault) -> [Float] {
        guard let field = field(slot) else { return [] }
        var parts = WeightList(field)
        var values: [Float] = []
        var isSparse: Bool?
        var isGiven: [Bool] = []
        while let part = parts.next() {
            guard let weight = decimalNumber(part.weight), isSparse != (part.key == nil) else {
                throw RowFault(reason: "\(name(slot)) is not a list of numbers: entry \(shown(part.weight))")
            }
            if let key = part.key {
                guard let index = vocabulary.index(of: key) else {
                    throw RowFault(reason: "\(name(slot)) names \(shown(key)), which is no word of its vocabulary")
                }
                if isSparse == nil {
                    values = [Float](repeating: 0, count: vocabulary.count)
                    isGiven = [Bool](repeating: false, count: vocabulary.count)
                }
                if isGiven[index] { throw RowFault(reason: "\(name(slot)) names \(shown(key)) twice") }
                isGiven[index] = true
                values[index] = weight
            } else {
                values.append(weight)
            }
            isSparse = part.key != nil
        }
        guard values.isEmpty || values.count == vocabulary.count else {
            throw RowFault(reason: "\(name(slot)) has \(values.count) numbers, it must have \(vocabulary.count)")
        }
        return values
    }

    /// Pairs of a number and its weight; empty where absent.
    func weights(_ slot: Int) throws(RowFault) -> [AreaFrequency] {
        guard let field = field(slot) else { return [] }
        var parts = WeightList(field)
        var areas: [AreaFrequency] = []
        while let part = parts.next() {
            guard let key = part.key, let number = wholeNumber(key), let weight = decimalNumber(part.weight),
                let neighborhood = UInt16(exactly: number)
            else {
                throw RowFault(reason: "\(name(slot)) is not a list of number:weight; entry \(shown(part.weight))")
            }
            areas.append(AreaFrequency(neighborhood: neighborhood, weight: weight))
        }
        return areas
    }
}

/// The words of a vector column, found by name or index.
struct Vocabulary: Sendable {
    let count: Int
    private let indices: [String: Int]

    init(_ words: [String]) {
        count = words.count
        indices = Dictionary(uniqueKeysWithValues: zip(words, words.indices))
    }

    func index(of key: FieldBytes) -> Int? {
        if let number = wholeNumber(key) { return number < UInt64(count) ? Int(number) : nil }
        return indices[String(decoding: key, as: UTF8.self)]
    }

    static let categories = Vocabulary(Taxonomy.categories)
    static let fineTags = Vocabulary(Taxonomy.fineTags)
    static let vibes = Vocabulary(Taxonomy.vibes)
}

/// Walks over `1;2`, `[1, 2]`, `a:1;b:2` and `{"a": 1, "b": 2}`.
private struct WeightList {
    private var rest: FieldBytes

    init(_ field: FieldBytes) {
        let inner = trimmed(field, space: isBlank)
        let first = inner.first ?? 0
        let isBracketed = first == UInt8(ascii: "[") || first == UInt8(ascii: "{")
        // An opening bracket without its closing one is left standing, where no number begins with it.
        let closing = first &+ 2
        rest = isBracketed && inner.count > 1 && inner.last == closing ? slice(inner, 1..<inner.count - 1) : inner
        rest = trimmed(rest, space: isBlank)
    }

    /// The next entry, its key and weight without blanks and quotes.
    mutating func next() -> (key: FieldBytes?, weight: FieldBytes)? {
        if rest.isEmpty { return nil }
        var colon: Int?
        var stop = 0
        while stop < rest.count && rest[stop] != UInt8(ascii: ";") && rest[stop] != UInt8(ascii: ",") {
            if rest[stop] == UInt8(ascii: ":") && colon == nil { colon = stop }
            stop += 1
        }
        let entry = slice(rest, 0..<stop)
        rest = slice(rest, min(stop + 1, rest.count)..<rest.count)
        guard let colon else { return (nil, trimmed(entry, space: isBlank)) }
        let key = trimmed(slice(entry, 0..<colon)) { isBlank($0) || $0 == UInt8(ascii: "\"") }
        return (key, trimmed(slice(entry, colon + 1..<entry.count), space: isBlank))
    }
}

private func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 }

private func slice(_ field: FieldBytes, _ range: Range<Int>) -> FieldBytes {
    FieldBytes(rebasing: field[range])
}

private func trimmed(_ field: FieldBytes, space: (UInt8) -> Bool) -> FieldBytes {
    var (first, last) = (0, field.count)
    while first < last && space(field[first]) { first += 1 }
    while last > first && space(field[last - 1]) { last -= 1 }
    return slice(field, first..<last)
}

/// True where the letters are those of `word`, in either case.
private func equals(_ field: FieldBytes, lowercase word: StaticString) -> Bool {
    guard field.count == word.utf8CodeUnitCount else { return false }
    for index in 0..<field.count where field[index] | 0x20 != word.utf8Start[index] { return false }
    return true
}

/// Digits, at most 19; behind them ".0" is allowed, since tables with gaps are often written so.
func wholeNumber(_ field: FieldBytes) -> UInt64? {
    let digitsMax = 19  // always below 2^64
    var value: UInt64 = 0
    var index = 0
    while index < field.count {
        let digit = field[index] &- 48
        if digit > 9 { break }
        value = value &* 10 &+ UInt64(digit)
        index += 1
        if index > digitsMax { return nil }
    }
    if index == 0 { return nil }
    if index == field.count { return value }
    guard field.count - index > 1, field[index] == UInt8(ascii: ".") else { return nil }
    for rest in index + 1..<field.count where field[rest] != 48 { return nil }
    return value
}

private let powersOfTen: [Double] = (0...22).map { exponent in (0..<exponent).reduce(1.0) { value, _ in value * 10 } }

/// A number such as -0.25 or 1e-3, the nearest float; nil for anything else, also for NaN and infinity.
func decimalNumber(_ field: FieldBytes) -> Float? {
    var index = 0
    var isNegative = false
    if index < field.count && (field[index] == UInt8(ascii: "-") || field[index] == UInt8(ascii: "+")) {
        isNegative = field[index] == UInt8(ascii: "-")
        index += 1
    }
    var (mantissa, digits, fraction): (UInt64, Int, Int) = (0, 0, 0)
    var isBehindPoint = false
    while index < field.count {
        let digit = field[index] &- 48
        if digit <= 9 {
            if digits < 19 { mantissa = mantissa &* 10 &+ UInt64(digit) }
            digits += 1
            if isBehindPoint { fraction += 1 }
        } else if field[index] == UInt8(ascii: ".") && !isBehindPoint {
            isBehindPoint = true
        } else {
            break
        }
        index += 1
    }
    if digits == 0 { return nil }
    if index < field.count || digits > 15 || fraction > 22 { return slowDecimal(field, from: index) }
    // Below 2^53 both are exact, so the quotient is the nearest double. Rounding that once more to a float is
    // wrong only where the double lies halfway between two floats or below the normal ones.
    let value = Double(mantissa) / powersOfTen[fraction]
    if value.bitPattern & 0x1FFF_FFFF == 0x1000_0000 || (value < 0x1p-126 && value != 0) {
        return slowDecimal(field, from: index)
    }
    return Float(isNegative ? -value : value)
}

/// Numbers with an exponent or many digits. All before `exponent` has been checked.
private func slowDecimal(_ field: FieldBytes, from exponent: Int) -> Float? {
    var index = exponent
    if index < field.count {
        guard field[index] | 0x20 == UInt8(ascii: "e") else { return nil }
        index += 1
        if index < field.count && (field[index] == UInt8(ascii: "-") || field[index] == UInt8(ascii: "+")) {
            index += 1
        }
        guard index < field.count, field[index...].allSatisfy({ $0 &- 48 <= 9 }) else { return nil }
    }
    return field.count <= 64 ? Float(String(decoding: field, as: UTF8.self)) : nil
}
