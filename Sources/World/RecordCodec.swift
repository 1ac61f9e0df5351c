// Records as bytes: on the wire, in the store. Little-endian, no padding, no alignment.
//
//   person      1, id u64, home city u32, home neighbourhood u16, categories V, fine tags V, vibes V,
//               areas: count u16, then (neighbourhood u16, weight f32) each; five f32: sessions per
//               week, views, likes and saves per session, attends per month
//   place       2, id u64, city u32, neighbourhood u16, categories V, fine tags V, price band u8,
//               typical slot u8, popularity known u8 (0 or 1), then if known four f32: base, daily
//               visits, conversion rate, novelty
//   visit       3, person u64, place u64, time i64, flags u8 (bit 0 attended, bit 1 signals follow),
//               then if so: dwell f32, likes u16, saves u16, shares u16
//   friendship  4, first u64, second u64, interest overlap f32, co-attendance u32, shared f32
//
// V is a vector of one of the taxonomy's sizes: one form byte, then
//
//   255         unknown: the empty vector
//   254         dense: every entry f32
//   0...100     sparse: that many (index u8, value f32), indices ascending, the other entries are zero
//
// A writer takes the shorter form, so that a place with one tag costs 6 bytes and not 400. Reading
// checks every count, index and flag; it does not judge values (that is validation's part).

package import Basics

extension Record {
    /// The kind byte that a record starts with.
    private enum Kind: UInt8 {
        case person = 1
        case place = 2
        case visit = 3
        case friendship = 4
    }

    /// What a visit starts with.
    static let visitKind = Kind.visit.rawValue

    /// Appends this record. Its vectors must be empty or of their taxonomy's size.
    package func encode(into writer: inout ByteWriter) {
        switch self {
        case .person(let person):
            writer.put(Kind.person.rawValue)
            person.encode(into: &writer)
        case .place(let place):
            writer.put(Kind.place.rawValue)
            place.encode(into: &writer)
        case .visit(let visit):
            writer.put(Kind.visit.rawValue)
            visit.encode(into: &writer)
        case .friendship(let friendship):
            writer.put(Kind.friendship.rawValue)
            friendship.encode(into: &writer)
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
        case nil: throw .invalid("record kind \(kind)")
        }
    }
}

extension Person {
    fileprivate func encode(into writer: inout ByteWriter) {
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

    fileprivate init(from reader: inout ByteReader) throws(ByteError) {
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
    fileprivate func encode(into writer: inout ByteWriter) {
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

    fileprivate init(from reader: inout ByteReader) throws(ByteError) {
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

    fileprivate func encode(into writer: inout ByteWriter) {
        // One piece: this is most of what an import encodes.
        let key = (person.number.littleEndian, place.number.littleEndian, time.milliseconds.littleEndian)
        withUnsafeBytes(of: key) { writer.put(raw: $0) }
        writer.put((attended ? Self.attendedFlag : 0) | (hasSignals ? Self.signalsFlag : 0))
        guard hasSignals else { return }
        writer.put(dwellSeconds)
        writer.put(likes)
        writer.put(saves)
        writer.put(shares)
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
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.put(first.number)
        writer.put(second.number)
        writer.put(interestOverlap)
        writer.put(coAttendance)
        writer.put(sharedNeighborhoods)
    }

    fileprivate init(from reader: inout ByteReader) throws(ByteError) {
        self.init(
            first: PersonID(try reader.get()), second: PersonID(try reader.get()),
            interestOverlap: try reader.getFloat(), coAttendance: try reader.get(),
            sharedNeighborhoods: try reader.getFloat())
    }
}

private let unknownForm: UInt8 = 255
private let denseForm: UInt8 = 254

extension ByteWriter {
    /// A vector that is empty or `size` long, in the shorter of its forms. Bits are kept, -0 and NaN too.
    fileprivate mutating func put(vector values: [Float], size: Int) {
        precondition(values.isEmpty || values.count == size, "a vector of \(size) entries or none")
        if values.isEmpty { return put(unknownForm) }
        var nonZero = 0
        for value in values where value.bitPattern != 0 { nonZero += 1 }
        if nonZero * 5 >= size * 4 {
            put(denseForm)
            for value in values { put(value) }
            return
        }
        put(UInt8(nonZero))
        for (index, value) in values.enumerated() where value.bitPattern != 0 {
            put(UInt8(index))
            put(value)
        }
    }
}

extension ByteReader {
    /// A vector of `size` entries, or an empty one.
    fileprivate mutating func getVector(size: Int) throws(ByteError) -> [Float] {
        let form: UInt8 = try get()
        if form == unknownForm { return [] }
        var values = [Float](repeating: 0, count: size)
        if form == denseForm {
            for index in 0..<size { values[index] = try getFloat() }
            return values
        }
        guard form <= size else { throw .invalid("\(form) entries in a vector of \(size)") }
        var next = 0
        for _ in 0..<form {
            let index = Int(try get(UInt8.self))
            guard index >= next, index < size else { throw .invalid("entry \(index) in a vector of \(size)") }
            values[index] = try getFloat()
            next = index + 1
        }
        return values
    }
}
