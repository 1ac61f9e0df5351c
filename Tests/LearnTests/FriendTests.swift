import Basics
import Graph
import Testing

@testable import Learn
@testable import Linalg

@Suite struct FriendTests {
    private let graph = smallCity()
    private let configuration = smallConfiguration()

    private var sampler: FriendSampler {
        FriendSampler(graph, configuration, seed: SeededRandom(seed: 4), splitSeed: 9)
    }

    @Test func crossEntropyHasTheGradientThatDifferencesShow() {
        let wrong = GradientCheck(count: 5, seed: 2).disagreements(ofLoss: { tape in
            tape.binaryLoss(tape.parameter(block(0, 5, 1)), labels: [0, 1, -1, 1, 0], weight: 0.3)
        })
        #expect(wrong == [])
    }

    @Test func crossEntropyAgreesWithItsDefinition() {
        var tape = Tape<Double>(parameterCount: 2, pool: ComputePool(threads: 1))
        (tape.parameters[0], tape.parameters[1]) = (0.3, -2)
        let loss = tape.binaryLoss(tape.parameter(block(0, 2, 1)), labels: [1, 0], weight: 1)
        let chances = [1 / (1 + Double.exponential(-0.3)), 1 / (1 + Double.exponential(2))]
        #expect(abs(loss + (Double.logOnePlus(chances[0] - 1) + Double.logOnePlus(-chances[1])) / 2) < 1e-12)
    }

    @Test func aFifthIsHeldOutAndNeverAskedInTraining() {
        var sampler = sampler
        #expect(Set(sampler.training).isDisjoint(with: sampler.heldOut))
        #expect(sampler.training.count + sampler.heldOut.count == graph.labelOutcomes.count)
        let share = Double(sampler.heldOut.count) / Double(graph.labelOutcomes.count)
        #expect(share > 0.1 && share < 0.3)
        let other = FriendSampler(graph, configuration, seed: SeededRandom(seed: 5), splitSeed: 9)
        #expect(other.heldOut == sampler.heldOut)
        let held = Set(sampler.heldOut.map { Set(graph.labelPairs[2 * Int($0)...2 * Int($0) + 1]) })
        var rows = DistinctRows()
        for step in 0..<5 {
            let pairs = sampler.draw(step: step, &rows)
            #expect(pairs.count == configuration.friendBatch)
            for (one, another) in zip(pairs.first, pairs.second) {
                #expect(!held.contains([rows.people[Int(one)], rows.people[Int(another)]]))
            }
        }
    }

    @Test func thePairsOwnFriendshipIsSilent() throws {
        let labels = graph.labelOutcomes.indices.map { (label: UInt32($0), isTurned: false) }
        var silent = 0
        for label in labels {
            let pair = sampler.pairs([label]) { $0 }
            let (one, other) = (pair.first[0], pair.second[0])
            let isFriend = graph.socialNeighbors[graph.friends(of: one)].contains(other)
            #expect(pair.silentFriendships.count == (isFriend ? 2 : 0))
            for edge in pair.silentFriendships {
                #expect([one, other].contains(graph.socialNeighbors[Int(edge)]))
                silent += 1
            }
        }
        #expect(silent > 0)
        let inputs = CityInputs(graph, GraphRecLayout(configuration))
        let edges = sampler.pairs(labels) { $0 }.silentFriendships
        let whole = WholeCity(graph, inputs, silent: edges)
        for edge in graph.socialNeighbors.indices {
            let isSilent = whole.friends.kinds[edge] == UInt32(inputs.friendshipKinds.count)
            #expect(isSilent == edges.contains(UInt32(edge)))
        }
    }

    @Test func aPairIsJudgedTheSameAloneAndAmongOthers() throws {
        let pool = ComputePool(threads: 1)
        let trainer = try CityTrainer(graph: graph, configuration: configuration, seed: 5, state: nil)
        let weights = try trainer.round(
            0, weights: SharedWeights.initial(configuration, seed: 5).values, steps: 5, pool: pool,
            isCancelled: { false }
        ).weights
        let embeddings = trainer.embeddings(weights: weights, pool: pool)
        let head = FriendHead(configuration: configuration, weights: weights)
        let context = FriendContext.vector(slot: 2, categories: [0, 1, 0, 0, 1, 0], shareCity: true, width: 16)
        #expect(context == [0, 0, 1, 0, 0, 0, 0, 0.5, 0, 0, 0.5, 0, 1, 1, 0, 0])
        let pairs = (0..<20).map { (first: UInt32($0), second: UInt32($0 + 3)) }
        let together = head.scores(pairs: pairs, embeddings: embeddings, context: context, pool: pool)
        let alone = head.scores(pairs: [pairs[7]], embeddings: embeddings, context: context, pool: pool)[0]
        #expect(abs(alone.compatible - together[7].compatible) < 1e-5)
        #expect(abs(alone.attends - together[7].attends) < 1e-5 && (0...1).contains(alone.attends))
        #expect(Set(together.map(\.compatible)).count > 10)
        let score = FriendScore(compatible: 2, attends: 0.5)
        #expect(score.combined(alpha: 1) == 2 && score.combined(alpha: 0) == 0.5 && score.combined(alpha: 0.5) == 1.25)
    }

    @Test func heldOutPairsAreTold() throws {
        let graph = smallCity(people: 200, places: 80, visitsPerPerson: 40)
        let trainer = try CityTrainer(graph: graph, configuration: configuration, seed: 5, state: nil)
        let pool = ComputePool(threads: 1)
        let start = SharedWeights.initial(configuration, seed: 5).values
        let weights = try trainer.round(0, weights: start, steps: 150, pool: pool, isCancelled: { false }).weights
        let quality = try #require(trainer.friendQuality(weights: weights, pool: pool))
        #expect(quality.pairs > 30)
        #expect(try #require(quality.compatible) > 0.8, "\(quality)")
    }
}

@Suite struct ContextTests {
    @Test func aWishStandsInItsColumns() {
        var place = [Float](repeating: 0, count: PlaceColumns.count)
        place[PlaceColumns.categories.lowerBound + 1] = 1
        place[PlaceColumns.categories.lowerBound + 3] = 1
        place[PlaceColumns.fineTags.lowerBound + 10] = 0.25
        place[PlaceColumns.fineTags.lowerBound + 20] = 0.75
        place[PlaceColumns.typicalSlot] = 4
        var tags = [Float](repeating: 0, count: 100)
        tags[20] = 1
        let wish = PlaceWish(slot: 4, categories: [0, 3, 1, 0, 0, 0], tags: tags, isAway: true)
        #expect(
            wish.context(place: place[...], width: 16)
                == [0, 0, 0, 0, 1, 0, 0, 0.75, 0.25, 0, 0, 0, 1, 0.5, 0.75, 1])
        #expect(PlaceWish.anything.context(place: place[...], width: 16) == [Float](repeating: 0, count: 16))
        #expect(PlaceWish(slot: 0).context(place: place[...], width: 17)[15...] == [0, 0])
    }

    @Test func negativesMayShareACategory() {
        let graph = smallCity()
        var configuration = smallConfiguration()
        configuration.negativesShareCategory = true
        var sampler = TripletSampler(
            graph: graph, visits: DistinctVisits(graph), configuration: configuration, seed: SeededRandom(seed: 4),
            friends: FriendSampler(graph, configuration, seed: SeededRandom(seed: 4), splitSeed: 4))
        let triplets = sampler.draw(step: 0)
        let n = triplets.positives
        func categories(_ pair: Int) -> [Float] {
            let start = Int(triplets.places[Int(triplets.pairs.places[pair])]) * PlaceColumns.count
            return PlaceColumns.categories.map { graph.placeFeatures[start + $0] }
        }
        let shared = (0..<n).count { index in
            zip(categories(index), categories(n + index)).contains { $0 * $1 > 0 }
        }
        #expect(Double(shared) > 0.7 * Double(n))
    }
}
