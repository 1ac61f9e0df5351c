// The vectors of records as bytes. A vector is empty or of its taxonomy's size; it begins with one form byte:
//
//   255         unknown: the empty vector
//   254         dense: every entry f32
//   0...100     sparse: that many (index u8, value f32), indices ascending, the other entries are zero
//
// A writer takes the shorter form, so that a place with one tag costs 6 bytes and not 400.

import Basics

private let unknownForm: UInt8 = 255
private let denseForm: UInt8 = 254

extension ByteWriter {
    /// A vector that is empty or `size` long, in the shorter of its forms. Bits are kept, -0 and NaN too.
    mutating func put(vector values: [Float], size: Int) {
        precondition(values.isEmpty || values.count == size, "a vector of \(size) entries or none")
        if values.isEmpty { return put(unknownForm) }
        var nonZero = 0
        for value in values where value.bitPattern != 0 { nonZero += 1 }
        if nonZero * 5 >= size * 4 {
            put(denseForm)
            for value in values { put(value) }
            return
        }
        put(UInt8(nonZero))
        for (index, value) in values.enumerated() where value.bitPattern != 0 {
            put(UInt8(index))
            put(value)
        }
    }
}

extension ByteReader {
    /// A vector of `size` entries, or an empty one.
    mutating func getVector(size: Int) throws(ByteError) -> [Float] {
        let form: UInt8 = try get()
        if form == unknownForm { return [] }
        var values = [Float](repeating: 0, count: size)
        if form == denseForm {
            for index in 0..<size { values[index] = try getFloat() }
            return values
        }
        guard form <= size else { throw .invalid("\(form) entries in a vector of \(size)") }
        var next = 0
        for _ in 0..<form {
            let index = Int(try get(UInt8.self))
            guard index >= next, index < size else { throw .invalid("entry \(index) in a vector of \(size)") }
            values[index] = try getFloat()
            next = index + 1
        }
        return values
    }
}
