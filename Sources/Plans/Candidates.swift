import Basics
import Influence

/// A plan that could be chosen: a cell, who starts, and whom it would gather.
struct Candidate: Equatable, Sendable {
    /// Index of the cell in the list of promising cells.
    let cell: Int
    let place: UInt32
    let slot: Int
    /// Local residents, most willing first.
    let starters: [UInt32]
    /// The same, by position in the cell's audience.
    let positions: [Int]
    let conversion: Double
    /// Local residents who may come, ascending by position in the audience.
    let people: [UInt32]
    /// Chance that each comes: conversion times the chance given that the starters said yes.
    let chances: [Float]
    /// Sum of `chances`: people gathered, in expectation.
    let gathered: Double

    init(
        cell: Int, place: UInt32, slot: Int, starters: [UInt32], positions: [Int], conversion: Double,
        people: [UInt32], chances: [Float]
    ) {
        self.cell = cell
        self.place = place
        self.slot = slot
        self.starters = starters
        self.positions = positions
        self.conversion = conversion
        self.people = people
        self.chances = chances
        gathered = chances.reduce(0) { $0 + Double($1) }
    }
}

/// The candidates of one cell: each of its starter groups with the invitations it would send if nobody had
/// any other invitation.
func candidates(_ cell: Cell, index: Int, in context: PlanningContext) -> [Candidate] {
    let audience = Audience(cell, in: context)
    return starterGroups(audience, in: context).map { group in
        let (order, _) = invitations(audience, starters: group.members, among: nil, count: context.options.invites)
        var state = InviteState(audience.sets, already: group.members.map { UInt32($0) })
        for position in order { state.invite(UInt32(position), acceptance: Double(audience.acceptance[position])) }
        var people: [UInt32] = []
        var chances: [Float] = []
        for (position, chance) in state.attendance().enumerated() where chance > 0 {
            people.append(audience.people[position])
            chances.append(Float(chance * group.conversion))
        }
        return Candidate(
            cell: index, place: cell.place, slot: cell.slot, starters: group.members.map { audience.people[$0] },
            positions: group.members, conversion: group.conversion, people: people, chances: chances)
    }
}

/// Whom to ask after the starters said yes, by position, and how many are then expected to come. Greedy over the
/// audience's sets, each person weighed by their acceptance. `among` nil means everybody but the starters.
func invitations(
    _ audience: Audience, starters: [Int], among: [Int]?, count: Int
) -> (order: [Int], turnout: Double) {
    let asked = (among ?? Array(audience.people.indices)).map { UInt32($0) }
    let already = starters.map { UInt32($0) }
    let (order, turnout) = inviteOrder(
        audience.sets, already: already, candidates: asked, acceptance: asked.map { audience.acceptance[Int($0)] },
        count: count)
    let start = turnout.isEmpty ? InviteState(audience.sets, already: already).expectedTurnout : 0
    return (order.map { Int($0) }, turnout.last ?? start)
}
