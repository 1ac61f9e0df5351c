// The rules that several kinds of records share, with the record's name for the message. A name is put
// together only when a rule is broken: validation of a valid row allocates nothing.

import Basics

/// The rules that several records share, with the record's name for the message.
struct Rules {
    private let kind: StaticString
    private let number: UInt64
    private let link: StaticString
    private let other: UInt64?

    /// A record named by one number, as `place 9`.
    init(_ kind: StaticString, _ number: UInt64) {
        self.kind = kind
        self.number = number
        link = ""
        other = nil
    }

    /// A record named by two numbers, as `visit of person 1 to place 9`.
    init(_ kind: StaticString, _ number: UInt64, _ link: StaticString, _ other: UInt64) {
        self.kind = kind
        self.number = number
        self.link = link
        self.other = other
    }

    func broken(_ field: String, _ value: some CustomStringConvertible, _ rule: String) -> ValidationError {
        let record = other.map { "\(kind) \(number) \(link) \($0)" } ?? "\(kind) \(number)"
        return ValidationError(record: record, field: field, value: value.description, rule: "it \(rule)")
    }

    func size(_ field: String, _ count: Int, _ size: Int) throws(ValidationError) {
        guard count == 0 || count == size else {
            throw broken(field, "\(count) long", "has \(size) entries or none")
        }
    }

    /// Empty, or `size` entries from 0 up that sum to one.
    func distribution(_ field: String, _ values: [Float], size: Int) throws(ValidationError) {
        try self.size(field, values.count, size)
        if values.isEmpty { return }
        var total = 0.0
        for (index, value) in values.enumerated() {
            guard value.isFinite, value >= 0 else {
                throw broken("\(field)[\(index)]", value, "is a finite number from 0 up")
            }
            total += Double(value)
        }
        guard abs(total - 1) < RecordLimits.sumTolerance else {
            throw broken("sum of \(field)", total, "is 1 within \(RecordLimits.sumTolerance)")
        }
    }

    func atLeastZero(_ field: String, _ value: Float) throws(ValidationError) {
        guard value.isFinite, value >= 0 else { throw broken(field, value, "is a finite number from 0 up") }
    }

    func share(_ field: @autoclosure () -> String, _ value: Float) throws(ValidationError) {
        guard value >= 0, value <= 1 else { throw broken(field(), value, "is 0...1") }
    }

    /// A number that counts from 0 and stays below `end`.
    func below(_ end: Int, _ field: String, _ value: UInt8) throws(ValidationError) {
        guard value < end else { throw broken(field, value, "is 0...\(end - 1)") }
    }

    func time(_ field: String, _ value: Timestamp) throws(ValidationError) {
        guard RecordLimits.times.contains(value.milliseconds) else {
            throw broken(field, value.milliseconds, "is in milliseconds between 1970 and 2100")
        }
    }

    func pair(_ first: PersonID, _ second: PersonID) throws(ValidationError) {
        guard first < second else {
            throw broken("second", second, "is greater than first: each pair is stored once")
        }
    }
}
