// What one person likes, fitted to their own visits. A person's visits are draws from a softmax over the city's places,
//
//   P(p) ~ exp(s(u, p) + δ_u · x_p),
//
// where s is what the network says and x_p are the columns of `TasteColumns`. Their coefficients δ_u maximize the
// logarithm of this over all their visits, repeated ones too, minus strength / 2 · |δ_u - prior|²: a conditional logit
// for each person with a common prior (Revelt and Train, "Mixed logit with repeated choices", Review of Economics and
// Statistics 1998). The network is trained to guess at once from a part of somebody's visits; here each of them counts.
//
// It is concave, and all people of a block take the same few Newton steps, each solved by conjugate gradients with a
// diagonal preconditioner. So the work is matrix products of people, places and columns: two for every step of the
// conjugate gradients and three more for every Newton step, 2 · people · places · columns operations each, and
// 3 · 4 · 128 · places bytes a thread. Where there are more places than compete in training, an even draw competes.
// A step that makes somebody's fit worse is halved for them. Blocks do not depend on the number of threads.

import Basics
import Linalg

/// How often each person was at each place, as compressed rows.
struct VisitCounts: Sendable {
    private(set) var offsets: [UInt32] = [0]
    private(set) var places: [UInt32] = []
    private(set) var counts: [Float] = []

    var people: Int { offsets.count - 1 }

    /// `row` is the places of the next person's visits, in any order, with repeats.
    mutating func append(_ row: some Sequence<UInt32>) {
        for place in row.sorted() {
            if places.count > Int(offsets[offsets.count - 1]), places[places.count - 1] == place {
                counts[counts.count - 1] += 1
            } else {
                places.append(place)
                counts.append(1)
            }
        }
        offsets.append(UInt32(places.count))
    }

    func range(_ person: Int) -> Range<Int> { Int(offsets[person])..<Int(offsets[person + 1]) }
}

/// The problem of one city; `fit` solves it for some people.
struct TasteFit: Sendable {
    /// Newton steps, and steps of the conjugate gradients in each.
    struct Effort {
        var newton: Int
        var conjugate: Int
    }

    /// Columns of x.
    let columns: Int
    private let width: Int
    private let visits: VisitCounts
    /// All places, [places, columns]; and of those that compete the same, its squares and the network's rows.
    private let all: [Float]
    private let competing: [Float]
    private let squares: [Float]
    private let network: [Float]

    private static let peoplePerBlock = 128

    /// `columns` are x, [places, columns], and `network` the other part of the places' rows, [places, width].
    init(_ x: [Float], columns: Int, network: [Float], width: Int, visits: VisitCounts, competingMost: Int) {
        precondition(columns > 0 && x.count % columns == 0, "places have whole rows")
        let count = x.count / columns
        precondition(network.count == count * width, "every place has a row of the network's")
        (self.columns, self.width, self.visits, all) = (columns, width, visits, x)
        if count <= competingMost {
            (competing, self.network) = (x, network)
        } else {
            let drawn = (0..<competingMost).map { $0 * count / competingMost }
            competing = drawn.flatMap { x[$0 * columns..<($0 + 1) * columns] }
            self.network = drawn.flatMap { network[$0 * width..<($0 + 1) * width] }
        }
        squares = competing.map { $0 * $0 }
    }

    /// The coefficients of `people`, [people, columns], from `start` on. `rows` are the network's of all people,
    /// [people, width]; `prior` and `start` are [all people, columns], empty for zeros.
    func fit(
        _ people: [UInt32], rows: [Float], prior: [Float], start: [Float], strength: Float, effort: Effort,
        pool: ComputePool
    ) -> [Float] {
        let blocks = (people.count + Self.peoplePerBlock - 1) / Self.peoplePerBlock
        let found = pool.map(blocks, chunks: blocks) { number in
            let block = people[number * Self.peoplePerBlock..<min((number + 1) * Self.peoplePerBlock, people.count)]
            var work = TasteBlock(people: block.count, places: competing.count / columns, columns: columns)
            work.strength = strength
            for (row, person) in block.enumerated() {
                load(Int(person), to: row, &work, prior: prior, start: start)
            }
            let own = block.flatMap { rows[Int($0) * width..<(Int($0) + 1) * width] }
            work.begin(network: own, against: network, width: width, competing)
            for _ in 0..<effort.newton { work.step(competing, squares, conjugate: effort.conjugate) }
            return work.coefficients
        }
        return found.flatMap { $0 }
    }

    private func load(_ person: Int, to row: Int, _ work: inout TasteBlock, prior: [Float], start: [Float]) {
        let target = row * columns
        for visit in visits.range(person) {
            let (place, count) = (Int(visits.places[visit]), visits.counts[visit])
            work.visits[row] += count
            for column in 0..<columns { work.wanted[target + column] += count * all[place * columns + column] }
        }
        if !prior.isEmpty { work.prior.replaceSubrange(target..<target + columns, with: own(person, of: prior)) }
        if !start.isEmpty { work.coefficients.replaceSubrange(target..<target + columns, with: own(person, of: start)) }
    }

    private func own(_ person: Int, of matrix: [Float]) -> ArraySlice<Float> {
        matrix[person * columns..<(person + 1) * columns]
    }
}
