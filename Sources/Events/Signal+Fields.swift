import Basics

/// The fields of a signal, as they came: name, value, name, value, ...
package struct SignalFields {
    private static let names = [
        "answer", "city", "dwell", "id", "kind", "other", "person", "place", "rating", "reason", "reference", "seed",
        "time",
    ]

    private var values: [String: [UInt8]] = [:]

    /// Errors: `doubled`, `notFlat`, `tooLarge`, `unknownField`.
    package init(_ flat: [[UInt8]]) throws(SignalFault) {
        guard flat.count % 2 == 0 else { throw .notFlat }
        guard flat.count <= 2 * SignalLimits.fieldsMax else { throw .tooLarge }
        var bytes = 0
        for text in flat { bytes += text.count }
        guard bytes <= SignalLimits.bytesMax else { throw .tooLarge }
        values.reserveCapacity(flat.count / 2)
        for index in stride(from: 0, to: flat.count, by: 2) {
            guard let name = String(validating: flat[index], as: UTF8.self), Self.names.contains(name) else {
                throw .unknownField
            }
            guard values.updateValue(flat[index + 1], forKey: name) == nil else { throw .doubled }
        }
    }

    fileprivate func bytes(_ name: String) throws(SignalFault) -> [UInt8] {
        guard let value = values[name] else { throw .missing }
        return value
    }

    fileprivate func has(_ name: String) -> Bool { values[name] != nil }

    /// Digits and nothing else, below 2^64.
    fileprivate func number(_ name: String) throws(SignalFault) -> UInt64 {
        guard let number = Self.number(try bytes(name)) else { throw .badNumber }
        return number
    }

    private static func number(_ digits: [UInt8]) -> UInt64? {
        guard (1...20).contains(digits.count) else { return nil }
        var number: UInt64 = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            let (product, isOver) = number.multipliedReportingOverflow(by: 10)
            let (sum, isBeyond) = product.addingReportingOverflow(UInt64(digit - UInt8(ascii: "0")))
            if isOver || isBeyond { return nil }
            number = sum
        }
        return number
    }

    /// Printable text of a bounded length.
    fileprivate func text(_ name: String) throws(SignalFault) -> String {
        let bytes = try bytes(name)
        guard (1...SignalLimits.textBytesMax).contains(bytes.count),
            let text = String(validating: bytes, as: UTF8.self),
            text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F })
        else { throw .badText }
        return text
    }

    fileprivate func person(_ name: String = "person") throws(SignalFault) -> PersonID {
        PersonID(try number(name))
    }

    fileprivate func place() throws(SignalFault) -> PlaceID { PlaceID(try number("place")) }

    fileprivate func seed() throws(SignalFault) -> SeedID { SeedID(try number("seed")) }

    fileprivate func pair() throws(SignalFault) -> (PersonID, PersonID) {
        let (person, other) = (try self.person(), try self.person("other"))
        guard person != other else { throw .samePerson }
        return (person, other)
    }

    fileprivate func dwell() throws(SignalFault) -> Float {
        guard has("dwell") else { return 0 }
        guard case let text = String(decoding: try bytes("dwell"), as: UTF8.self), let seconds = Float(text),
            seconds >= 0, seconds <= SignalLimits.dwellSecondsMax
        else { throw .badDwell }
        return seconds
    }

    fileprivate func answer() throws(SignalFault) -> AnswerWord {
        guard let answer = AnswerWord(rawValue: String(decoding: try bytes("answer"), as: UTF8.self)) else {
            throw .badAnswer
        }
        return answer
    }

    fileprivate func rating() throws(SignalFault) -> UInt8 {
        guard let rating = Self.number(try bytes("rating")), (1...5).contains(rating) else { throw .badRating }
        return UInt8(rating)
    }

    fileprivate func time(_ reading: SignalReading) throws(SignalFault) -> Int64 {
        var time = reading.arrival
        if has("time") {
            guard let given = Self.number(try bytes("time")), given <= UInt64(Int64.max) else { throw .badTime }
            time = Int64(given)
        }
        guard SignalLimits.times.contains(time) else { throw .badTime }
        guard time <= reading.now + SignalLimits.aheadMillisecondsMax else { throw .fromTheFuture }
        return time
    }
}

extension Signal {
    /// Reads one signal. Whether the city knows its people, places and seeds is the city's to judge.
    package init(_ fields: SignalFields, _ reading: SignalReading) throws(SignalFault) {
        if fields.has("city"), try fields.bytes("city") != Array(reading.city.utf8) { throw .wrongCity }
        if fields.has("id") { _ = try fields.text("id") }
        deed = try Self.deed(fields)
        time = try fields.time(reading)
    }

    private static func deed(_ fields: SignalFields) throws(SignalFault) -> Deed {
        switch String(decoding: try fields.bytes("kind"), as: UTF8.self) {
        case "view": return .view(try fields.person(), try fields.place(), dwellSeconds: try fields.dwell())
        case "save": return .save(try fields.person(), try fields.place())
        case "share": return .share(try fields.person(), try fields.place())
        case "attend": return .attend(try fields.person(), try fields.place())
        case "friend":
            let (person, other) = try fields.pair()
            return .friend(person, other)
        case "block":
            let (person, other) = try fields.pair()
            return .block(person, other)
        case "answer": return .answer(try fields.person(), try fields.seed(), try fields.answer())
        case "feedback":
            return .feedback(try fields.person(), try fields.seed(), rating: try fields.rating())
        case "booking.succeeded": return .booked(try fields.seed(), reference: try fields.text("reference"))
        case "booking.failed": return .notBooked(try fields.seed(), reason: try fields.text("reason"))
        default: throw .unknownKind
        }
    }
}
