// The younger records as bytes: friend labels, gatherings, and what else may be known of a person. The
// table of all of them stands in `RecordCodec`.

package import Basics

extension Person {
    private static let ageGroupFlag: UInt8 = 1
    private static let genderFlag: UInt8 = 2

    /// What follows a person of whom an age group or a gender is known.
    func encodeDescription(into writer: inout ByteWriter) {
        writer.put((ageGroup == nil ? 0 : Self.ageGroupFlag) | (gender == nil ? 0 : Self.genderFlag))
        if let ageGroup { writer.put(ageGroup) }
        if let gender { writer.put(gender) }
    }

    mutating func readDescription(from reader: inout ByteReader) throws(ByteError) {
        let known: UInt8 = try reader.get()
        guard 1...(Self.ageGroupFlag | Self.genderFlag) ~= known else { throw .invalid("person flags \(known)") }
        if known & Self.ageGroupFlag != 0 { ageGroup = try reader.get() }
        if known & Self.genderFlag != 0 { gender = try reader.get() }
    }
}

extension FriendLabel {
    private static let compatibleFlag: UInt8 = 1
    private static let attendsFlag: UInt8 = 2

    /// Both answers in one byte: bit 0 compatible, bit 1 attends.
    package var flags: UInt8 { (isCompatible ? Self.compatibleFlag : 0) | (attends ? Self.attendsFlag : 0) }

    /// A label from its flags. Throws `invalid` for any other bit than the two.
    package init(first: PersonID, second: PersonID, flags: UInt8) throws(ByteError) {
        guard flags <= Self.compatibleFlag | Self.attendsFlag else { throw .invalid("friend label flags \(flags)") }
        self.init(
            first: first, second: second, isCompatible: flags & Self.compatibleFlag != 0,
            attends: flags & Self.attendsFlag != 0)
    }

    func encode(into writer: inout ByteWriter) {
        writer.put(first.number)
        writer.put(second.number)
        writer.put(flags)
    }

    init(from reader: inout ByteReader) throws(ByteError) {
        try self.init(
            first: PersonID(try reader.get()), second: PersonID(try reader.get()), flags: try reader.get())
    }
}

extension Gathering {
    private static let hostFlag: UInt8 = 1
    private static let endFlag: UInt8 = 2

    func encode(into writer: inout ByteWriter) {
        writer.put(id.number)
        writer.put(city.number)
        writer.put(place.number)
        writer.put(kind.rawValue)
        writer.put(status.rawValue)
        writer.put(start.milliseconds)
        writer.put(capacity)
        writer.put(priceBand)
        writer.put((host == nil ? 0 : Self.hostFlag) | (end == nil ? 0 : Self.endFlag))
        if let host { writer.put(host.number) }
        if let end { writer.put(end.milliseconds) }
        writer.put(vector: categories, size: RecordLimits.categories)
        writer.put(vector: fineTags, size: RecordLimits.fineTags)
        writer.put(title)
    }

    init(from reader: inout ByteReader) throws(ByteError) {
        let id = GatheringID(try reader.get())
        let city = CityID(try reader.get())
        let place = PlaceID(try reader.get())
        let kindNumber: UInt8 = try reader.get()
        guard let kind = Kind(rawValue: kindNumber) else { throw .invalid("gathering kind \(kindNumber)") }
        let statusNumber: UInt8 = try reader.get()
        guard let status = Status(rawValue: statusNumber) else { throw .invalid("gathering status \(statusNumber)") }
        self.init(
            id: id, city: city, place: place, kind: kind, start: Timestamp(milliseconds: try reader.get()),
            capacity: try reader.get(), priceBand: try reader.get(), status: status)
        let flags: UInt8 = try reader.get()
        guard flags <= Self.hostFlag | Self.endFlag else { throw .invalid("gathering flags \(flags)") }
        if flags & Self.hostFlag != 0 { host = PersonID(try reader.get()) }
        if flags & Self.endFlag != 0 { end = Timestamp(milliseconds: try reader.get()) }
        categories = try reader.getVector(size: RecordLimits.categories)
        fineTags = try reader.getVector(size: RecordLimits.fineTags)
        title = try reader.getString()
    }
}
