// A plan seed is the unit in which a city is planned: a venue, two or three people who start, a time slot, and
// the order in which to ask everyone else. What it proposes is its name: the same proposal under the same
// model has the same id on every machine and in every run, so that a plan made twice is known to be one plan.

package import Basics
package import World

/// A proposal to gather people at a venue in a time slot.
package struct PlanSeed: Equatable, Sendable {
    package let id: SeedID
    package let city: CityID
    package let venue: PlaceID
    /// Two or three people, the one most likely to say yes first: the order in which to ask them.
    package let starters: [PersonID]
    package let slot: TimeSlot
    /// Chance that at least two starters say yes, 0...1.
    package let conversion: Double
    /// People expected to come once the starters said yes and `invites` were asked, starters included.
    package let expectedTurnout: Double
    /// What this seed added to the city's plan when it was chosen, in people; falls from seed to seed.
    package let score: Double
    /// Whom to ask next, in this order.
    package let invites: [PersonID]

    package init(
        id: SeedID, city: CityID, venue: PlaceID, starters: [PersonID], slot: TimeSlot, conversion: Double,
        expectedTurnout: Double, score: Double, invites: [PersonID]
    ) {
        precondition(starters.count == 2 || starters.count == 3, "two or three people start a plan")
        self.id = id
        self.city = city
        self.venue = venue
        self.starters = starters
        self.slot = slot
        self.conversion = conversion
        self.expectedTurnout = expectedTurnout
        self.score = score
        self.invites = invites
    }

    /// The name of a proposal: FNV-1a, 64 bits (Fowler, Noll and Vo; offset basis 0xCBF29CE484222325, prime
    /// 0x100000001B3), over these bytes, every number little-endian:
    ///
    /// | bytes | what |
    /// | --- | --- |
    /// | 4 | city |
    /// | 8 | venue |
    /// | 1 | number of starters |
    /// | 8 each | starters, ascending |
    /// | 1 | time slot |
    /// | 8 | model version |
    package static func identify(
        city: CityID, venue: PlaceID, starters: [PersonID], slot: TimeSlot, model: ModelVersion
    ) -> SeedID {
        var writer = ByteWriter()
        writer.put(city.number)
        writer.put(venue.number)
        writer.put(UInt8(starters.count))
        for starter in starters.sorted() { writer.put(starter.number) }
        writer.put(slot.number)
        writer.put(model.number)
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in writer.bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return SeedID(hash)
    }
}

/// The stored form, every number little-endian:
///
/// | bytes | what |
/// | --- | --- |
/// | 8, 4, 8 | id, city, venue |
/// | 1 | time slot, 0..<6 |
/// | 8, 8, 8 | conversion (0...1), expected turnout, score: 64-bit floats, finite, not negative |
/// | 4, then 8 each | number of starters (2 or 3), starters |
/// | 4, then 8 each | number of invites, invites |
extension PlanSeed {
    package func encode(into writer: inout ByteWriter) {
        writer.put(id.number)
        writer.put(city.number)
        writer.put(venue.number)
        writer.put(slot.number)
        writer.put(conversion)
        writer.put(expectedTurnout)
        writer.put(score)
        writer.put(array: starters.map(\.number))
        writer.put(array: invites.map(\.number))
    }

    /// Errors: `ByteError` when bytes are missing or hold what no plan can hold.
    package init(from reader: inout ByteReader) throws(ByteError) {
        id = SeedID(try reader.get())
        city = CityID(try reader.get())
        venue = PlaceID(try reader.get())
        let number: UInt8 = try reader.get()
        guard let slot = TimeSlot(checking: number) else { throw .invalid("time slot \(number)") }
        self.slot = slot
        conversion = try Self.readAmount("conversion", from: &reader)
        guard conversion <= 1 else { throw .invalid("conversion \(conversion)") }
        expectedTurnout = try Self.readAmount("expected turnout", from: &reader)
        score = try Self.readAmount("score", from: &reader)
        starters = try reader.getArray(of: UInt64.self).map { PersonID($0) }
        guard starters.count == 2 || starters.count == 3 else { throw .invalid("\(starters.count) starters") }
        invites = try reader.getArray(of: UInt64.self).map { PersonID($0) }
    }

    private static func readAmount(_ name: String, from reader: inout ByteReader) throws(ByteError) -> Double {
        let amount = try reader.getDouble()
        guard amount.isFinite, amount >= 0 else { throw .invalid("\(name) \(amount)") }
        return amount
    }
}
