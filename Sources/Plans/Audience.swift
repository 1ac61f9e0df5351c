// The people who may come to one cell, and how they move each other there. The cascade is that of the city's
// influence graph, kept to the interested and made to depend on the plan: a friend u who comes brings v with
// chance influence(u, v) * acceptance(v), so nobody is swept along to what they do not care for.

import Basics
import Graph
import Influence

/// A cell's interested people, most willing first (ties by lower person), and their influence on each other.
/// People are meant by their position in `people`, 0 the most willing.
struct Audience: Sendable {
    /// Local residents.
    let people: [UInt32]
    /// Chance that each accepts when asked.
    let acceptance: [Float]
    /// How the slot suits each, in (0, 1]: a factor of the acceptance.
    let rhythm: [Float]
    /// Backward searches over the audience, each person the root equally often.
    let sets: RRCollection

    /// Where each resident stands in `people`, -1 for those who are not in it. [residents]
    let positions: [Int32]

    /// O(interested people of the place * log + in-edges of those kept + searches).
    init(_ cell: Cell, in context: PlanningContext) {
        var ranked: [Promise] = context.table.row(cell.place).map { index in
            let person = context.table.people[index]
            let factor = context.rhythm.factor(person: person, place: cell.place, slot: cell.slot)
            return Promise(gain: Double(context.table.strength(index, slot: cell.slot) * factor), vertex: person)
        }
        ranked.sort(by: >)
        let kept = ranked.prefix(PlanLimits.audience)
        people = kept.map(\.vertex)
        acceptance = kept.map { Float($0.gain) }
        rhythm = people.map { context.rhythm.factor(person: $0, place: cell.place, slot: cell.slot) }
        var positions = [Int32](repeating: -1, count: context.graph.residents)
        for (position, person) in people.enumerated() { positions[Int(person)] = Int32(position) }
        self.positions = positions
        let place = context.graph.places[Int(cell.place)].number
        var random = SeededRandom(seed: context.options.seed).child("audience", place, UInt64(cell.slot))
        let cascade = Self.cascade(people, acceptance, positions, context.influence)
        sets = generateSets(
            cascade, count: people.count * PlanLimits.searchesPerPerson, roots: .inTurn, seed: random.next())
    }

    /// The position of a local person, nil for one who is not in the audience (halo people never are).
    func position(of person: UInt32) -> Int? {
        guard Int(person) < positions.count, positions[Int(person)] >= 0 else { return nil }
        return Int(positions[Int(person)])
    }

    private static func cascade(
        _ people: [UInt32], _ acceptance: [Float], _ positions: [Int32], _ influence: InfluenceGraph
    ) -> InfluenceGraph {
        var offsets: [UInt32] = [0]
        var sources: [UInt32] = []
        var chances: [Float] = []
        for (position, person) in people.enumerated() {
            for edge in Int(influence.offsets[Int(person)])..<Int(influence.offsets[Int(person) + 1]) {
                let friend = Int(influence.sources[edge])
                guard friend < positions.count, positions[friend] >= 0 else { continue }
                sources.append(UInt32(positions[friend]))
                chances.append(Float(influence.chance(of: edge, into: Int(person))) * acceptance[position])
            }
            offsets.append(UInt32(sources.count))
        }
        do {
            return try InfluenceGraph(offsets: offsets, sources: sources, chances: .each(chances))
        } catch {
            preconditionFailure("part of an influence graph is not one: \(error)")
        }
    }
}
