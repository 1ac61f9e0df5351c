// Records as bytes: on the wire, in the store. Little-endian, no padding, no alignment.
//
//   person        1, id u64, home city u32, home neighbourhood u16, categories V, fine tags V, vibes V,
//                 areas: count u16, then (neighbourhood u16, weight f32) each; five f32: sessions per
//                 week, views, likes and saves per session, attends per month
//   place         2, id u64, city u32, neighbourhood u16, categories V, fine tags V, price band u8,
//                 typical slot u8, popularity known u8 (0 or 1), then if known four f32: base, daily
//                 visits, conversion rate, novelty
//   visit         3, person u64, place u64, time i64, flags u8 (bit 0 attended, bit 1 signals follow),
//                 then if so: dwell f32, likes u16, saves u16, shares u16
//   friendship    4, first u64, second u64, interest overlap f32, co-attendance u32, shared f32
//   friend label  5, first u64, second u64, flags u8 (bit 0 compatible, bit 1 attends)
//   gathering     6, id u64, city u32, place u64, kind u8 (0 event, 1 gig), status u8 (0 scheduled,
//                 1 cancelled, 2 finished), start i64, capacity u32, price band u8, flags u8 (bit 0
//                 host follows, bit 1 end follows), host u64, end i64, categories V, fine tags V, title
//   person        7, as 1, then known u8 (bit 0 age group, bit 1 gender, at least one of them), then
//                 those of them that are known, a u8 each. A person of whom neither is known is a 1
//
// V is a vector of one of the taxonomy's sizes, see `VectorCodec`; a title is its length in bytes u32,
// then UTF-8. Reading checks every count, index, flag and text; it does not judge values (that is
// validation's part).

package import Basics

extension Record {
    /// The kind byte that a record starts with.
    private enum Kind: UInt8 {
        case person = 1
        case place = 2
        case visit = 3
        case friendship = 4
        case friendLabel = 5
        case gathering = 6
        case describedPerson = 7
    }

    /// What a visit starts with.
    static let visitKind = Kind.visit.rawValue

    /// Appends this record. Its vectors must be empty or of their taxonomy's size.
    package func encode(into writer: inout ByteWriter) {
        switch self {
        case .person(let person):
            let isDescribed = person.ageGroup != nil || person.gender != nil
            writer.put((isDescribed ? Kind.describedPerson : Kind.person).rawValue)
            person.encode(into: &writer)
            if isDescribed { person.encodeDescription(into: &writer) }
        case .place(let place):
            writer.put(Kind.place.rawValue)
            place.encode(into: &writer)
        case .visit(let visit):
            visit.encode(into: &writer)
        case .friendship(let friendship):
            writer.put(Kind.friendship.rawValue)
            friendship.encode(into: &writer)
        case .friendLabel(let label):
            writer.put(Kind.friendLabel.rawValue)
            label.encode(into: &writer)
        case .gathering(let gathering):
            writer.put(Kind.gathering.rawValue)
            gathering.encode(into: &writer)
        }
    }

    /// Reads one record and leaves the reader behind it.
    package init(from reader: inout ByteReader) throws(ByteError) {
        let kind: UInt8 = try reader.get()
        switch Kind(rawValue: kind) {
        case .person: self = .person(try Person(from: &reader))
        case .place: self = .place(try Place(from: &reader))
        case .visit: self = .visit(try Visit(from: &reader))
        case .friendship: self = .friendship(try Friendship(from: &reader))
        case .friendLabel: self = .friendLabel(try FriendLabel(from: &reader))
        case .gathering: self = .gathering(try Gathering(from: &reader))
        case .describedPerson:
            var person = try Person(from: &reader)
            try person.readDescription(from: &reader)
            self = .person(person)
        case nil: throw .invalid("record kind \(kind)")
        }
    }
}

extension Person {
    func encode(into writer: inout ByteWriter) {
        precondition(areaFrequencies.count <= Int(UInt16.max), "a person has at most 65,535 areas")
        writer.put(id.number)
        writer.put(homeCity.number)
        writer.put(homeNeighborhood)
        writer.put(vector: categoryPreference, size: RecordLimits.categories)
        writer.put(vector: finePreference, size: RecordLimits.fineTags)
        writer.put(vector: vibePreference, size: RecordLimits.vibes)
        writer.put(UInt16(areaFrequencies.count))
        for area in areaFrequencies {
            writer.put(area.neighborhood)
            writer.put(area.weight)
        }
        writer.put(sessionsPerWeek)
        writer.put(viewsPerSession)
        writer.put(likesPerSession)
        writer.put(savesPerSession)
        writer.put(attendsPerMonth)
    }

    init(from reader: inout ByteReader) throws(ByteError) {
        self.init(
            id: PersonID(try reader.get()), homeCity: CityID(try reader.get()), homeNeighborhood: try reader.get(),
            categoryPreference: try reader.getVector(size: RecordLimits.categories),
            finePreference: try reader.getVector(size: RecordLimits.fineTags),
            vibePreference: try reader.getVector(size: RecordLimits.vibes))
        let areas = Int(try reader.get(UInt16.self))
        let bytesPerArea = 6
        guard reader.remaining >= areas * bytesPerArea else {
            throw .truncated(need: areas * bytesPerArea, have: reader.remaining)
        }
        areaFrequencies.reserveCapacity(areas)
        for _ in 0..<areas {
            let neighborhood: UInt16 = try reader.get()
            areaFrequencies.append(AreaFrequency(neighborhood: neighborhood, weight: try reader.getFloat()))
        }
        sessionsPerWeek = try reader.getFloat()
        viewsPerSession = try reader.getFloat()
        likesPerSession = try reader.getFloat()
        savesPerSession = try reader.getFloat()
        attendsPerMonth = try reader.getFloat()
    }
}

extension Place {
    func encode(into writer: inout ByteWriter) {
        writer.put(id.number)
        writer.put(city.number)
        writer.put(neighborhood)
        writer.put(vector: categories, size: RecordLimits.categories)
        writer.put(vector: fineTags, size: RecordLimits.fineTags)
        writer.put(priceBand)
        writer.put(typicalSlot)
        writer.put(popularity != nil)
        guard let popularity else { return }
        writer.put(popularity.base)
        writer.put(popularity.dailyVisits)
        writer.put(popularity.conversionRate)
        writer.put(popularity.novelty)
    }

    init(from reader: inout ByteReader) throws(ByteError) {
        self.init(
            id: PlaceID(try reader.get()), city: CityID(try reader.get()), neighborhood: try reader.get(),
            categories: try reader.getVector(size: RecordLimits.categories),
            fineTags: try reader.getVector(size: RecordLimits.fineTags),
            priceBand: try reader.get(), typicalSlot: try reader.get())
        guard try reader.getBool() else { return }
        popularity = PlacePopularity(
            base: try reader.getFloat(), dailyVisits: try reader.getFloat(),
            conversionRate: try reader.getFloat(), novelty: try reader.getFloat())
    }
}

extension Visit {
    private static let attendedFlag: UInt8 = 1
    private static let signalsFlag: UInt8 = 2

    /// True where there is more to tell than who, where, when and whether they attended.
    private var hasSignals: Bool { dwellSeconds.bitPattern != 0 || likes != 0 || saves != 0 || shares != 0 }

    /// Appends the kind and the visit. In one piece: this is most of what an import encodes.
    func encode(into writer: inout ByteWriter) {
        var row = (UInt64(0), UInt64(0), UInt64(0), UInt64(0), UInt64(0))
        let flags = (attended ? Self.attendedFlag : 0) | (hasSignals ? Self.signalsFlag : 0)
        withUnsafeMutableBytes(of: &row) { bytes in
            bytes[0] = Record.visitKind
            bytes.storeBytes(of: person.number.littleEndian, toByteOffset: 1, as: UInt64.self)
            bytes.storeBytes(of: place.number.littleEndian, toByteOffset: 9, as: UInt64.self)
            bytes.storeBytes(of: time.milliseconds.littleEndian, toByteOffset: 17, as: Int64.self)
            bytes[25] = flags
            bytes.storeBytes(of: dwellSeconds.bitPattern.littleEndian, toByteOffset: 26, as: UInt32.self)
            bytes.storeBytes(of: likes.littleEndian, toByteOffset: 30, as: UInt16.self)
            bytes.storeBytes(of: saves.littleEndian, toByteOffset: 32, as: UInt16.self)
            bytes.storeBytes(of: shares.littleEndian, toByteOffset: 34, as: UInt16.self)
            writer.put(raw: UnsafeRawBufferPointer(rebasing: bytes[..<(hasSignals ? 36 : 26)]))
        }
    }

    init(from reader: inout ByteReader) throws(ByteError) {
        self.init(
            person: PersonID(try reader.get()), place: PlaceID(try reader.get()),
            time: Timestamp(milliseconds: try reader.get()))
        let flags: UInt8 = try reader.get()
        guard flags <= Self.attendedFlag | Self.signalsFlag else { throw .invalid("visit flags \(flags)") }
        attended = flags & Self.attendedFlag != 0
        guard flags & Self.signalsFlag != 0 else { return }
        dwellSeconds = try reader.getFloat()
        likes = try reader.get()
        saves = try reader.get()
        shares = try reader.get()
    }
}

extension Friendship {
    func encode(into writer: inout ByteWriter) {
        writer.put(first.number)
        writer.put(second.number)
        writer.put(interestOverlap)
        writer.put(coAttendance)
        writer.put(sharedNeighborhoods)
    }

    init(from reader: inout ByteReader) throws(ByteError) {
        self.init(
            first: PersonID(try reader.get()), second: PersonID(try reader.get()),
            interestOverlap: try reader.getFloat(), coAttendance: try reader.get(),
            sharedNeighborhoods: try reader.getFloat())
    }
}
