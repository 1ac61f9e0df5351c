// How bodies become bytes: fields in their order, little-endian, no names and no padding.
//
// | what        | bytes                                                          |
// | ---         | ---                                                            |
// | number, id  | its width                                                      |
// | float       | its IEEE 754 bits                                              |
// | flag        | u8, 0 or 1                                                     |
// | text, block | u32 count of bytes, the bytes (text in UTF-8)                  |
// | list        | u32 count, the elements                                        |
// | optional    | flag, then the value where the flag is 1                       |
//
// Reading never traps and never allocates more than the bytes at hand can fill.

package import Basics

/// A piece of a body: something with fields in a fixed order.
package protocol Part: Equatable, Sendable {
    func encode(into writer: inout ByteWriter)
    init(from reader: inout ByteReader) throws(ByteError)
}

/// A whole body: one type per kind of message.
package protocol Body: Part {
    static var kind: Kind { get }
}

extension ByteWriter {
    mutating func put(_ identifier: some Identifier) { put(identifier.number) }

    mutating func put(_ part: some Part) { part.encode(into: &self) }

    mutating func put(identifiers: [some Identifier]) {
        put(UInt32(identifiers.count))
        for identifier in identifiers { put(identifier) }
    }

    mutating func put(list: [some Part]) {
        put(UInt32(list.count))
        for part in list { put(part) }
    }

    mutating func put(names: [String]) {
        put(UInt32(names.count))
        for name in names { put(name) }
    }

    /// An explanation, cut at its limit between two characters.
    mutating func put(detail: String) {
        guard detail.utf8.count > WireLimits.detailBytesMax else { return put(detail) }
        var cut = ""
        var bytes = 0
        for character in detail {
            bytes += character.utf8.count
            if bytes > WireLimits.detailBytesMax - 3 { break }
            cut.append(character)
        }
        put(cut + "...")
    }
}

extension ByteReader {
    mutating func getIdentifier<Name: Identifier>(_: Name.Type = Name.self) throws(ByteError) -> Name {
        Name(try get(Name.Number.self))
    }

    mutating func getIdentifiers<Name: Identifier>(_: Name.Type = Name.self) throws(ByteError) -> [Name] {
        var names: [Name] = []
        let count = try getCount(smallest: MemoryLayout<Name.Number>.size)
        names.reserveCapacity(count)
        for _ in 0..<count { names.append(try getIdentifier()) }
        return names
    }

    /// `smallest` is the number of bytes below which no element can be: a count that cannot be true is refused
    /// before anything is reserved for it.
    mutating func getList<Element: Part>(
        _: Element.Type = Element.self, smallest: Int
    ) throws(ByteError) -> [Element] {
        var list: [Element] = []
        let count = try getCount(smallest: smallest)
        list.reserveCapacity(count)
        for _ in 0..<count { list.append(try Element(from: &self)) }
        return list
    }

    mutating func getNames() throws(ByteError) -> [String] {
        var names: [String] = []
        for _ in 0..<(try getCount(smallest: 4)) { names.append(try getName()) }
        return names
    }

    /// A name of a city, worker, build or job state. Empty is allowed here; who gives names says what it needs.
    mutating func getName() throws(ByteError) -> String {
        try getText(limit: WireLimits.nameBytesMax)
    }

    mutating func getDetail() throws(ByteError) -> String {
        try getText(limit: WireLimits.detailBytesMax)
    }

    private mutating func getText(limit: Int) throws(ByteError) -> String {
        let text = try getString()
        guard text.utf8.count <= limit else {
            throw .invalid("text of \(text.utf8.count) bytes where \(limit) are allowed")
        }
        return text
    }

    private mutating func getCount(smallest: Int) throws(ByteError) -> Int {
        let count = Int(try get(UInt32.self))
        guard count * smallest <= remaining else { throw .truncated(need: count * smallest, have: remaining) }
        return count
    }
}
