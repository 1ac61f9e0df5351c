import Basics
import Testing

@Suite struct ByteCursorTests {
    private func sample() -> [UInt8] {
        var writer = ByteWriter()
        writer.put(UInt16(0x0102))
        writer.putBigEndian(UInt32(0x0102_0304))
        writer.put("Köln")
        writer.put(Float(1))
        writer.put(true)
        writer.put(array: [UInt32(7), 8])
        return writer.bytes
    }

    private func read(_ bytes: [UInt8]) throws(ByteError) {
        var reader = ByteReader(bytes)
        let first: UInt16 = try reader.get()
        let second: UInt32 = try reader.getBigEndian()
        let text = try reader.getString()
        let number = try reader.getFloat()
        let flag = try reader.getBool()
        let array = try reader.getArray(of: UInt32.self)
        try reader.finish()
        #expect(first == 0x0102 && second == 0x0102_0304 && text == "Köln")
        #expect(number == 1 && flag && array == [7, 8])
    }

    @Test func goldenBytes() {
        #expect(
            sample() == [
                2, 1, 1, 2, 3, 4, 5, 0, 0, 0, 0x4B, 0xC3, 0xB6, 0x6C, 0x6E, 0, 0, 0x80, 0x3F, 1,
                2, 0, 0, 0, 7, 0, 0, 0, 8, 0, 0, 0,
            ])
    }

    @Test func whatIsWrittenIsRead() throws { try read(sample()) }

    @Test func everyTruncationIsAnError() {
        let whole = sample()
        for count in 0..<whole.count {
            #expect(throws: ByteError.self) { try read(Array(whole[..<count])) }
        }
    }

    @Test func aTailIsAnError() {
        #expect(throws: ByteError.trailing(1)) { try read(sample() + [0]) }
    }
}
