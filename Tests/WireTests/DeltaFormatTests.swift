import Basics
import Testing

@testable import Wire

@Suite struct DeltaFormatTests {
    /// Deltas as trainings have them, and whatever else a float can be.
    private func values(_ seed: UInt64) -> [Float] {
        var random = SeededRandom(seed: seed)
        return (0..<257).map { _ in Float(random.uniform() - 0.5) * 0.02 } + [0, -0.0, 1, 65_504, -3.0e-5]
    }

    @Test func wholeFloatsComeBackBitForBit() throws {
        let values: [Float] = [1, -0.0, .infinity, .leastNonzeroMagnitude, .nan]
        let read = try #require(DeltaFormat.float32.unpacked(DeltaFormat.float32.packed(values)))
        #expect(read.map(\.bitPattern) == values.map(\.bitPattern))
    }

    @Test func halvesAreTheNearestThereAre() throws {
        for (format, precision) in [(DeltaFormat.bfloat16, Float(1) / 256), (.float16, 1 / 2048)] {
            let values = values(3)
            let bytes = format.packed(values)
            #expect(bytes.count == 2 * values.count)
            let read = try #require(format.unpacked(bytes))
            // Below its normal range a half has the same step everywhere.
            for (value, half) in zip(values, read) {
                #expect(abs(half - value) <= abs(value) * precision + 3e-8, "\(format) \(value)")
            }
            #expect(format.packed(read) == bytes, "a half is not its own nearest")
        }
    }

    @Test func tiesGoToTheEvenHalf() {
        // 1 + 2^-8 lies between two bfloat16; 1 + 3 · 2^-8 as well.
        #expect(DeltaFormat.bfloat16.packed([1 + 1 / 256]) == [0x80, 0x3F])
        #expect(DeltaFormat.bfloat16.packed([1 + 3 / 256]) == [0x82, 0x3F])
    }

    @Test func whatIsNoNumberStaysNone() throws {
        let odd: [Float] = [.nan, .infinity, Float(bitPattern: 0x7FFF_FFFF), Float(bitPattern: 0x7F80_0001)]
        for format in DeltaFormat.allCases {
            let read = try #require(format.unpacked(format.packed(odd)))
            #expect(read.map(\.isFinite) == [false, false, false, false])
            #expect(read.map(\.isNaN) == [true, false, true, true])
        }
    }

    @Test func oddBytesAreNoNumbers() {
        #expect(DeltaFormat.bfloat16.unpacked([1]) == nil)
        #expect(DeltaFormat.float32.unpacked([1, 2]) == nil)
    }
}
