// Where own embeddings start. Drawn at random they need tens of thousands of steps to say who resembles whom; the
// visits say it at once. A person starts at their direction in N·V and a place at its row of V times D_p^1/2, see
// `SpectralFilter`; their inner product is that filter's score.

import Basics
import Linalg

struct SpectralStart {
    /// [people, dimensions]
    private(set) var people: [Float]
    /// [places, dimensions]
    private(set) var places: [Float]
    /// How much of a visited place's part stands in a person's row, see `part(ofPlaceWithVisitors:)`.
    private(set) var shares: [Float]

    private static let rounds = 10
    /// Length of a person's row; with the places' it makes the filter's scores as long as the biases' range.
    private static let scale: Float = 2
    /// Added to a place's visitors, so that a place with few is not shouted down.
    private static let visitorsFloor: Float = 10

    /// Costs what its filter costs. Serial; the same random gives the same start.
    init(_ visits: DistinctVisits, dimensions d: Int, random: SeededRandom) {
        let filter = SpectralFilter(
            InteractionGraph(visits.lists), dimensions: d, rounds: Self.rounds, random: random,
            pool: ComputePool(threads: 1))
        var (rows, basis) = (filter.users, filter.items)
        shares = (0..<visits.people).map { person in
            let count = visits.row(person).count
            let factor = Self.resize(&rows, person * d..<(person + 1) * d)
            return count == 0 ? 0 : factor / Float(count).squareRoot()
        }
        for (place, count) in visits.visitors.enumerated() {
            let length = Self.scale * (Float(count) + Self.visitorsFloor).squareRoot()
            for index in place * d..<(place + 1) * d { basis[index] *= length }
        }
        (people, places) = (rows, basis)
    }

    /// Gives a row its length; answers what it was multiplied with.
    private static func resize(_ values: inout [Float], _ row: Range<Int>) -> Float {
        let vector = Array(values[row])
        let length = dot(vector.span, vector.span).squareRoot()
        if length < 1e-6 { return 0 }
        for index in row { values[index] *= scale / length }
        return scale / length
    }

    /// A person's row is the sum, over the places they visited, of share(person) · part(place) · row(place).
    static func part(ofPlaceWithVisitors count: UInt32) -> Float {
        count == 0 ? 0 : 1 / (scale * (Float(count) * (Float(count) + visitorsFloor)).squareRoot())
    }
}
