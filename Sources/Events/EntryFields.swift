// The texts of entries as a reply brought them: they lie behind one another in one buffer, and an entry is a window on
// it. A batch of thousands of entries is two arrays and not tens of thousands of small ones.

/// Where a text lies in a buffer.
package struct TextPlace: Equatable, Sendable {
    package var start: UInt32
    package var end: UInt32

    package init(start: Int, end: Int) {
        self.start = UInt32(start)
        self.end = UInt32(end)
    }

    package var range: Range<Int> { Int(start)..<Int(end) }
}

/// The texts of one entry: name, value, name, value, ...
package struct EntryFields: RandomAccessCollection, Sendable {
    let bytes: [UInt8]
    private let places: [TextPlace]
    private let first: Int
    package let count: Int

    /// A window on the texts that lie at some of the places.
    package init(bytes: [UInt8], places: [TextPlace], range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= places.count, "a window beyond the texts")
        self.bytes = bytes
        self.places = places
        first = range.lowerBound
        count = range.count
    }

    package init(_ texts: [[UInt8]]) {
        var places: [TextPlace] = []
        places.reserveCapacity(texts.count)
        var bytes: [UInt8] = []
        for text in texts {
            places.append(TextPlace(start: bytes.count, end: bytes.count + text.count))
            bytes += text
        }
        self.init(bytes: bytes, places: places, range: 0..<places.count)
    }

    package var startIndex: Int { 0 }
    package var endIndex: Int { count }

    package subscript(index: Int) -> ArraySlice<UInt8> { bytes[place(index)] }

    /// Where in `bytes` a text lies.
    func place(_ index: Int) -> Range<Int> {
        precondition(index >= 0 && index < count, "a text beyond the last")
        return places[first + index].range
    }

    /// Whether the bytes at a place are these.
    func holds(_ word: StaticString, at place: Range<Int>) -> Bool {
        guard place.count == word.utf8CodeUnitCount else { return false }
        let letters = UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
        for (offset, letter) in letters.enumerated() where bytes[place.lowerBound + offset] != letter { return false }
        return true
    }
}

/// The number that some bytes write with digits and nothing else, below 2^64; nil: they do not.
package func decimal(_ bytes: [UInt8], in place: Range<Int>) -> UInt64? {
    guard (1...20).contains(place.count) else { return nil }
    var number: UInt64 = 0
    for index in place {
        let digit = bytes[index] &- UInt8(ascii: "0")
        guard digit < 10 else { return nil }
        // Nineteen digits fit whatever they are.
        if index - place.lowerBound < 19 {
            number = number &* 10 &+ UInt64(digit)
            continue
        }
        let (product, isOver) = number.multipliedReportingOverflow(by: 10)
        let (sum, isBeyond) = product.addingReportingOverflow(UInt64(digit))
        if isOver || isBeyond { return nil }
        number = sum
    }
    return number
}
