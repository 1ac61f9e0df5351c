// Places for people: candidates by inner product, hard filters inside the search, then the place head on all candidates
// of a person (specification 001, 6.3). Requests that wait share the pass over the city's places.

package import Basics
import Graph
import Learn
import Nearest

/// What somebody wants of a place.
package struct PlaceAsk: Sendable {
    package var asker: Asker
    /// Open in this time slot, 0..<6.
    package var slot: Int?
    /// Of one of these coarse categories; empty for all.
    package var categories: [Int]
    /// In the mood of these fine tags: wished for, not demanded.
    package var tags: [Int]
    /// The highest price band.
    package var priceMost: Int?
    /// Only places where they have never been.
    package var onlyNew: Bool
    /// How many answers at most.
    package var count: Int

    package init(
        asker: Asker, slot: Int? = nil, categories: [Int] = [], tags: [Int] = [], priceMost: Int? = nil,
        onlyNew: Bool = false, count: Int
    ) {
        (self.asker, self.slot, self.categories, self.tags) = (asker, slot, categories, tags)
        (self.priceMost, self.onlyNew, self.count) = (priceMost, onlyNew, count)
    }

    /// The same for the place head.
    fileprivate var wish: PlaceWish {
        func weights(_ wanted: [Int], _ count: Int) -> [Float] {
            wanted.isEmpty ? [] : (0..<count).map { wanted.contains($0) ? 1 : 0 }
        }
        return PlaceWish(
            slot: slot, categories: weights(categories, PlaceColumns.categories.count),
            tags: weights(tags, PlaceColumns.fineTags.count), isAway: asker.isAway)
    }
}

/// A recommended place.
package struct PlaceChoice: Sendable {
    package let place: PlaceID
    package let score: Float
    package let reasons: [Reason]
}

/// What a search may look at, on the thread that asks: many small searches leave nothing to share out.
private let alone = ComputePool(threads: 1)

extension ServingCity {
    /// The best places for each, best first. An answer does not depend on who else is asked for.
    package func recommend(_ asks: [PlaceAsk]) -> [[PlaceChoice]] {
        let queries = asks.flatMap(\.asker.embedding)
        let found = placeIndex.search(
            queries: queries.span, count: Self.candidates,
            excluding: { asks[$0].onlyNew ? visited(asks[$0].asker) : [] }, keeping: { filters.mask(asks[$0]) },
            pool: alone)
        return zip(asks, found).map { ask, candidates in best(candidates.map { Int($0.row) }, for: ask) }
    }

    private func visited(_ asker: Asker) -> [UInt32] {
        guard let row = asker.row, row < graph.people.count else { return [] }
        return Set(graph.visitPlaces[graph.visits(of: UInt32(row))]).sorted()
    }

    private func best(_ candidates: [Int], for ask: PlaceAsk) -> [PlaceChoice] {
        let wish = ask.wish
        let scores = placeScores(
            ask.asker, embeddings.places, rows: candidates,
            features: wish == .anything ? [] : candidates.flatMap { placeFeatures($0) }, wish: wish)
        let order = ranking(scores, rows: candidates).prefix(ask.count)
        let why = reasons(for: order.map { candidates[$0] }, scores: order.map { scores[$0] }, ask, wish, scores)
        return zip(order, why).map { index, reasons in
            PlaceChoice(place: placeID(candidates[index]), score: scores[index], reasons: reasons)
        }
    }

    /// By the head, or where there is none by inner products; `places` are whole rows, of which `rows` are meant.
    private func placeScores(
        _ asker: Asker, _ places: [Float], rows: [Int], features: [Float], wish: PlaceWish
    ) -> [Float] {
        if let placeHead {
            return placeHead.scores(
                person: asker.embedding.span, places: places.span, rows: rows, features: features, wish: wish)
        }
        return rows.map { row in
            (0..<embeddings.dimensions).reduce(Float(0)) {
                $0 + asker.embedding[$1] * places[row * embeddings.dimensions + $1]
            }
        }
    }

    private func reasons(
        for places: [Int], scores: [Float], _ ask: PlaceAsk, _ wish: PlaceWish, _ all: [Float]
    ) -> [[Reason]] {
        if places.isEmpty { return [] }
        guard let encoder else {
            return places.map { Reason.strongest(general($0, for: ask.asker), for: .place) }
        }
        let shared = places.map { removals(from: placeFeatures($0), for: ask.asker) }
        var (rows, features): ([Float], [Float]) = ([], [])
        for (place, removals) in zip(places, shared) {
            let changed = without(place, encoder)
            for removal in removals {
                changed.append(without: removal, to: &rows)
                if wish == .anything { continue }
                var own = Array(placeFeatures(place))
                removal.applied(toPlace: &own)
                features += own
            }
        }
        let without = placeScores(
            ask.asker, rows, rows: Array(0..<shared.reduce(0) { $0 + $1.count }), features: features, wish: wish)
        let least = leastEffect(of: all)
        var next = 0
        return places.indices.map { index in
            var found: [Finding] = []
            for removal in shared[index] {
                let effect = scores[index] - without[next]
                next += 1
                if effect >= least {
                    found.append(Finding(kind: removal.kind, feature: removal.feature, effect: effect))
                }
            }
            return Reason.strongest(found.isEmpty ? general(places[index], for: ask.asker) : found, for: .place)
        }
    }

    /// Rows behind the graph's may differ between copies of this city, so they are not kept.
    private func without(_ place: Int, _ encoder: FeatureEncoder) -> PlaceWithout {
        func make() -> PlaceWithout {
            PlaceWithout(Array(placeFeatures(place)), row: embeddings.place(place)) { encodedPlaces($0, encoder) }
        }
        return place < graph.places.count ? placesWithout.of(place, make) : make()
    }

    /// What the asker and a place have in common, and might be why.
    private func removals(from place: ArraySlice<Float>, for asker: Asker) -> [Removal] {
        let own = asker.features[...]
        var removals = common(own, PersonColumns.fineTags, place, PlaceColumns.fineTags, count: 3)
            .map { Removal(kind: .tags, feature: $0) }
        removals += common(own, PersonColumns.categories, place, PlaceColumns.categories, count: 2)
            .map { Removal(kind: .categories, feature: $0) }
        let neighborhood = Int(place[place.startIndex + PlaceColumns.neighborhood])
        if asker.areas[neighborhood, default: 0] >= Self.oftenShare {
            removals.append(Removal(kind: .neighborhood, feature: neighborhood))
        }
        return removals
    }

    /// Where no feature of its own decides: it is popular, or near to everything the asker does. Both are parts of the
    /// inner product, held against the city's middle place.
    private func general(_ place: Int, for asker: Asker) -> [Finding] {
        let (row, last) = (embeddings.place(place), embeddings.dimensions - 1)
        var near: Float = 0
        for column in 0..<last {
            near += asker.embedding[column] * (row[row.startIndex + column] - middlePlace[column])
        }
        let popular = asker.embedding[last] * (row[row.startIndex + last] - middlePlace[last])
        return [(Reason.Kind.similarity, near), (.popularity, popular)].filter { $0.1 > 0 }
            .map { Finding(kind: $0.0, feature: 0, effect: $0.1) }
    }
}

/// Positions by score, best first, ties by lower row.
func ranking(_ scores: [Float], rows: [Int]) -> [Int] {
    scores.indices.sorted { (scores[$0], rows[$1]) > (scores[$1], rows[$0]) }
}

/// A score that falls by less than this share of the candidates' range has not fallen for anything that deserves a
/// name, and what neighbors would hear of the difference might turn it.
func leastEffect(of scores: [Float]) -> Float {
    let range = (scores.max() ?? 0) - (scores.min() ?? 0)
    return max(0.05 * range, 1e-4)
}
