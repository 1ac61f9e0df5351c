import Basics
import Testing

@testable import Events

struct SignalTests {
    private let reading = SignalReading(city: "Bergen", arrival: 1_700_000_000_000, now: 1_700_000_000_500)

    private func read(_ words: String...) throws(SignalFault) -> Signal {
        try Signal(try SignalFields(EntryFields(words.map { Array($0.utf8) })), reading)
    }

    private func fault(_ words: [String]) -> SignalFault? {
        do throws(SignalFault) {
            _ = try Signal(try SignalFields(EntryFields(words.map { Array($0.utf8) })), reading)
            return nil
        } catch { return error }
    }

    @Test func everyKindIsRead() throws {
        let (one, two, here) = (PersonID(1), PersonID(.max), PlaceID(3))
        let most = "18446744073709551615"
        #expect(
            try read("kind", "view", "person", "1", "place", "3", "dwell", "12.5")
                == Signal(.view(one, here, dwellSeconds: 12.5), time: reading.arrival))
        #expect(
            try read("place", "3", "person", "1", "kind", "save", "time", "1600000000000").time == 1_600_000_000_000)
        #expect(try read("kind", "share", "person", most, "place", "3").deed == .share(two, here))
        #expect(try read("kind", "attend", "person", "1", "place", "3", "city", "Bergen").deed == .attend(one, here))
        #expect(try read("kind", "friend", "person", "1", "other", most).deed == .friend(one, two))
        #expect(try read("kind", "block", "person", most, "other", "1").deed == .block(two, one))
        #expect(
            try read("kind", "answer", "person", "1", "seed", "9", "answer", "declined", "id", "abc").deed
                == .answer(one, SeedID(9), .declined))
        #expect(
            try read("kind", "feedback", "person", "1", "seed", "9", "rating", "5").deed
                == .feedback(one, SeedID(9), rating: 5))
        #expect(
            try read("kind", "booking.succeeded", "seed", "9", "reference", "table é").deed
                == .booked(SeedID(9), reference: "table é"))
        #expect(
            try read("kind", "booking.failed", "seed", "9", "reason", "full").deed
                == .notBooked(SeedID(9), reason: "full"))
    }

    @Test(arguments: [
        (["kind", "sing", "person", "1", "place", "3"], SignalFault.unknownKind),
        (["person", "1", "place", "3"], .missing), (["kind", "view", "person", "1"], .missing),
        (["kind", "view", "person", "", "place", "3"], .badNumber),
        (["kind", "view", "person", "-1", "place", "3"], .badNumber),
        (["kind", "view", "person", "1e3", "place", "3"], .badNumber),
        (["kind", "view", "person", "18446744073709551616", "place", "3"], .badNumber),
        (["kind", "view", "person", "1", "place", "3", "dwell", "nan"], .badDwell),
        (["kind", "view", "person", "1", "place", "3", "dwell", "-1"], .badDwell),
        (["kind", "view", "person", "1", "place", "3", "dwell", "inf"], .badDwell),
        (["kind", "view", "person", "1", "place", "3", "time", "17"], .badTime),
        (["kind", "view", "person", "1", "place", "3", "time", "18446744073709551615"], .badTime),
        (["kind", "view", "person", "1", "place", "3", "time", "1700000300501"], .fromTheFuture),
        (["kind", "view", "person", "1", "place", "3", "city", "Oslo"], .wrongCity),
        (["kind", "view", "person", "1", "place", "3", "colour", "red"], .unknownField),
        (["kind", "view", "kind", "view"], .doubled), (["kind"], .notFlat),
        (["kind", "friend", "person", "1", "other", "1"], .samePerson),
        (["kind", "answer", "person", "1", "seed", "9", "answer", "yes"], .badAnswer),
        (["kind", "feedback", "person", "1", "seed", "9", "rating", "6"], .badRating),
        (["kind", "booking.failed", "seed", "9", "reason", "a\u{7}b"], .badText),
        (["kind", "view", "id", String(repeating: "x", count: 201), "person", "1", "place", "3"], .badText),
        (["kind", String(repeating: "x", count: 2049)], .tooLarge),
    ])
    func whatIsWrongIsRefusedByItsReason(words: [String], fault expected: SignalFault) {
        #expect(fault(words) == expected)
    }

    @Test func bytesOfAnyKindAreJudgedAndNeverTrap() {
        var random = SeededRandom(seed: 4)
        let good = ["kind", "view", "person", "1", "place", "3", "dwell", "4", "time", "1690000000000"]
        for _ in 0..<20_000 {
            var flat = good.map { Array($0.utf8) }
            for _ in 0...random.below(3) {
                let field = random.below(flat.count)
                switch random.below(4) {
                case 0: flat[field] = (0..<random.below(30)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
                case 1: flat.remove(at: field)
                case 2: flat.insert(flat[field], at: field)
                default: if !flat[field].isEmpty { flat[field][0] ^= UInt8(1) << UInt8(random.below(8)) }
                }
                if flat.isEmpty { flat.append([]) }
            }
            _ = try? Signal(try SignalFields(EntryFields(flat)), reading)
        }
    }

    @Test func aBodyOfJSONHoldsOneSignalOrMany() throws {
        let one = #"{"kind":"view","person":18446744073709551615,"place":"3","dwell":2.5}"#
        let list = try SignalFields.list(json: Array("[\(one), {\"kind\":{\"a\":1}}, 7, {}]".utf8))
        #expect(list.count == 4)
        #expect(try Signal(list[0].get(), reading).deed == .view(PersonID(.max), PlaceID(3), dwellSeconds: 2.5))
        for bad in list[1...2] { #expect(throws: SignalFault.notFlat) { try bad.get() } }
        #expect(throws: SignalFault.missing) { try Signal(list[3].get(), reading) }
        #expect(try SignalFields.list(json: Array(" \(one)".utf8)).count == 1)
        for text in ["", "no", "[", "{\"kind\":", "[[1]"] {
            #expect(throws: SignalsError.notJSON) { try SignalFields.list(json: Array(text.utf8)) }
        }
        let many = "[" + Array(repeating: "{}", count: 1001).joined(separator: ",") + "]"
        #expect(throws: SignalsError.tooMany) { try SignalFields.list(json: Array(many.utf8)) }
    }

    @Test func numbersAreDigitsBelowTwoToTheSixtyFour() {
        for text in ["0", "007", "9999999999999999999", "18446744073709551615", "00000000000000000001"] {
            #expect(decimal(Array("<\(text)>".utf8), in: 1..<1 + text.utf8.count) == UInt64(text))
        }
        for text in [
            "", "-1", "+1", "1 ", "12a", "18446744073709551616", "99999999999999999999", "000000000000000000001",
        ] {
            #expect(decimal(Array(text.utf8), in: 0..<text.utf8.count) == nil, "\(text)")
        }
        #expect(EntryID("5-12") == EntryID(milliseconds: 5, sequence: 12))
        for text in ["", "5", "-", "5-", "-5", "5-1-2", "5--2", "5-a"] { #expect(EntryID(text) == nil, "\(text)") }
    }
}
