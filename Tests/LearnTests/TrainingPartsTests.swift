import Basics
import Graph
import Testing
import World

@testable import Learn

@Suite struct TripletTests {
    private let graph = smallCity()
    private var configuration = smallConfiguration()

    init() { configuration.softmaxWeight = 0 }

    private func sampler() -> TripletSampler {
        TripletSampler(
            graph: graph, visits: DistinctVisits(graph), configuration: configuration, seed: SeededRandom(seed: 4),
            friends: FriendSampler(graph, configuration, seed: SeededRandom(seed: 4), splitSeed: 4))
    }

    @Test func negativesWereNeverVisitedAndPositivesWereLiked() {
        var sampler = sampler()
        for step in 0..<20 {
            let triplets = sampler.draw(step: step)
            let n = configuration.batch
            let count = (1 + configuration.negatives) * n
            #expect(triplets.pairs.people.count == count && triplets.pairs.places.count == count)
            #expect(triplets.pairs.context.count == count * configuration.contextDimensions)
            #expect(Set(triplets.people).count == triplets.people.count)
            #expect(Set(triplets.places).count == triplets.places.count)
            for index in 0..<n {
                let person = triplets.people[Int(triplets.pairs.people[index])]
                let liked = triplets.places[Int(triplets.pairs.places[index])]
                let visits = graph.visits(of: person)
                #expect(triplets.excluded.contains(UInt64(person) << 32 | UInt64(liked)))
                #expect(
                    visits.contains {
                        graph.visitPlaces[$0] == liked
                            && graph.visitSignals[$0].implicitRating >= configuration.positiveRating
                    })
                for block in 1...configuration.negatives {
                    #expect(triplets.pairs.people[block * n + index] == triplets.pairs.people[index])
                    let other = triplets.places[Int(triplets.pairs.places[block * n + index])]
                    #expect(!graph.visitPlaces[visits].contains(other))
                }
            }
        }
    }

    @Test func anEpochSeesEveryPositiveOnce() {
        var sampler = sampler()
        var expected: Set<UInt64> = []
        for person in 0..<UInt32(graph.people.count) {
            for visit in graph.visits(of: person)
            where graph.visitSignals[visit].implicitRating >= configuration.positiveRating {
                expected.insert(UInt64(person) << 32 | UInt64(graph.visitPlaces[visit]))
            }
        }
        #expect(sampler.count == expected.count)
        var seen: [UInt64] = []
        for step in 0...sampler.count / configuration.batch {
            let triplets = sampler.draw(step: step)
            for index in 0..<configuration.batch {
                seen.append(
                    UInt64(triplets.people[Int(triplets.pairs.people[index])]) << 32
                        | UInt64(triplets.places[Int(triplets.pairs.places[index])]))
            }
        }
        #expect(Set(seen.prefix(sampler.count)) == expected)
    }

    @Test func aStepDrawsTheSameWhateverCameBefore() {
        var (late, early) = (sampler(), sampler())
        for step in 0..<5 { _ = early.draw(step: step) }
        let (first, second) = (late.draw(step: 5), early.draw(step: 5))
        #expect(first.people == second.people && first.places == second.places)
        #expect(first.pairs.context == second.pairs.context && first.excluded == second.excluded)
    }
}

@Suite struct SpectralStartTests {
    private let graph = smallCity()

    @Test func distinctVisitsHoldEveryPairOnce() {
        let visits = DistinctVisits(graph)
        #expect(visits.people == graph.people.count)
        for person in 0..<visits.people {
            let expected = Set(graph.visitPlaces[graph.visits(of: UInt32(person))]).sorted()
            #expect(Array(visits.row(person)) == expected)
            for place in 0..<UInt32(graph.places.count) {
                #expect(visits.contains(person, place) == expected.contains(place))
            }
        }
        #expect(visits.visitors.reduce(0, +) == UInt32(visits.places.count))
    }

    /// With as many dimensions as places the filter lets everything through, so rows of V are orthogonal: no two places
    /// start alike.
    @Test func aFullSpectrumTellsAllPlacesApart() {
        let visits = DistinctVisits(graph)
        let d = graph.places.count
        let start = spectralStart(visits, dimensions: d, random: SeededRandom(seed: 1))
        func product(_ one: Int, _ other: Int) -> Float {
            (0..<d).reduce(0) { $0 + start[one * d + $1] * start[other * d + $1] }
        }
        let visited = (0..<d).filter { visits.visitors[$0] > 0 }
        for one in visited {
            #expect(abs(product(one, one) - 1) < 1e-3)
            for other in visited where other != one { #expect(abs(product(one, other)) < 1e-3) }
        }
    }
}

@Suite struct AdamTests {
    @Test func aStepAgreesWithItsSlowTwin() {
        var random = SeededRandom(seed: 6)
        let count = 37
        let start = (0..<count).map { _ in random.uniformFloat() }
        var table = OwnTable(values: start, columns: 1)
        let vertices = (0..<UInt32(count)).map { $0 }
        var expected = start.map { Double($0) }
        var (first, second) = ([Double](repeating: 0, count: count), [Double](repeating: 0, count: count))
        for number in 1...5 {
            let gradient = (0..<count).map { _ in random.uniformFloat() * 2 - 1 }
            let step = AdamStep(number: number, rate: 0.1, decay: 0.01, gradientScale: 0.5)
            table.move(vertices, by: gradient, step, pool: ComputePool(threads: 1))
            for index in 0..<count {
                let g = Double(gradient[index]) * 0.5
                first[index] = 0.9 * first[index] + 0.1 * g
                second[index] = 0.999 * second[index] + 0.001 * g * g
                let m = first[index] / (1 - power(0.9, number))
                let v = second[index] / (1 - power(0.999, number))
                expected[index] -= 0.1 * 0.01 * expected[index] + 0.1 * m / (v.squareRoot() + 1e-8)
            }
        }
        for index in 0..<count { #expect(abs(Double(table.values[index]) - expected[index]) < 1e-4) }
    }

    private func power(_ base: Double, _ exponent: Int) -> Double { (0..<exponent).reduce(1) { x, _ in x * base } }

    @Test func onlyTouchedRowsMove() {
        var table = OwnTable(values: [1, 2, 3, 4, 5, 6], columns: 2)
        let step = AdamStep(number: 1, rate: 0.1, decay: 0, gradientScale: 1)
        table.move([2, 9], by: [1, -1, 1, 1], step, pool: ComputePool(threads: 1))
        #expect(Array(table.values.prefix(4)) == [1, 2, 3, 4])
        #expect(abs(table.values[4] - 4.9) < 1e-5 && abs(table.values[5] - 6.1) < 1e-5)
        var rows = [Float](repeating: -1, count: 4)
        rows.withUnsafeMutableBufferPointer { table.copy([9, 0], to: $0.baseAddress!) }
        #expect(rows == [0, 0, 1, 2])
    }
}

@Suite struct PlaceHeadTests {
    private let graph = smallCity()
    private let configuration = smallConfiguration()

    private func trained(steps: Int) throws -> ([Float], CityEmbeddings) {
        let pool = ComputePool(threads: 1)
        let trainer = try CityTrainer(graph: graph, configuration: configuration, seed: 5, state: nil)
        let weights = try trainer.round(
            0, weights: SharedWeights.initial(configuration, seed: 5).values, steps: steps, pool: pool,
            isCancelled: { false }
        ).weights
        return (weights, trainer.embeddings(weights: weights, pool: pool))
    }

    @Test func beforeTrainingTheHeadAgreesWithRetrieval() throws {
        let (weights, embeddings) = try trained(steps: 0)
        let head = PlaceHead(configuration: configuration, weights: weights)
        let scores = head.scores(
            person: embeddings.person(4).span, places: [9, 2, 2], embeddings: embeddings,
            wish: PlaceWish(slot: 3), features: graph.placeFeatures)
        for (score, place) in zip(scores, [9, 2, 2]) {
            let product = zip(embeddings.person(4), embeddings.place(place)).reduce(Float(0)) { $0 + $1.0 * $1.1 }
            #expect(abs(score - product) < 1e-5)
        }
    }

    @Test func aScoreDoesNotDependOnWhoElseIsAskedFor() throws {
        let (weights, embeddings) = try trained(steps: 5)
        let head = PlaceHead(configuration: configuration, weights: weights)
        let wish = PlaceWish(slot: 1)
        let people = (0..<40).map { UInt32($0) }
        let candidates = people.map { person in (0..<person % 7).map { UInt32(($0 &* 5 &+ person) % 40) } }
        let together = head.scores(
            people: people, candidates: candidates, embeddings: embeddings, wish: wish, features: graph.placeFeatures,
            pool: ComputePool(threads: 2))
        for (person, places) in zip(people, candidates) {
            let alone = head.scores(
                person: embeddings.person(Int(person)).span, places: places, embeddings: embeddings, wish: wish,
                features: graph.placeFeatures)
            #expect(alone.count == places.count)
            for (left, right) in zip(alone, together[Int(person)]) { #expect(abs(left - right) < 1e-4) }
        }
    }

    @Test(arguments: [TasteColumns.none, TasteColumns(networkScale: 0.5, spectrum: 3)])
    func embeddingsSurviveTheirBytes(taste: TasteColumns) throws {
        let width = 2 + taste.count
        let embeddings = CityEmbeddings(
            dimensions: width, taste: taste, people: (0..<2 * width).map { Float($0) },
            places: (0..<width).map { Float($0) })
        var writer = ByteWriter()
        embeddings.encode(into: &writer)
        var reader = ByteReader(writer.bytes)
        #expect(try CityEmbeddings(from: &reader) == embeddings)
        for length in 0..<writer.count {
            var short = ByteReader(Array(writer.bytes[..<length]))
            #expect(throws: ByteError.self) { try CityEmbeddings(from: &short) }
        }
    }
}

@Suite struct EvaluationTests {
    private let graph = smallCity()

    @Test func theHeldOutPlacesThemselvesAreAPerfectRanking() {
        let perfect = (0..<UInt32(graph.residents)).map { Array(graph.heldOutPlaces[graph.heldOut(of: $0)]) }
        let report = evaluate(graph: graph, ranked: perfect)
        #expect(report.people > 10)
        #expect(abs(report.ndcgAt10 - 1) < 1e-12 && abs(report.recallAt10 - 1) < 1e-12)
        #expect(report.popularityNDCGAt10 < 1)
        #expect(evaluate(graph: graph, ranked: perfect.map { _ in [] }).ndcgAt10 == 0)
    }

    @Test func rankingByPopularityScoresAsPopularity() {
        let popular = placesByPopularity(graph)
        let ranked = (0..<UInt32(graph.residents)).map { person in
            let visited = Set(graph.visitPlaces[graph.visits(of: person)])
            return popular.filter { !visited.contains($0) }
        }
        let report = evaluate(graph: graph, ranked: ranked)
        #expect(report.ndcgAt10 == report.popularityNDCGAt10 && report.recallAt10 == report.popularityRecallAt10)
        #expect(report.ndcgAt10 > 0)
    }

    @Test func oneRegularDoesNotMakeAPlacePopular() {
        var builder = CityGraphBuilder(city: CityID(7))
        for id in 1...3 as ClosedRange<UInt64> {
            builder.add(.person(Person(id: PersonID(id), homeCity: CityID(7))))
            builder.add(.place(Place(id: PlaceID(id), city: CityID(7))))
        }
        let visits: [(UInt64, UInt64)] = [(1, 1), (1, 1), (1, 1), (2, 2), (3, 2), (3, 3)]
        for (hour, visit) in visits.enumerated() {
            let time = Timestamp(milliseconds: Int64(hour) * 3_600_000)
            builder.add(.visit(Visit(person: PersonID(visit.0), place: PlaceID(visit.1), time: time, attended: true)))
        }
        #expect(placesByPopularity(builder.build(pool: ComputePool(threads: 1))) == [1, 0, 2])
    }

    @Test func aSecondPlaceIsWorthLessThanAFirst() {
        let one = (0..<UInt32(graph.residents)).map { person in
            Array(graph.heldOutPlaces[graph.heldOut(of: person)].prefix(1))
        }
        let never = UInt32.max
        let first = evaluate(graph: graph, ranked: one)
        let second = evaluate(graph: graph, ranked: one.map { [never] + $0 })
        #expect(first.recallAt10 == second.recallAt10)
        #expect(second.ndcgAt10 < first.ndcgAt10)
    }

    @Test func citiesAreAveragedByTheirPeople() {
        let a = RankingReport(
            people: 1, recallAt10: 1, ndcgAt10: 0.5, popularityRecallAt10: 0, popularityNDCGAt10: 0.25)
        let b = RankingReport(
            people: 3, recallAt10: 0, ndcgAt10: 0.1, popularityRecallAt10: 1, popularityNDCGAt10: 0.25)
        let mean = RankingReport.average([a, b])
        #expect(mean.people == 4 && mean.recallAt10 == 0.25 && mean.popularityRecallAt10 == 0.75)
        #expect(abs(mean.ndcgAt10 - 0.2) < 1e-12 && mean.popularityNDCGAt10 == 0.25)
        #expect(RankingReport.average([]).people == 0)
    }
}
