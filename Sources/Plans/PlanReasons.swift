// Why a seed is what it is: this venue, these people, this order. Every number is one that the planning itself used,
// taken where it was used, so that an explanation cannot say anything else than what moved the plan.

package import Basics
import Graph
import Influence

/// What moved the planning of one seed.
package struct PlanReasons: Equatable, Sendable {
    /// Somebody who starts.
    package struct Starter: Equatable, Sendable {
        package let person: PersonID
        /// Chance that they come when asked by nobody in particular.
        package let acceptance: Double
        /// How much smaller the seed's conversion would be if nothing tied them to the other starters.
        package let pull: Double
    }

    /// Somebody who is invited.
    package struct Guest: Equatable, Sendable {
        package let person: PersonID
        /// Chance that they come when asked by nobody in particular.
        package let acceptance: Double
        /// People whom asking them adds, in expectation, given everybody before them.
        package let gain: Double
        /// Friends among the starters and those invited before.
        package let friends: UInt32
    }

    /// People expected at the venue in the slot if everybody interested were asked.
    package let demand: Double
    /// The place of the venue and slot by demand among those looked at, 1 the greatest, and how many those were.
    package let rank: UInt32
    package let cells: UInt32
    /// In the order in which they are asked.
    package let starters: [Starter]
    package let guests: [Guest]
}

extension PlanReasons {
    /// What the planner knew when it finished a candidate. `positions` are the invited by their place in the audience.
    init(
        _ candidate: Candidate, positions: [Int], audience: Audience, cell: Cell, rank: Int, cells: Int,
        in context: PlanningContext
    ) {
        let builder = GroupBuilder(audience: audience, context: context)
        let members = candidate.positions
        let acceptance = members.map { Double(audience.acceptance[$0]) }
        starters = members.indices.map { index in
            let apart = conversion(acceptance) { later, earlier in
                later == index || earlier == index ? 0 : builder.cohesion(members[later], members[earlier])
            }
            return Starter(
                person: context.graph.people[Int(candidate.starters[index])], acceptance: acceptance[index],
                pull: candidate.conversion - apart)
        }
        var state = InviteState(audience.sets, already: members.map { UInt32($0) })
        var before = Set(candidate.starters)
        var guests: [Guest] = []
        for position in positions {
            let person = audience.people[position]
            let chance = Double(audience.acceptance[position])
            let friends = context.graph.friends(of: person).count { before.contains(context.graph.socialNeighbors[$0]) }
            guests.append(
                Guest(
                    person: context.graph.people[Int(person)], acceptance: chance,
                    gain: state.gain(UInt32(position), acceptance: chance), friends: UInt32(friends)))
            state.invite(UInt32(position), acceptance: chance)
            before.insert(person)
        }
        self.guests = guests
        (demand, self.rank, self.cells) = (cell.demand, UInt32(rank), UInt32(cells))
    }
}

/// The stored form, every number little-endian:
///
/// | bytes | what |
/// | --- | --- |
/// | 1 | format, 1 |
/// | 8, 4, 4 | demand, rank, cells |
/// | 4, then 8 + 8 + 8 each | starters: person, acceptance, pull |
/// | 4, then 8 + 8 + 8 + 4 each | guests: person, acceptance, gain, friends |
extension PlanReasons {
    private static let format: UInt8 = 1
    /// More people than any plan has.
    private static let peopleMax: UInt32 = 100_000

    package func encode(into writer: inout ByteWriter) {
        writer.put(Self.format)
        writer.put(demand)
        writer.put(rank)
        writer.put(cells)
        writer.put(UInt32(starters.count))
        for starter in starters {
            writer.put(starter.person.number)
            writer.put(starter.acceptance)
            writer.put(starter.pull)
        }
        writer.put(UInt32(guests.count))
        for guest in guests {
            writer.put(guest.person.number)
            writer.put(guest.acceptance)
            writer.put(guest.gain)
            writer.put(guest.friends)
        }
    }

    /// Errors: `ByteError` when bytes are missing or of another format.
    package init(from reader: inout ByteReader) throws(ByteError) {
        let format: UInt8 = try reader.get()
        guard format == Self.format else { throw .invalid("reasons of format \(format)") }
        demand = try reader.getDouble()
        rank = try reader.get()
        cells = try reader.get()
        var starters: [Starter] = []
        for _ in 0..<(try Self.count(&reader)) {
            starters.append(
                Starter(
                    person: PersonID(try reader.get()), acceptance: try reader.getDouble(), pull: try reader.getDouble()
                ))
        }
        var guests: [Guest] = []
        for _ in 0..<(try Self.count(&reader)) {
            guests.append(
                Guest(
                    person: PersonID(try reader.get()), acceptance: try reader.getDouble(),
                    gain: try reader.getDouble(),
                    friends: try reader.get()))
        }
        (self.starters, self.guests) = (starters, guests)
    }

    private static func count(_ reader: inout ByteReader) throws(ByteError) -> UInt32 {
        let count: UInt32 = try reader.get()
        guard count <= peopleMax else { throw .invalid("\(count) people in a plan") }
        return count
    }
}
