import Basics
import World

// A record as a key and a value (see `Family` for the bytes). A key is one to three numbers; it stays
// three plain integers while a block is sorted and compared, and becomes bytes at the end.

/// The key of a record: its family and the numbers that name it there, unused ones zero.
struct RecordKey: Equatable {
    let family: Family
    let first: UInt64
    let second: UInt64
    let third: UInt64

    init(_ record: Record) {
        switch record {
        case .person(let person):
            self.init(.people, person.id.number)
        case .place(let place):
            self.init(.places, place.id.number)
        case .visit(let visit):
            self.init(visit)
        case .friendship(let friendship):
            self.init(.friendships, friendship.first.number, friendship.second.number)
        case .friendLabel(let label):
            self.init(.friendLabels, label.first.number, label.second.number)
        case .gathering(let gathering):
            self.init(.gatherings, gathering.id.number)
        }
    }

    init(_ visit: Visit) {
        self.init(.visits, visit.person.number, visit.place.number, Self.biased(visit.time.milliseconds))
    }

    private init(_ family: Family, _ first: UInt64, _ second: UInt64 = 0, _ third: UInt64 = 0) {
        self.family = family
        self.first = first
        self.second = second
        self.third = third
    }

    /// Bytes of a key of a family of records.
    static func bytes(of family: Family) -> Int {
        switch family {
        case .visits: 24
        case .friendships, .friendLabels: 16
        default: 8
        }
    }

    /// A signed number as an unsigned one of the same order.
    static func biased(_ number: Int64) -> UInt64 { UInt64(bitPattern: number) ^ (1 << 63) }

    func append(to bytes: inout [UInt8]) {
        withUnsafeBytes(of: (first.bigEndian, second.bigEndian, third.bigEndian)) {
            bytes.append(contentsOf: $0.prefix(Self.bytes(of: family)))
        }
    }
}

private let attendedFlag: UInt8 = 1
private let signalsFlag: UInt8 = 2

extension Record {
    /// Appends the value under which the record is stored: what its key does not tell.
    func encodeValue(into writer: inout ByteWriter) {
        switch self {
        case .person, .place, .gathering:
            encode(into: &writer)
        case .visit(let visit):
            visit.withStoredBytes { _, value in writer.put(raw: value) }
        case .friendship(let friendship):
            writer.put(friendship.interestOverlap)
            writer.put(friendship.coAttendance)
            writer.put(friendship.sharedNeighborhoods)
        case .friendLabel(let label):
            writer.put(label.flags)
        }
    }

    /// Reads a stored record back.
    init(family: Family, key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) throws(ByteError) {
        guard key.count == RecordKey.bytes(of: family) else { throw .invalid("a key of \(key.count) bytes") }
        func number(_ index: Int) -> UInt64 {
            UInt64(bigEndian: key.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
        }
        switch family {
        case .visits:
            self = .visit(try Self.visit(key: key, value: value))
        case .friendships:
            guard value.count == 12 else { throw .invalid("a friendship of \(value.count) bytes") }
            self = .friendship(
                Friendship(
                    first: PersonID(number(0)), second: PersonID(number(1)),
                    interestOverlap: Float(bitPattern: value.little(at: 0)), coAttendance: value.little(at: 4),
                    sharedNeighborhoods: Float(bitPattern: value.little(at: 8))))
        case .friendLabels:
            guard value.count == 1 else { throw .invalid("a friend label of \(value.count) bytes") }
            self = .friendLabel(
                try FriendLabel(first: PersonID(number(0)), second: PersonID(number(1)), flags: value[0]))
        default:
            var reader = ByteReader(Array(value))
            self = try Record(from: &reader)
            try reader.finish()
            guard RecordKey(self).family == family, RecordKey(self).first == number(0) else {
                throw .invalid("another record than its key says")
            }
        }
    }

    /// Reads a stored visit back.
    static func visit(key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) throws(ByteError) -> Visit {
        guard key.count == RecordKey.bytes(of: .visits) else { throw .invalid("a key of \(key.count) bytes") }
        func number(_ index: Int) -> UInt64 {
            UInt64(bigEndian: key.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
        }
        let flags = value.first ?? .max
        guard flags <= attendedFlag | signalsFlag, value.count == (flags & signalsFlag == 0 ? 1 : 11) else {
            throw .invalid("a visit of \(value.count) bytes with flags \(flags)")
        }
        var visit = Visit(
            person: PersonID(number(0)), place: PlaceID(number(1)),
            time: Timestamp(milliseconds: Int64(bitPattern: number(2) ^ (1 << 63))),
            attended: flags & attendedFlag != 0)
        if flags & signalsFlag != 0 {
            visit.dwellSeconds = Float(bitPattern: value.little(at: 1))
            visit.likes = value.little(at: 5)
            visit.saves = value.little(at: 7)
            visit.shares = value.little(at: 9)
        }
        return visit
    }
}

extension Visit {
    /// Lends the key and the value under which the visit is stored, for the length of the call.
    func withStoredBytes<Result, Failure: Error>(
        _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let hasSignals = dwellSeconds.bitPattern != 0 || likes | saves | shares != 0
        let flags = (attended ? attendedFlag : 0) | (hasSignals ? signalsFlag : 0)
        // Key, then flags and dwell, then the counters: 24 + 5 + 6 bytes, all numbers where the table says.
        var row = (
            person.number.bigEndian, place.number.bigEndian,
            RecordKey.biased(time.milliseconds).bigEndian, UInt64(0), UInt64(0)
        )
        let head = UInt64(flags) | UInt64(dwellSeconds.bitPattern) << 8
        row.3 = (head | UInt64(likes) << 40 | UInt64(saves) << 56).littleEndian
        row.4 = (UInt64(saves) >> 8 | UInt64(shares) << 8).littleEndian
        return try withUnsafeBytes(of: row) { bytes throws(Failure) in
            try body(
                UnsafeRawBufferPointer(rebasing: bytes[..<24]),
                UnsafeRawBufferPointer(rebasing: bytes[24..<(hasSignals ? 35 : 25)]))
        }
    }
}

extension UnsafeRawBufferPointer {
    /// The little-endian number at an offset that is within bounds.
    fileprivate func little<Number: FixedWidthInteger & BitwiseCopyable>(at offset: Int) -> Number {
        Number(littleEndian: loadUnaligned(fromByteOffset: offset, as: Number.self))
    }
}
