// Bayesian personalized ranking (Rendle et al., UAI 2009), drawn as the LightGCN authors do: a user uniformly, one of
// their items uniformly, and an item they do not have.

import Basics
import Linalg

/// A user, an item they have and one they do not have, as vertices.
struct PairTriple: Equatable {
    var user: UInt32
    var wanted: UInt32
    var other: UInt32

    /// Draws `count` triples of `people`, each of whom has an item and lacks one.
    static func draw(
        _ count: Int, _ graph: InteractionGraph, _ people: [UInt32], _ random: SeededRandom
    ) -> [PairTriple] {
        var random = random
        return (0..<count).map { _ in
            let user = Int(people[random.below(people.count)])
            let items = graph.interactions.range(of: user)
            let item = graph.interactions.items[items.lowerBound + random.below(items.count)]
            var other = UInt32(random.below(graph.itemCount))
            while holds(graph.interactions[user], other) { other = UInt32(random.below(graph.itemCount)) }
            return PairTriple(
                user: graph.vertexOfUser[user], wanted: graph.vertexOfItem[Int(item)],
                other: graph.vertexOfItem[Int(other)])
        }
    }
}

/// One step's triples, as slots of the active rows.
struct PairBatch {
    /// Slots of users, wanted items and others; three of one length.
    private(set) var users: [Int] = []
    private(set) var wanted: [Int] = []
    private(set) var others: [Int] = []
    /// How often each slot is named.
    private(set) var counts: [Float] = []

    /// Triples of vertices. Adds them to `active`, which is emptied before.
    init(_ triples: [PairTriple], _ active: inout ActiveRows) {
        active.removeAll()
        for triple in triples {
            users.append(insert(triple.user, &active))
            wanted.append(insert(triple.wanted, &active))
            others.append(insert(triple.other, &active))
        }
    }

    private mutating func insert(_ vertex: UInt32, _ active: inout ActiveRows) -> Int {
        let slot = active.insert(vertex)
        if slot == counts.count { counts.append(0) }
        counts[slot] += 1
        return slot
    }

    /// The mean of softplus(other - wanted) over the batch; `gradient` becomes its gradient, row by row.
    func loss(_ results: VertexTable<Float>, into gradient: VertexTable<Float>, columns d: Int) -> Double {
        gradient.base.update(repeating: 0, count: counts.count * d)
        var (loss, difference) = (0.0, [Float](repeating: 0, count: d))
        let share = 1 / Float(users.count)
        for index in users.indices {
            let (user, one, other) = (results[users[index]], results[wanted[index]], results[others[index]])
            for column in 0..<d { difference[column] = other[column] - one[column] }
            let margin = dot(Span(_unsafeStart: UnsafePointer(user), count: d), difference.span)
            let rise = Float.exponential(-abs(margin))
            loss += Double(max(margin, 0) + Float.logOnePlus(rise))
            // The logistic function of the margin, without overflow.
            let slope = share * (margin > 0 ? 1 : rise) / (1 + rise)
            let (toUser, toOne, toOther) = (gradient[users[index]], gradient[wanted[index]], gradient[others[index]])
            for column in 0..<d {
                let part = slope * user[column]
                toUser[column] += slope * difference[column]
                toOne[column] -= part
                toOther[column] += part
            }
        }
        return loss / Double(users.count)
    }
}
