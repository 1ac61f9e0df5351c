// What people like, read from where they go. Each visit is a choice among the city's places, and choices follow a
// conditional logit (McFadden, 1974): the chance of a place is a softmax over
//
//     utility(u, p) = taste(u) · offer(p),   offer(p) = tags at length one, categories, neighborhood, log popularity
//
// The taste of a person is the most likely one under a normal prior around what their record states, so that few visits
// leave the record standing and many correct it: records leave tags out, visits do not.

package import Basics
package import Graph

/// The tastes of people of a city. Immutable.
package struct TasteProfiles: Sendable {
    /// Columns of a taste: 100 tags, 6 categories, the neighborhoods, popularity.
    private let width: Int
    private let neighborhoods: Int
    /// [people whose tastes were read, width]
    private let tastes: [Float]
    /// Each person's row of `tastes`, -1 for those whose were not read.
    private let rows: [Int32]
    private let offers: Offers

    /// What places offer, as few numbers each: offer i of place p is `columns[i]`, `weights[i]` for i in
    /// offsets[p]..<offsets[p + 1]. The first part of each, up to `middles[p]`, is what it is, the rest where it is.
    struct Offers: Sendable {
        var offsets: [Int] = [0]
        var middles: [Int] = []
        var columns: [Int32] = []
        var weights: [Float] = []
    }

    /// How much one unit of stated tag and category counts before any visit is seen, and how sure that is.
    private static let (tagPrior, categoryPrior, popularityPrior): (Float, Float, Float) = (6, 2, 0.5)
    private static let (tastePrecision, areaPrecision, popularityPrecision): (Float, Float, Float) = (0.3, 1, 50)
    private static let rounds = 40
    /// Places that a choice is set against; more are sampled evenly.
    private static let alternativesMax = 2048

    private static let categories = PlaceColumns.fineTags.count
    private static let areas = categories + PlaceColumns.categories.count

    /// Of those people for whom `isWanted` says so; nil means all. O(rounds · wanted · places compared · tags).
    package init(_ graph: CityGraph, for isWanted: [Bool]? = nil, pool: ComputePool) {
        let count =
            1
            + (graph.places.indices.map { place in
                Int(graph.placeFeatures[place * PlaceColumns.count + PlaceColumns.neighborhood])
            }.max() ?? 0)
        let width = Self.areas + count + 1
        let offers = Self.offers(graph, popularity: width - 1)
        (neighborhoods, self.width, self.offers) = (count, width, offers)
        let step = max(1, (graph.places.count + Self.alternativesMax - 1) / Self.alternativesMax)
        let alternatives = Array(stride(from: 0, to: graph.places.count, by: step))
        let wanted = graph.people.indices.filter { isWanted?[$0] ?? true }
        var rows = [Int32](repeating: -1, count: graph.people.count)
        for (row, person) in wanted.enumerated() { rows[person] = Int32(row) }
        self.rows = rows
        let fitted = pool.map(wanted.count, chunks: 64) { row in
            Self.fit(wanted[row], graph, offers, alternatives, width: width)
        }
        tastes = fitted.flatMap { $0 }
    }

    private static func offers(_ graph: CityGraph, popularity: Int) -> Offers {
        var offers = Offers()
        for place in graph.places.indices {
            let row = place * PlaceColumns.count
            let tags = PlaceColumns.fineTags.map { graph.placeFeatures[row + $0] }
            let length = tags.reduce(0) { $0 + $1 * $1 }.squareRoot()
            for (tag, weight) in tags.enumerated() where weight > 0 {
                offers.columns.append(Int32(tag))
                offers.weights.append(weight / length)
            }
            for (category, column) in PlaceColumns.categories.enumerated() where graph.placeFeatures[row + column] > 0 {
                offers.columns.append(Int32(categories + category))
                offers.weights.append(graph.placeFeatures[row + column])
            }
            offers.middles.append(offers.columns.count)
            offers.columns += [
                Int32(areas + Int(graph.placeFeatures[row + PlaceColumns.neighborhood])), Int32(popularity),
            ]
            offers.weights += [1, 5 * graph.placeFeatures[row + PlaceColumns.popularity.lowerBound]]
            offers.offsets.append(offers.columns.count)
        }
        return offers
    }

    /// The most likely taste of one person, by steps along the gradient, each column by its curvature.
    private static func fit(
        _ person: Int, _ graph: CityGraph, _ offers: Offers, _ alternatives: [Int], width: Int
    ) -> [Float] {
        var prior = [Float](repeating: 0, count: width)
        let record = person * PersonColumns.count
        let stated = PersonColumns.fineTags.map { graph.personFeatures[record + $0] }
        let length = stated.reduce(0) { $0 + $1 * $1 }.squareRoot()
        for tag in stated.indices where length > 0 { prior[tag] = tagPrior * stated[tag] / length }
        for (category, column) in PersonColumns.categories.enumerated() {
            prior[categories + category] = categoryPrior * graph.personFeatures[record + column]
        }
        prior[width - 1] = popularityPrior
        var precision = [Float](repeating: tastePrecision, count: width)
        for column in areas..<width { precision[column] = column == width - 1 ? popularityPrecision : areaPrecision }
        let visits = Int(graph.visitOffsets[person])..<Int(graph.visitOffsets[person + 1])
        if visits.isEmpty { return prior }
        var chosen = [Float](repeating: 0, count: width)
        for visit in visits {
            let place = Int(graph.visitPlaces[visit])
            for index in offers.offsets[place]..<offers.offsets[place + 1] {
                chosen[Int(offers.columns[index])] += offers.weights[index]
            }
        }
        var taste = prior
        let total = Float(visits.count)
        var (mean, square) = (chosen, chosen)
        for _ in 0..<rounds {
            moments(taste, offers, alternatives, mean: &mean, square: &square)
            for column in 0..<width {
                let gradient =
                    chosen[column] - total * mean[column] + precision[column] * (prior[column] - taste[column])
                // Where the taste so far sees no difference, the visits tell how far one may go.
                let variance = max(square[column] - mean[column] * mean[column], 0.3 * chosen[column] / total)
                // Columns go together, so each is moved less than alone.
                let step = 0.25 * gradient / (total * variance + precision[column])
                taste[column] += min(max(step, -0.5), 0.5)
            }
        }
        return taste
    }

    /// Means of the offers and of their squares under the softmax of a taste.
    private static func moments(
        _ taste: [Float], _ offers: Offers, _ alternatives: [Int], mean: inout [Float], square: inout [Float]
    ) {
        for column in mean.indices { (mean[column], square[column]) = (0, 0) }
        var utilities = alternatives.map { utility(taste[...], offers, offers.offsets[$0]..<offers.offsets[$0 + 1]) }
        let greatest = utilities.max() ?? 0
        var sum: Float = 0
        for index in utilities.indices {
            utilities[index] = exponential(utilities[index] - greatest)
            sum += utilities[index]
        }
        for (alternative, numerator) in zip(alternatives, utilities) {
            let share = numerator / sum
            if share < 1e-7 { continue }
            for index in offers.offsets[alternative]..<offers.offsets[alternative + 1] {
                let (column, weight) = (Int(offers.columns[index]), offers.weights[index])
                mean[column] += share * weight
                square[column] += share * weight * weight
            }
        }
    }

    private static func utility(_ taste: ArraySlice<Float>, _ offers: Offers, _ range: Range<Int>) -> Float {
        var sum: Float = 0
        for index in range { sum += taste[taste.startIndex + Int(offers.columns[index])] * offers.weights[index] }
        return sum
    }

    private func taste(_ person: Int) -> ArraySlice<Float> {
        precondition(rows[person] >= 0, "the taste of person \(person) was not read")
        return tastes[Int(rows[person]) * width..<(Int(rows[person]) + 1) * width]
    }

    /// How much a person likes what a place is (its tags and categories), about 0 to 10. O(tags of the place).
    package func liking(_ person: Int, _ place: Int) -> Float {
        Self.utility(taste(person), offers, offers.offsets[place]..<offers.middles[place])
    }

    /// How much where it is and the crowd add to it.
    package func setting(_ person: Int, _ place: Int) -> Float {
        Self.utility(taste(person), offers, offers.middles[place]..<offers.offsets[place + 1])
    }

    /// Cosine of the tags two people like, -1...1; 0 where nothing is known.
    package func likeness(_ one: Int, _ other: Int) -> Float {
        let tags = PlaceColumns.fineTags.count
        var (product, left, right): (Float, Float, Float) = (0, 0, 0)
        for (a, b) in zip(taste(one).prefix(tags), taste(other)) {
            product += a * b
            left += a * a
            right += b * b
        }
        return left > 0 && right > 0 ? product / (left * right).squareRoot() : 0
    }
}
