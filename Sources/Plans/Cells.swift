// A cell is a venue in a time slot: where and when a plan could be. Its demand is the number of people
// expected to accept if all were asked. There are six cells per place and most are hopeless; the sieve keeps a few
// hundred by demand, a venue's second-best slot at half its demand, so that one crowded venue does not
// fill the list.

import World

/// A venue in a time slot, and how many would accept if everybody interested were asked.
struct Cell: Equatable, Sendable {
    let place: UInt32
    let slot: Int
    let demand: Double
}

/// Demand of every cell, [places, 6]. O(interests).
func demand(_ table: InterestTable, rhythm: Rhythm, places: Int) -> [Double] {
    var demand = [Double](repeating: 0, count: places * TimeSlot.count)
    for place in 0..<UInt32(places) {
        let base = Int(place) * TimeSlot.count
        for index in table.row(place) {
            rhythm.forEachSlot(person: table.people[index], place: place) { slot, factor in
                demand[base + slot] += Double(table.strength(index, slot: slot) * factor)
            }
        }
    }
    return demand
}

/// The most promising cells, best first; ties by lower place, then lower slot. Places that fewer than two people
/// care for have none. O(places log places).
func promisingCells(_ table: InterestTable, demand: [Double], count: Int) -> [Cell] {
    var sieve: [(cell: Cell, worth: Double)] = []
    for place in 0..<UInt32(demand.count / TimeSlot.count) where table.row(place).count >= 2 {
        let base = Int(place) * TimeSlot.count
        let slots = (0..<TimeSlot.count).sorted { left, right in
            let first = demand[base + left], second = demand[base + right]
            return first != second ? first > second : left < right
        }
        var discount = 1.0
        for slot in slots {
            let cell = Cell(place: place, slot: slot, demand: demand[base + slot])
            sieve.append((cell, cell.demand * discount))
            discount *= PlanLimits.repeatedSlotDiscount
        }
    }
    sieve.sort { left, right in
        if left.worth != right.worth { return left.worth > right.worth }
        if left.cell.place != right.cell.place { return left.cell.place < right.cell.place }
        return left.cell.slot < right.cell.slot
    }
    return sieve.prefix(count).map(\.cell)
}
