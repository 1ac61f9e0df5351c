// What is known of an invitation before it is answered: how the place suits what the person likes, how the slot suits
// both, and who asks. All of it comes from the records and visits of the city's graph.

package import Basics
package import Graph
import World

/// Columns of an invitation's features. Those that an explanation names have words in `InvitationColumns.words`.
package enum InvitationColumns {
    package static let bias = 0
    /// How much the person likes what the place is, as it is and bent at three levels: joy saturates.
    package static let liking = 1
    package static let likingBends = 2..<5
    /// What the place's part of town and the crowd add.
    package static let setting = 5
    /// 1 in the slot the place is made for.
    package static let slotOfPlace = 6
    /// log of how much more than others at such places the person goes out in the slot.
    package static let slotOfPerson = 7
    /// log(1 + visits to the place).
    package static let returning = 8
    /// 1 when a friend asks, and what the friendship says: overlap, co-attendance, shared neighborhoods; likeness of
    /// revealed tastes.
    package static let friend = 9
    package static let friendship = 10..<13
    package static let friendLikeness = 13
    package static let count = 14
}

/// Everything about a city that invitations are described by. Immutable.
package struct InvitationFeatures: Sendable {
    private let graph: CityGraph
    package let profiles: TasteProfiles
    /// log lift of each slot, [people, 6].
    private let slots: [Float]

    /// Likings at which joy is half, for the three bends.
    private static let bends: [Float] = [2, 3.5, 5]

    /// Of invitations of those people for whom `isWanted` says so, and by them; nil means all. O(wanted · places) for
    /// the tastes, see `TasteProfiles`.
    package init(_ graph: CityGraph, for isWanted: [Bool]? = nil, pool: ComputePool) {
        self.graph = graph
        profiles = TasteProfiles(graph, for: isWanted, pool: pool)
        slots = Self.lifts(graph)
    }

    /// A person's visits fall into slots because of the places they like and because of their habits. What places of
    /// the same kind see on the mean is taken out, and what is left, drawn towards one by a few visits, is habit.
    private static func lifts(_ graph: CityGraph) -> [Float] {
        let count = TimeSlot.count
        var usual = [Float](repeating: 1, count: count * count)
        for place in graph.places.indices {
            let visits = Float(graph.placeOffsets[place + 1] - graph.placeOffsets[place])
            for slot in 0..<count {
                usual[graph.typicalSlot(of: place) * count + slot] += visits * graph.placeSlots[place * count + slot]
            }
        }
        for kind in 0..<count {
            let sum = usual[kind * count..<(kind + 1) * count].reduce(0, +)
            for slot in 0..<count { usual[kind * count + slot] /= sum }
        }
        let shrink: Float = 4
        var lifts = [Float](repeating: 0, count: graph.people.count * count)
        for person in graph.people.indices {
            let visits = Int(graph.visitOffsets[person])..<Int(graph.visitOffsets[person + 1])
            var expected = [Float](repeating: 0, count: count)
            for visit in visits {
                let kind = graph.typicalSlot(of: Int(graph.visitPlaces[visit]))
                for slot in 0..<count { expected[slot] += usual[kind * count + slot] }
            }
            for slot in 0..<count {
                let seen = Float(visits.count) * graph.personSlots[person * count + slot]
                let mean = shrink / Float(count)
                lifts[person * count + slot] = Float(logarithm(Double((seen + mean) / (expected[slot] + mean))))
            }
        }
        return lifts
    }

    /// Writes the features of an invitation into `row`. People and places are local; `friend` is an edge of the
    /// person's friends, nil when nobody in particular asks. O(tags of the place + visits of the person).
    package func write(person: Int, place: Int, slot: Int, friend edge: Int?, into row: inout [Float]) {
        typealias Columns = InvitationColumns
        precondition(row.count == Columns.count, "a row of features")
        let liking = profiles.liking(person, place)
        row[Columns.bias] = 1
        row[Columns.liking] = liking / 5
        for (column, bend) in zip(Columns.likingBends, Self.bends) {
            row[column] = 1 / (1 + exponential(bend - liking))
        }
        row[Columns.setting] = profiles.setting(person, place)
        row[Columns.slotOfPlace] = graph.typicalSlot(of: place) == slot ? 1 : 0
        row[Columns.slotOfPerson] = slots[person * TimeSlot.count + slot]
        var returns: Float = 0
        for visit in Int(graph.visitOffsets[person])..<Int(graph.visitOffsets[person + 1])
        where Int(graph.visitPlaces[visit]) == place {
            returns += 1
        }
        row[Columns.returning] = returns == 0 ? 0 : Float(logarithm(Double(1 + returns)))
        for column in Columns.friend..<Columns.count { row[column] = 0 }
        guard let edge else { return }
        row[Columns.friend] = 1
        for (column, feature) in zip(Columns.friendship, 0...) {
            row[column] = graph.socialFeatures[edge * FriendshipColumns.count + feature]
        }
        row[Columns.friendLikeness] = profiles.likeness(person, Int(graph.socialNeighbors[edge]))
    }
}

extension CityGraph {
    /// The slot a place is made for.
    package func typicalSlot(of place: Int) -> Int {
        Int(placeFeatures[place * PlaceColumns.count + PlaceColumns.typicalSlot])
    }
}
