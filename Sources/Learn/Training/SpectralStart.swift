// Where places' own embeddings start. Drawn at random they need thousands of steps to say which places resemble each
// other; the visits say it at once. A place starts at its row of V, see `SpectralFilter`; and since a person starts
// as the mean of the places they visited, so does their ranking near that filter's.

import Basics
import Linalg

private let rounds = 10

/// [places, dimensions], rows of mean square length 1. Costs what its filter costs. Serial; the same random gives the
/// same start.
func spectralStart(_ visits: DistinctVisits, dimensions d: Int, random: SeededRandom) -> [Float] {
    let filter = SpectralFilter(
        InteractionGraph(visits.lists), dimensions: d, rounds: rounds, random: random, pool: ComputePool(threads: 1))
    let length = (Float(visits.visitors.count) / Float(d)).squareRoot()
    return filter.items.map { $0 * length }
}
