import Basics
import Graph
import Learn
import Testing
import World

@testable import Plans

/// Reasons are true: a record that never had the named feature makes the whole model, all messages included, give a
/// lower score.
@Suite struct ReasonTests {
    private static let trained = TrainedCity()

    @Test func withoutTheNamedFeatureThePlaceScoresLower() throws {
        let trained = Self.trained
        let head = PlaceHead(configuration: trained.configuration, weights: trained.weights)
        var named = 0
        for person in stride(from: 0, to: 60, by: 6) {
            let asker = try #require(trained.city.asker(trained.graph.people[person]))
            for choice in trained.city.recommend([PlaceAsk(asker: asker, count: 3)])[0] {
                let row = try #require(trained.graph.localPlace(choice.place))
                for reason in choice.reasons {
                    #expect(reason.effect > 0 && reason.text.hasSuffix("."))
                    for feature in reason.features {
                        var place = try #require(trained.places.first { $0.id == choice.place })
                        try remove(feature, reason.kind, from: &place)
                        let changed = try trained.embeddings(with: .place(place))
                        let score = head.scores(
                            person: changed.person(person).span, places: [row], embeddings: changed, wish: .anything,
                            features: [])[0]
                        #expect(score < choice.score, "\(reason) of \(choice.place) for \(person)")
                        named += 1
                    }
                }
            }
        }
        #expect(named > 20, "\(named)")
    }

    private func remove(_ feature: String, _ kind: Reason.Kind, from place: inout Place) throws {
        switch kind {
        case .tags: place.fineTags = without(try #require(Taxonomy.fineTags.firstIndex(of: feature)), place.fineTags)
        case .categories: place.categories[try #require(Taxonomy.categories.firstIndex(of: feature))] = 0
        case .neighborhood: place.neighborhood = 0
        default: Issue.record("a place has no \(kind)")
        }
    }

    private func without(_ index: Int, _ shares: [Float]) -> [Float] {
        var rest = shares
        rest[index] = 0
        let sum = rest.reduce(0, +)
        return sum > 0 ? rest.map { $0 / sum } : rest
    }

    @Test func withoutTheNamedFeatureThePersonScoresLower() throws {
        let trained = Self.trained
        let head = FriendHead(configuration: trained.configuration, weights: trained.weights)
        let context = FriendContext.vector(slot: nil, shareCity: true, width: trained.configuration.contextDimensions)
        var named = 0
        for person in stride(from: 0, to: 60, by: 10) {
            let asker = try #require(trained.city.asker(trained.graph.people[person]))
            for choice in trained.city.recommend([PeopleAsk(asker: asker, count: 3)])[0] {
                let row = Int(try #require(trained.graph.localPerson(choice.person)))
                for reason in choice.reasons {
                    for feature in reason.features {
                        var other = try #require(trained.people.first { $0.id == choice.person })
                        switch reason.kind {
                        case .tags:
                            let index = try #require(Taxonomy.fineTags.firstIndex(of: feature))
                            other.finePreference = without(index, other.finePreference)
                        case .categories:
                            let index = try #require(Taxonomy.categories.firstIndex(of: feature))
                            other.categoryPreference = without(index, other.categoryPreference)
                        case .vibes:
                            let index = try #require(Taxonomy.vibes.firstIndex(of: feature))
                            other.vibePreference = without(index, other.vibePreference)
                        default: other.homeNeighborhood = 0
                        }
                        let changed = try trained.embeddings(with: .person(other))
                        let score = head.scores(
                            person: changed.person(person).span, others: changed.people.span, rows: [row],
                            contexts: context)[0]
                        #expect(score.combined(alpha: 0.5) < choice.score, "\(reason) of \(choice.person)")
                        named += 1
                    }
                }
            }
        }
        #expect(named > 10, "\(named)")
    }

    @Test func theStrongestAreNamedFirstAndAtMostThree() {
        let found = [
            Finding(kind: .tags, feature: 2, effect: 0.5), Finding(kind: .tags, feature: 1, effect: 0.75),
            Finding(kind: .tags, feature: 0, effect: 0.25), Finding(kind: .categories, feature: 3, effect: 2),
            Finding(kind: .neighborhood, feature: 12, effect: 0.5), Finding(kind: .vibes, feature: 5, effect: 0.125),
        ]
        let reasons = Reason.strongest(found, for: .person)
        #expect(reasons.map(\.kind) == [.categories, .tags, .neighborhood])
        #expect(reasons.map(\.effect) == [2, 1.25, 0.5])
        #expect(reasons[1].features == ["bouldering", "techno"])
        #expect(reasons[1].text == "You both like bouldering and techno.")
        #expect(reasons[2].text == "You are both often in neighborhood 12.")
    }
}
