import Basics

/// The fields of a signal, as they came: name, value, name, value, ... Nothing is copied out of the entry.
package struct SignalFields: Sendable {
    fileprivate enum Name: Int, CaseIterable {
        case answer, city, dwell, id, kind, other, person, place, rating, reason, reference, seed, time
    }

    private let fields: EntryFields
    /// Which text is the value of a name; 0, which is a name's place, where there is none.
    private var values = InlineArray<13, UInt8>(repeating: 0)

    /// Errors: `doubled`, `notFlat`, `tooLarge`, `unknownField`.
    package init(_ fields: EntryFields) throws(SignalFault) {
        precondition(Name.allCases.count == values.count, "a slot for each name")
        self.fields = fields
        guard fields.count % 2 == 0 else { throw .notFlat }
        guard fields.count <= 2 * SignalLimits.fieldsMax else { throw .tooLarge }
        var bytes = 0
        for index in 0..<fields.count { bytes += fields.place(index).count }
        guard bytes <= SignalLimits.bytesMax else { throw .tooLarge }
        for index in stride(from: 0, to: fields.count, by: 2) {
            guard let name = Self.name(at: fields.place(index), in: fields) else { throw .unknownField }
            guard values[name.rawValue] == 0 else { throw .doubled }
            values[name.rawValue] = UInt8(index + 1)
        }
    }

    private static func name(at place: Range<Int>, in fields: EntryFields) -> Name? {
        func isThis(_ word: StaticString) -> Bool { fields.holds(word, at: place) }
        switch place.count {
        case 2: return isThis("id") ? .id : nil
        case 4:
            return isThis("kind")
                ? .kind : isThis("time") ? .time : isThis("seed") ? .seed : isThis("city") ? .city : nil
        case 5: return isThis("place") ? .place : isThis("dwell") ? .dwell : isThis("other") ? .other : nil
        case 6:
            return isThis("person")
                ? .person : isThis("answer") ? .answer : isThis("rating") ? .rating : isThis("reason") ? .reason : nil
        case 9: return isThis("reference") ? .reference : nil
        default: return nil
        }
    }

    fileprivate func has(_ name: Name) -> Bool { values[name.rawValue] != 0 }

    private func place(of name: Name) throws(SignalFault) -> Range<Int> {
        guard case let index = Int(values[name.rawValue]), index > 0 else { throw .missing }
        return fields.place(index)
    }

    fileprivate func bytes(_ name: Name) throws(SignalFault) -> ArraySlice<UInt8> { fields.bytes[try place(of: name)] }

    fileprivate func says(_ word: StaticString, _ name: Name) throws(SignalFault) -> Bool {
        fields.holds(word, at: try place(of: name))
    }

    /// Digits and nothing else, below 2^64.
    fileprivate func number(_ name: Name) throws(SignalFault) -> UInt64 {
        guard let number = decimal(fields.bytes, in: try place(of: name)) else { throw .badNumber }
        return number
    }

    /// Printable text of a bounded length.
    fileprivate func text(_ name: Name) throws(SignalFault) -> String {
        let bytes = try bytes(name)
        guard (1...SignalLimits.textBytesMax).contains(bytes.count),
            let text = String(validating: bytes, as: UTF8.self),
            text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F })
        else { throw .badText }
        return text
    }

    fileprivate func person(_ name: Name = .person) throws(SignalFault) -> PersonID {
        PersonID(try number(name))
    }

    fileprivate func place() throws(SignalFault) -> PlaceID { PlaceID(try number(.place)) }

    fileprivate func seed() throws(SignalFault) -> SeedID { SeedID(try number(.seed)) }

    fileprivate func pair() throws(SignalFault) -> (PersonID, PersonID) {
        let (person, other) = (try self.person(), try self.person(.other))
        guard person != other else { throw .samePerson }
        return (person, other)
    }

    fileprivate func dwell() throws(SignalFault) -> Float {
        guard has(.dwell) else { return 0 }
        let place = try place(of: .dwell)
        let seconds: Float
        if let whole = decimal(fields.bytes, in: place) {
            seconds = Float(whole)
        } else if let real = Float(String(decoding: fields.bytes[place], as: UTF8.self)) {
            seconds = real
        } else {
            throw .badDwell
        }
        guard seconds >= 0, seconds <= SignalLimits.dwellSecondsMax else { throw .badDwell }
        return seconds
    }

    fileprivate func answer() throws(SignalFault) -> AnswerWord {
        guard let answer = AnswerWord(rawValue: String(decoding: try bytes(.answer), as: UTF8.self)) else {
            throw .badAnswer
        }
        return answer
    }

    fileprivate func rating() throws(SignalFault) -> UInt8 {
        guard let rating = decimal(fields.bytes, in: try place(of: .rating)), (1...5).contains(rating) else {
            throw .badRating
        }
        return UInt8(rating)
    }

    fileprivate func time(_ reading: SignalReading) throws(SignalFault) -> Int64 {
        var time = reading.arrival
        if has(.time) {
            guard let given = decimal(fields.bytes, in: try place(of: .time)), given <= UInt64(Int64.max) else {
                throw .badTime
            }
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
        if fields.has(.city), try !fields.bytes(.city).elementsEqual(reading.city.utf8) { throw .wrongCity }
        if fields.has(.id) { _ = try fields.text(.id) }
        deed = try Self.deed(fields)
        time = try fields.time(reading)
    }

    /// The same of an entry; what is wrong with it is an answer.
    package static func read(_ fields: EntryFields, _ reading: SignalReading) -> Result<Signal, SignalFault> {
        do throws(SignalFault) { return .success(try Signal(try SignalFields(fields), reading)) } catch {
            return .failure(error)
        }
    }

    private static func deed(_ fields: SignalFields) throws(SignalFault) -> Deed {
        func isThis(_ word: StaticString) throws(SignalFault) -> Bool { try fields.says(word, .kind) }
        if try isThis("view") {
            return .view(try fields.person(), try fields.place(), dwellSeconds: try fields.dwell())
        }
        if try isThis("save") { return .save(try fields.person(), try fields.place()) }
        if try isThis("share") { return .share(try fields.person(), try fields.place()) }
        if try isThis("attend") { return .attend(try fields.person(), try fields.place()) }
        if try isThis("friend") {
            let (person, other) = try fields.pair()
            return .friend(person, other)
        }
        if try isThis("block") {
            let (person, other) = try fields.pair()
            return .block(person, other)
        }
        if try isThis("answer") { return .answer(try fields.person(), try fields.seed(), try fields.answer()) }
        if try isThis("feedback") {
            return .feedback(try fields.person(), try fields.seed(), rating: try fields.rating())
        }
        if try isThis("booking.succeeded") {
            return .booked(try fields.seed(), reference: try fields.text(.reference))
        }
        if try isThis("booking.failed") { return .notBooked(try fields.seed(), reason: try fields.text(.reason)) }
        throw .unknownKind
    }
}
