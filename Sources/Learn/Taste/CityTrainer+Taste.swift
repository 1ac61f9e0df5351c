// How a city's rows get the columns of `TasteColumns`, and whether they do: whatever ranks the kept-back visits best.

import Basics
import Graph

/// What was chosen for one city beside the network.
package struct TasteWeights: Sendable, Equatable {
    /// The strength of the prior that people's coefficients have; nil for no coefficients.
    package var strength: Float?
    /// What the spectrum's ranking counts.
    package var spectrum: Float = 0

    static let none = TasteWeights()

    /// What is tried, the plainest first.
    static let strengths: [Float] = [1.4, 2.8]
    static let spectrumWeights: [Float] = [6, 12, 25, 50]
}

/// The network has heard of the same visits already that people's coefficients are fitted to. In full it would count
/// them twice.
private let networkShare: Float = 0.4
private let spectrumColumns = 64

/// A city's fits with one set of visits.
struct CityTaste {
    private let graph: CityGraph
    private let network: CityEmbeddings
    private let columns: TasteColumns
    private let features: [Float]
    private let fit: TasteFit?
    private let prior: TastePrior?
    /// nil where its ranking is not asked for.
    private let spectrum: SpectralFilter?
    private let pool: ComputePool

    private static let first = TasteFit.Effort(newton: 2, conjugate: 5)
    private static let next = TasteFit.Effort(newton: 1, conjugate: 5)
    /// How often the prior is learned from the fits.
    private static let turns = 2

    /// `network` are the rows made without the `excluded` pairs, person << 32 | place. With `chosen` only these weights
    /// can be had of it.
    init(
        _ trainer: CityTrainer, _ network: CityEmbeddings, excluding excluded: Set<UInt64>, for chosen: TasteWeights?,
        pool: ComputePool
    ) {
        (graph, self.network, self.pool) = (trainer.graph, network, pool)
        columns = TasteColumns(filledBy: graph, networkScale: networkShare.squareRoot())
        features = columns.features(of: graph.placeFeatures)
        spectrum =
            chosen?.spectrum == 0
            ? nil
            : SpectralFilter(
                InteractionGraph(DistinctVisits(graph, without: excluded).lists),
                dimensions: max(1, min(spectrumColumns, graph.places.count)),
                random: trainer.seed.child("spectrum of visits", 0), pool: pool)
        guard columns.features > 0, chosen.map({ $0.strength != nil }) ?? true else {
            (fit, prior) = (nil, nil)
            return
        }
        var visits = VisitCounts()
        for person in graph.people.indices {
            let row = graph.visitPlaces[Int(graph.visitOffsets[person])..<Int(graph.visitOffsets[person + 1])]
            visits.append(row.lazy.filter { !excluded.contains(UInt64(person) << 32 | UInt64($0)) })
        }
        fit = TasteFit(
            features, columns: columns.features, network: network.places, width: network.dimensions, visits: visits,
            competingMost: trainer.configuration.candidates)
        prior = TastePrior(graph, stated: trainer.inputs.people.straight ?? trainer.inputs.people.quantities)
    }

    /// Strengths that can be tried: none where places have no features.
    var strengths: [Float] { fit == nil ? [] : TasteWeights.strengths }

    /// The network's rows with the columns that were chosen. `coefficients` are for `chosen.strength`.
    func embeddings(_ chosen: TasteWeights, coefficients: [Float]) -> CityEmbeddings {
        var columns = chosen.strength == nil ? TasteColumns() : self.columns
        let places = chosen.strength == nil ? [] : features
        if chosen.spectrum == 0 {
            return columns == .none ? network : network.widened(by: columns, people: coefficients, places: places)
        }
        guard let spectrum else { preconditionFailure("a spectrum that was not asked for") }
        let k = columns.features
        columns.spectrum = spectrum.dimensions
        let ranking = spectrum.scorer
        let users = ranking.users.map { $0 * chosen.spectrum }
        return network.widened(
            by: columns, people: Self.beside(coefficients, k, users, columns.spectrum),
            places: Self.beside(places, k, ranking.items, columns.spectrum))
    }

    private static func beside(_ left: [Float], _ k: Int, _ right: [Float], _ s: Int) -> [Float] {
        var result: [Float] = []
        result.reserveCapacity(left.count + right.count)
        for row in 0..<right.count / s {
            result += left[row * k..<(row + 1) * k]
            result += right[row * s..<(row + 1) * s]
        }
        return result
    }

    /// [people, columns]. Without `guests` theirs are what is expected of them.
    func coefficients(strength: Float, guests: Bool) -> [Float] {
        guard let fit, let prior else { preconditionFailure("there are coefficients only where places have features") }
        let k = fit.columns
        // The network counts its share in what the coefficients are fitted beside; popularity counts in full.
        var rows = network.people
        for index in rows.indices where (index + 1) % network.dimensions != 0 { rows[index] *= networkShare }
        func fitted(_ people: [UInt32], _ means: [Float], from start: [Float], _ effort: TasteFit.Effort) -> [Float] {
            fit.fit(people, rows: rows, prior: means, start: start, strength: strength, effort: effort, pool: pool)
        }
        let residents = (0..<UInt32(graph.residents)).map { $0 }
        var found = fitted(residents, [], from: [], Self.first)
        var means: [Float] = []
        for _ in 0..<Self.turns {
            means = prior.means(from: found, columns: k)
            found = fitted(residents, means, from: found, Self.next)
        }
        if graph.residents == graph.people.count { return found }
        let others = (UInt32(graph.residents)..<UInt32(graph.people.count)).map { $0 }
        return found + (guests ? fitted(others, means, from: means, Self.first) : Array(means[found.count...]))
    }
}
