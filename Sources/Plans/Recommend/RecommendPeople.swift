// People for people: candidates among the city's residents by inner product, then the friend head on all of them
// (specification 001, 6.4). Nobody is recommended to themselves, nor anybody whom they have blocked.

package import Basics
import Graph
import Learn
import Nearest
import World

/// Whom somebody wants to meet.
package struct PeopleAsk: Sendable {
    package var asker: Asker
    /// A place to go to together, as a row of `place(_:)`.
    package var place: Int?
    /// Something to do together: fine tags.
    package var tags: [Int]
    /// A time slot, 0..<6.
    package var slot: Int?
    /// Who must not come up.
    package var blocked: [PersonID]
    /// How much it counts that two get on, against that they come: 0...1.
    package var alpha: Float
    /// How many answers at most.
    package var count: Int

    package init(
        asker: Asker, place: Int? = nil, tags: [Int] = [], slot: Int? = nil, blocked: [PersonID] = [],
        alpha: Float = 0.5, count: Int
    ) {
        precondition((0...1).contains(alpha), "a share is in 0...1")
        (self.asker, self.place, self.tags, self.slot) = (asker, place, tags, slot)
        (self.blocked, self.alpha, self.count) = (blocked, alpha, count)
    }
}

/// A recommended person.
package struct PersonChoice: Sendable {
    package let person: PersonID
    /// alpha · compatible + (1 - alpha) · attends
    package let score: Float
    /// A logit.
    package let compatible: Float
    /// The probability that they come when invited together.
    package let attends: Float
    package let reasons: [Reason]
}

/// See RecommendPlaces.swift.
private let alone = ComputePool(threads: 1)

extension ServingCity {
    /// The row of a place to go to; nil when this city has no such place.
    package func place(_ place: PlaceID) -> Int? { placeRow(place) }

    /// The best people for each, best first; the model must judge pairs of people. An answer does not depend on who
    /// else is asked for.
    package func recommend(_ asks: [PeopleAsk]) -> [[PersonChoice]] {
        let queries = asks.flatMap { $0.asker.embedding.prefix(embeddings.networkColumns) }
        let found = peopleIndex.search(
            queries: queries.span, count: Self.candidates,
            excluding: { ask in
                let rows = asks[ask].blocked.compactMap { personRow($0) } + (asks[ask].asker.row.map { [$0] } ?? [])
                return Set(rows.map { UInt32($0) }).sorted()
            }, keeping: { _ in residents }, pool: alone)
        return zip(asks, found).map { ask, candidates in best(candidates.map { Int($0.row) }, for: ask) }
    }

    private func best(_ candidates: [Int], for ask: PeopleAsk) -> [PersonChoice] {
        guard let friendHead, let encoder else {
            preconditionFailure("a model that judges no pairs was asked for them")
        }
        let together = context(of: ask)
        func judge(_ others: [Float], _ rows: [Int]) -> [FriendScore] {
            friendHead.scores(
                person: ask.asker.embedding.span, others: others.span, rows: rows,
                contexts: Array(repeatElement(together, count: rows.count).joined()))
        }
        let judged = judge(embeddings.people, candidates)
        let scores = judged.map { $0.combined(alpha: ask.alpha) }
        let order = ranking(scores, rows: candidates).prefix(ask.count)
        let people = order.map { candidates[$0] }
        let shared = people.map { removals(from: personFeatures($0), row: $0, for: ask.asker) }
        let changed = ChangedRows(
            shared, embeddings: people.map { embeddings.person($0) }, features: people.map { readableFeatures($0) },
            apply: { $0.applied(toPerson: &$1) }, encode: { encodedPeople($0, encoder) })
        let without = judge(changed.rows, Array(0..<shared.reduce(0) { $0 + $1.count })).map {
            $0.combined(alpha: ask.alpha)
        }
        let least = leastEffect(of: scores)
        var next = 0
        return zip(order, shared).map { index, removals in
            var found: [Finding] = []
            for removal in removals {
                let effect = scores[index] - without[next]
                next += 1
                if effect >= least {
                    found.append(Finding(kind: removal.kind, feature: removal.feature, effect: effect))
                }
            }
            if found.isEmpty { found = general(scores[index], middle: judge(middlePerson, [0])[0], alpha: ask.alpha) }
            return PersonChoice(
                person: personID(candidates[index]), score: scores[index], compatible: judged[index].compatible,
                attends: judged[index].attends, reasons: Reason.strongest(found, for: .person))
        }
    }

    private func context(of ask: PeopleAsk) -> [Float] {
        var categories: [Float] = []
        if let place = ask.place {
            categories = Array(placeFeatures(place).dropFirst(PlaceColumns.categories.lowerBound).prefix(6))
        } else if !ask.tags.isEmpty {
            categories = [Float](repeating: 0, count: PlaceColumns.categories.count)
            for tag in ask.tags { categories[Taxonomy.category(ofFineTag: tag)] += 1 }
        }
        return FriendContext.vector(
            slot: ask.slot, categories: categories, shareCity: !ask.asker.isAway, width: contextDimensions)
    }

    /// What the asker and somebody have in common, and might be why.
    private func removals(from features: ArraySlice<Float>, row: Int, for asker: Asker) -> [Removal] {
        let own = asker.features[...]
        func shared(_ kind: Reason.Kind, _ columns: Range<Int>, _ count: Int) -> [Removal] {
            common(own, columns, features, columns, count: count).map { Removal(kind: kind, feature: $0) }
        }
        var removals = shared(.tags, PersonColumns.fineTags, 3) + shared(.vibes, PersonColumns.vibes, 2)
        removals += shared(.categories, PersonColumns.categories, 2)
        let home = Int(features[features.startIndex + PersonColumns.neighborhood])
        if home != 0, asker.areas[home, default: 0] >= Self.oftenShare {
            removals.append(Removal(kind: .neighborhood, feature: home))
        }
        return removals
    }

    /// Where no feature of theirs decides: what they have of their own, against the middle person of the city.
    private func general(_ score: Float, middle: FriendScore, alpha: Float) -> [Finding] {
        let effect = score - middle.combined(alpha: alpha)
        return effect > 0 ? [Finding(kind: .similarity, feature: 0, effect: effect)] : []
    }
}
