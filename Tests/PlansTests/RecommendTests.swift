import Basics
import Graph
import Learn
import Testing
import World

@testable import Plans

/// Recommendations in a made-up city with a model that has learned something of it.
@Suite struct RecommendTests {
    private static let shared = TrainedCity()
    private var trained: TrainedCity { Self.shared }
    private var city: ServingCity { Self.shared.city }

    private func asker(_ number: Int) -> Asker {
        guard let asker = city.asker(trained.graph.people[number]) else { preconditionFailure("everybody is known") }
        return asker
    }

    @Test func placesAreRankedAsScoringAllOfThemRanks() {
        let graph = trained.graph
        let asks = (0..<25).map { PlaceAsk(asker: asker($0), slot: $0 % 2 == 0 ? 2 : nil, tags: [$0], count: 7) }
        let answers = city.recommend(asks)
        for (number, ask) in asks.enumerated() {
            var tags = [Float](repeating: 0, count: 100)
            tags[number] = 1
            let open = graph.places.indices.filter { place in
                ask.slot == nil || graph.placeSlots[place * 6 + 2] > 0
                    || graph.placeFeatures[place * PlaceColumns.count + PlaceColumns.typicalSlot] == 2
            }
            let scores = PlaceHead(configuration: trained.configuration, weights: trained.weights).scores(
                person: trained.embeddings.person(number).span, places: open.map { UInt32($0) },
                embeddings: trained.embeddings, wish: PlaceWish(slot: ask.slot, tags: tags),
                features: graph.placeFeatures)
            let best = zip(open, scores).sorted { $0.1 > $1.1 }.prefix(7)
            #expect(answers[number].map(\.place) == best.map { graph.places[$0.0] })
            #expect(zip(answers[number], best).allSatisfy { abs($0.score - $1.1) < 1e-3 })
            #expect(answers[number].allSatisfy { (1...3).contains($0.reasons.count) })
        }
        for (ask, together) in zip(asks, answers) {
            #expect(city.recommend([ask])[0].map(\.place) == together.map(\.place), "alone or among others")
        }
    }

    @Test func whatIsKeptOfAPlaceIsWhatTheEncoderSays() throws {
        let encoder = try #require(city.encoder)
        var compared = 0
        for place in 0..<20 {
            let (features, own) = (Array(city.placeFeatures(place)), city.embeddings.place(place))
            let kept = PlaceWithout(features, row: own) { city.encodedPlaces($0, encoder) }
            for tag in PlaceColumns.fineTags where features[tag] != 0 {
                let removal = Removal(kind: .tags, feature: tag - PlaceColumns.fineTags.lowerBound)
                var changed = features
                changed[tag] = 0
                let (with, without) = (city.encodedPlaces(features, encoder), city.encodedPlaces(changed, encoder))
                var row: [Float] = []
                kept.append(without: removal, to: &row)
                #expect(row.count == own.count && row.last == own.last)
                for column in with.indices {
                    let expected = own[own.startIndex + column] - with[column] + without[column]
                    #expect(abs(row[column] - expected) < 1e-4)
                }
                compared += 1
            }
        }
        #expect(compared > 20)
        let asks = (0..<10).map { PlaceAsk(asker: asker($0), slot: 1, count: 10) }
        #expect(city.recommend(asks).map { $0.map(\.reasons) } == city.recommend(asks).map { $0.map(\.reasons) })
    }

    @Test func whatIsNotAskedForNeverComes() {
        let graph = trained.graph
        func feature(_ place: PlaceID, _ column: Int) -> Float {
            graph.placeFeatures[Int(graph.localPlace(place)!) * PlaceColumns.count + column]
        }
        for person in 0..<20 {
            let ask = PlaceAsk(
                asker: asker(person), categories: [1, 3], priceMost: 2, onlyNew: true, count: 100)
            let visited = Set(graph.visitPlaces[graph.visits(of: UInt32(person))].map { graph.places[Int($0)] })
            let answer = city.recommend([ask])[0]
            #expect(!answer.isEmpty)
            for choice in answer {
                let categories = PlaceColumns.categories.lowerBound
                #expect(feature(choice.place, categories + 1) > 0 || feature(choice.place, categories + 3) > 0)
                #expect(feature(choice.place, PlaceColumns.priceBand) <= 2)
                #expect(!visited.contains(choice.place))
            }
        }
    }

    @Test func nobodyMeetsThemselvesOrWhomTheyBlocked() {
        for person in 0..<20 {
            let everybody = city.recommend([PeopleAsk(asker: asker(person), count: 100)])[0]
            #expect(everybody.count == 100)
            let blocked = everybody.prefix(30).map(\.person)
            let others = city.recommend([PeopleAsk(asker: asker(person), blocked: blocked, count: 100)])[0]
            #expect(Set(others.map(\.person)).isDisjoint(with: blocked + [trained.graph.people[person]]))
            #expect(others.allSatisfy { trained.graph.localPerson($0.person)! < UInt32(trained.graph.residents) })
            #expect(others.first?.person == everybody[30].person)
        }
    }

    @Test func alphaWeighsGettingOnAgainstComing() {
        for alpha in [Float(0), 0.3, 1] {
            let ask = PeopleAsk(asker: asker(3), place: 4, slot: 1, alpha: alpha, count: 50)
            let answer = city.recommend([ask])[0]
            for choice in answer {
                #expect(abs(choice.score - (alpha * choice.compatible + (1 - alpha) * choice.attends)) < 1e-5)
                #expect((0...1).contains(choice.attends) && (1...3).contains(choice.reasons.count))
            }
            #expect(answer.map(\.score) == answer.map(\.score).sorted(by: >))
        }
        let plain = city.recommend([PeopleAsk(asker: asker(3), count: 50)])[0]
        let somewhere = city.recommend([PeopleAsk(asker: asker(3), place: 4, count: 50)])[0]
        #expect(plain.map(\.score) != somewhere.map(\.score), "a place is a context")
    }

    @Test func whoIsNewIsFoundAtOnce() {
        var city = city
        let like = trained.people[0]
        var person = like
        person.id = PersonID(900_001)
        city.append(.init(like: like, id: 900_001))
        let asker = city.asker(person.id)
        #expect(asker?.isKnown == false && asker?.isAway == false)
        let places = city.recommend([PlaceAsk(asker: asker!, count: 5)])[0]
        #expect(places.count == 5)
        let met = city.recommend([PeopleAsk(asker: self.asker(0), count: 100)])[0].map(\.person)
        let before = self.city.recommend([PeopleAsk(asker: self.asker(0), count: 100)])[0].map(\.person)
        #expect(!before.contains(person.id))
        let candidates = city.recommend([PeopleAsk(asker: self.asker(1), blocked: met, count: 100)])[0].map(\.person)
        #expect(met.contains(person.id) || candidates.contains(person.id))

        // A place like the best of all, but in a price band that nobody else of its kind has.
        let best = trained.places.first { $0.id == places[0].place }!
        var place = best
        place.id = PlaceID(900_002)
        city.append(place)
        let all = city.recommend([PlaceAsk(asker: asker!, count: 100)])[0].map(\.place)
        #expect(all.contains(place.id))
        city.append(place)
        #expect(city.recommend([PlaceAsk(asker: asker!, count: 100)])[0].map(\.place) == all, "once")
        #expect(city.recall == 0, "nobody has measured")
        city.measureRecall(pool: ComputePool(threads: 1))
        #expect(city.recall == 1)
    }

    @Test func aStrangerIsKnownByTheirRecord() {
        var record = trained.people[0]
        record.id = PersonID(900_003)
        record.homeCity = CityID(8)
        #expect(city.asker(record.id) == nil)
        let asker = city.asker(stranger: record)
        #expect(!asker.isKnown && asker.isAway)
        let answer = city.recommend([PlaceAsk(asker: asker, count: 5)])[0]
        #expect(answer.count == 5 && answer.allSatisfy { (1...3).contains($0.reasons.count) })
    }
}

extension Person {
    /// Somebody with the same record.
    fileprivate init(like other: Person, id: UInt64) {
        self = other
        self.id = PersonID(id)
    }
}
