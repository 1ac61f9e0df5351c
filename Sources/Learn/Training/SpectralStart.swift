// Where own embeddings start. Drawn at random they need tens of thousands of steps to say who resembles whom; the
// visits say it at once. Let N = D_u^-1/2 · R · D_p^-1/2 be the normalized visit matrix and V the span of its largest
// right singular vectors: N·V·Vᵀ·D_p^1/2 is the ideal low-pass filter, which alone ranks better than popularity
// (Shen et al., "How powerful is graph convolution for recommendation?", CIKM 2021, section 4). So a person starts at
// their direction in N·V and a place at its row of V times D_p^1/2; their inner product is the filter's score.
//
// Only the span matters, not its axes, so plain subspace iteration is enough: multiply, make orthonormal, repeat.

import Basics
import Linalg

struct SpectralStart {
    /// [people, dimensions]
    private(set) var people: [Float]
    /// [places, dimensions]
    private(set) var places: [Float]
    /// How much of a visited place's part stands in a person's row, see `part(ofPlaceWithVisitors:)`.
    private(set) var shares: [Float]

    private static let iterations = 10
    /// Length of a person's row; with the places' it makes the filter's scores as long as the biases' range.
    private static let scale: Float = 2
    /// Added to a place's visitors, so that a place with few is not shouted down.
    private static let visitorsFloor: Float = 10

    /// O(iterations · dimensions · (visits + dimensions · places)). Serial; the same random gives the same start.
    init(_ visits: DistinctVisits, dimensions d: Int, random: SeededRandom) {
        var random = random
        let personScales = (0..<visits.people).map { Self.inverseRoot(visits.row($0).count) }
        let placeScales = visits.visitors.map { Self.inverseRoot(Int($0)) }
        var rows = [Float](repeating: 0, count: visits.people * d)
        var basis = (0..<placeScales.count * d).map { _ in Float(random.normal()) }
        makeOrthonormal(&basis, columns: d)
        for _ in 0..<Self.iterations {
            Self.spread(basis, to: &rows, visits, personScales, placeScales, d)
            Self.collect(rows, to: &basis, visits, personScales, placeScales, d)
            makeOrthonormal(&basis, columns: d)
        }
        Self.spread(basis, to: &rows, visits, personScales, placeScales, d)
        shares = (0..<visits.people).map { person in
            Self.resize(&rows, person * d..<(person + 1) * d) * personScales[person]
        }
        for (place, count) in visits.visitors.enumerated() {
            let length = Self.scale * (Float(count) + Self.visitorsFloor).squareRoot()
            for index in place * d..<(place + 1) * d { basis[index] *= length }
        }
        (people, places) = (rows, basis)
    }

    private static func inverseRoot(_ count: Int) -> Float { count == 0 ? 0 : 1 / Float(count).squareRoot() }

    /// people = N · places
    private static func spread(
        _ places: [Float], to people: inout [Float], _ visits: DistinctVisits, _ personScales: [Float],
        _ placeScales: [Float], _ d: Int
    ) {
        people.withUnsafeMutableBufferPointer { people in
            people.update(repeating: 0)
            for person in personScales.indices {
                var row = UnsafeMutableBufferPointer(rebasing: people[person * d..<(person + 1) * d]).mutableSpan
                for place in visits.row(person) {
                    let start = Int(place) * d
                    addScaled(
                        places.span.extracting(start..<start + d),
                        by: personScales[person] * placeScales[Int(place)], to: &row)
                }
            }
        }
    }

    /// places = Nᵀ · people
    private static func collect(
        _ people: [Float], to places: inout [Float], _ visits: DistinctVisits, _ personScales: [Float],
        _ placeScales: [Float], _ d: Int
    ) {
        places.withUnsafeMutableBufferPointer { places in
            places.update(repeating: 0)
            for person in personScales.indices {
                let row = people.span.extracting(person * d..<(person + 1) * d)
                for place in visits.row(person) {
                    let start = Int(place) * d
                    var target = UnsafeMutableBufferPointer(rebasing: places[start..<start + d]).mutableSpan
                    addScaled(row, by: personScales[person] * placeScales[Int(place)], to: &target)
                }
            }
        }
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

/// Makes the columns of `matrix`, [rows, columns], orthonormal, in their order (modified Gram and Schmidt, twice, since
/// once loses orthogonality). A column that depends on those before it becomes zero.
func makeOrthonormal(_ matrix: inout [Float], columns: Int) {
    let rows = matrix.count / columns
    var vectors = (0..<columns).map { column in (0..<rows).map { matrix[$0 * columns + column] } }
    for column in 0..<columns {
        var vector = vectors[column]
        let before = dot(vector.span, vector.span).squareRoot()
        for _ in 0..<2 {
            for earlier in vectors[..<column] {
                let share = dot(earlier.span, vector.span)
                var span = vector.mutableSpan
                addScaled(earlier.span, by: -share, to: &span)
            }
        }
        let length = dot(vector.span, vector.span).squareRoot()
        let scale = length > 1e-4 * before && length > 0 ? 1 / length : 0
        for row in 0..<rows { vector[row] *= scale }
        vectors[column] = vector
    }
    for row in 0..<rows {
        for column in 0..<columns { matrix[row * columns + column] = vectors[column][row] }
    }
}
