// Where places' own embeddings start. Drawn at random they need thousands of steps to say which places resemble each
// other; the visits say it at once. Let N = D_u^-1/2 · R · D_p^-1/2 be the normalized visit matrix and V the span of its
// largest right singular vectors: N·V·Vᵀ·D_p^1/2 is the ideal low-pass filter, which alone ranks better than popularity
// (Shen et al., "How powerful is graph convolution for recommendation?", CIKM 2021, section 4). A place starts at its row
// of V, and since a person starts as the mean of the places they visited, so does their ranking near the filter's.
//
// Only the span matters, not its axes, so plain subspace iteration is enough: multiply, make orthonormal, repeat.

import Basics
import Linalg

private let iterations = 10
/// Mean length of a place's row.
private let startLength: Float = 1

/// [places, dimensions]. O(iterations · dimensions · (visits + dimensions · places)). Serial; the same random gives the
/// same start.
func spectralStart(_ visits: DistinctVisits, dimensions d: Int, random: SeededRandom) -> [Float] {
    var random = random
    let filter = VisitFilter(visits, dimensions: d)
    var rows = [Float](repeating: 0, count: visits.people * d)
    var basis = (0..<visits.visitors.count * d).map { _ in Float(random.normal()) }
    makeOrthonormal(&basis, columns: d)
    for _ in 0..<iterations {
        filter.spread(basis, to: &rows)
        filter.collect(rows, to: &basis)
        makeOrthonormal(&basis, columns: d)
    }
    let length = startLength * (Float(visits.visitors.count) / Float(d)).squareRoot()
    for index in basis.indices { basis[index] *= length }
    return basis
}

/// N and its transpose.
private struct VisitFilter {
    let visits: DistinctVisits
    let d: Int
    let personScales: [Float]
    let placeScales: [Float]

    init(_ visits: DistinctVisits, dimensions: Int) {
        (self.visits, d) = (visits, dimensions)
        personScales = (0..<visits.people).map { Self.inverseRoot(visits.row($0).count) }
        placeScales = visits.visitors.map { Self.inverseRoot(Int($0)) }
    }

    private static func inverseRoot(_ count: Int) -> Float { count == 0 ? 0 : 1 / Float(count).squareRoot() }

    /// people = N · places
    func spread(_ places: [Float], to people: inout [Float]) {
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
    func collect(_ people: [Float], to places: inout [Float]) {
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
