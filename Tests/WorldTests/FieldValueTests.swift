import Basics
import Testing

@testable import World

@Suite struct FieldValueTests {
    private func decimal(_ text: String) -> Float? { text.bytes { decimalNumber($0) } }
    private func whole(_ text: String) -> UInt64? { text.bytes { wholeNumber($0) } }
    private func time(_ text: String) -> Int64? { text.bytes { TimeText.timestamp($0)?.milliseconds } }

    @Test func wholeNumbersAreDigits() {
        #expect(whole("0") == 0 && whole("007") == 7 && whole("12.0") == 12 && whole("12.000") == 12)
        #expect(whole("9999999999999999999") == 9_999_999_999_999_999_999)
        for bad in ["", "-1", "+1", "1.5", "1.", ".0", "1e3", "10000000000000000000", " 1", "1 ", "0x1", "١"] {
            #expect(whole(bad) == nil, "\(bad)")
        }
    }

    @Test func decimalsAreTheNearestFloat() {
        for text in [
            "0", "-0", "1", "0.1", "-2.5", ".5", "5.", "1e-3", "1E+10", "3.4028235e38", "1e-45", "16777217",
            "0.000000000000000000000000000001", "123456789012345678901234567890", "1.00000005960464477539",
            "1.000000059604645", "7.038531e-26", "0.30000001192092896",
        ] {
            #expect(decimal(text) == Float(text), "\(text)")
        }
        var random = SeededRandom(seed: 3)
        for _ in 0..<20_000 {
            let value = Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
            guard value.isFinite else { continue }
            #expect(decimal("\(value)") == value)
        }
    }

    @Test func whatIsNoNumberIsNone() {
        for bad in [
            "", "-", ".", "nan", "NaN", "inf", "-Infinity", "1e", "1e+", "1..2", "1.2.3", "0x10", "1,5", "1 2", "--1",
        ] {
            #expect(decimal(bad) == nil, "\(bad)")
        }
    }

    @Test func timesAreReadInTheirForms() {
        let moment: Int64 = 1_333_391_400_000
        for text in [
            "2012-04-02T18:30:00Z", "2012-04-02 18:30:00", "2012-04-02T18:30", "2012-04-02T20:30:00+02:00",
            "2012-04-02T13:00:00.000-0530", "2012-04-02T19:30:00.0009+01", "1333391400000",
        ] {
            #expect(time(text) == moment, "\(text)")
        }
        #expect(time("1970-01-01") == 0 && time("2012-02-29") == 1_330_473_600_000 && time("1969-12-31") == -86_400_000)
        for bad in [
            "", "2012-13-01", "2013-02-29", "2012-04-31", "2012-04-02T24:00:00", "2012-04-02T18:30:60Z",
            "2012-04-02T18:30:00.Z", "2012-04-02T18:30:00X", "2012-04-02T", "02/04/2012", "2012-4-2",
            "2012-04-02T18:30:00+25",
        ] {
            #expect(time(bad) == nil, "\(bad)")
        }
    }

    @Test func timesAreWrittenAsTheyAreRead() {
        #expect(TimeText.text(Timestamp(milliseconds: 1_333_391_400_250)) == "2012-04-02T18:30:00.250Z")
        #expect(TimeText.text(Timestamp(milliseconds: 1_333_391_400_000)) == "2012-04-02T18:30:00Z")
        var random = SeededRandom(seed: 5)
        for _ in 0..<20_000 {
            let milliseconds = Int64(random.next() % 4_102_444_800_000) - 1_000_000_000_000
            #expect(time(TimeText.text(Timestamp(milliseconds: milliseconds))) == milliseconds)
        }
    }

    @Test func numbersAreFoundAtTheirPositions() {
        var random = SeededRandom(seed: 7)
        var index = NumberIndex()
        var twin: [UInt64: Int] = [:]
        for position in 0..<20_000 {
            // Small numbers repeat; large ones and zero must work as well.
            let key = position % 3 == 0 ? random.next() : random.next() % 5000
            #expect(index.insert(key, position) == (twin[key] == nil))
            if twin[key] == nil { twin[key] = position }
        }
        for key in 0..<6000 as Range<UInt64> { #expect(index[key] == twin[key]) }
        for (key, position) in twin { #expect(index[key] == position) }
        #expect(index.count == twin.count)
    }
}

extension String {
    fileprivate func bytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        Array(utf8).withUnsafeBufferPointer(body)
    }
}
