import Basics

// What the durable forms share: a format number in front, so that a later program can tell what it reads.

extension ByteReader {
    mutating func checkFormat(_ expected: UInt8, of what: String) throws(ByteError) {
        let format = try get(UInt8.self)
        guard format == expected else {
            throw .invalid("\(what) in format \(format), this program reads format \(expected)")
        }
    }

    mutating func getOptional<Number: FixedWidthInteger>() throws(ByteError) -> Number? {
        try getBool() ? try get(Number.self) : nil
    }
}

extension ByteWriter {
    mutating func put<Number: FixedWidthInteger>(optional: Number?) {
        put(optional != nil)
        if let optional { put(optional) }
    }
}
