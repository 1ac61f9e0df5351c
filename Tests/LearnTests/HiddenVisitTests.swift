import Basics
import Graph
import Linalg
import Testing

@testable import Learn

@Suite struct SoftmaxTests {
    /// Two blocks of people and two tiles of places need many; the edges are crossed with few dimensions.
    private func targets(people: Int, places: Int, _ random: inout SeededRandom) -> SoftmaxTargets {
        var targets = SoftmaxTargets()
        for _ in 0..<people {
            let order = (0..<3).map { _ in UInt32(random.below(places)) }
            targets.wanted += Set(order.prefix(2)).sorted()
            targets.wantedOffsets.append(UInt32(targets.wanted.count))
            targets.masked += Set(order.suffix(1)).subtracting(order.prefix(2)).sorted()
            targets.maskedOffsets.append(UInt32(targets.masked.count))
            targets.weights.append(1 / Float(people))
        }
        return targets
    }

    @Test func gradientsAreWhatDifferencesShow() {
        var random = SeededRandom(seed: 3)
        let (people, places, d) = (4, 7, 3)
        let targets = targets(people: people, places: places, &random)
        let wrong = GradientCheck(count: (people + places) * d + places, seed: 8).disagreements(ofLoss: { tape in
            tape.softmaxLoss(
                people: tape.parameter(block(0, people, d)), places: tape.parameter(block(people * d, places, d)),
                bias: tape.parameter(block((people + places) * d, places, 1)), targets, weight: 0.7)
        })
        #expect(wrong == [])
    }

    @Test(arguments: [1, 2])
    func manyBlocksAndTilesAgreeWithTheSlowTwin(threads: Int) {
        var random = SeededRandom(seed: 4)
        let (people, places, d) = (130, 1030, 5)
        let targets = targets(people: people, places: places, &random)
        let values = (0..<(people + places) * d + places).map { _ in Float(random.normal()) }
        var tape = Tape<Float>(parameters: values, pool: ComputePool(threads: threads))
        let loss = tape.softmaxLoss(
            people: tape.parameter(block(0, people, d)), places: tape.parameter(block(people * d, places, d)),
            bias: tape.parameter(block((people + places) * d, places, 1)), targets, weight: 2)
        var expected = 0.0
        var biases = [Double](repeating: 0, count: places)
        for person in 0..<people {
            let wanted = targets.wanted[Int(targets.wantedOffsets[person])..<Int(targets.wantedOffsets[person + 1])]
            let masked = targets.masked[Int(targets.maskedOffsets[person])..<Int(targets.maskedOffsets[person + 1])]
            let scores = (0..<places).map { place in
                (0..<d).reduce(Double(values[(people + places) * d + place])) {
                    $0 + Double(values[person * d + $1]) * Double(values[people * d + place * d + $1])
                }
            }
            let powers = scores.indices.map { masked.contains(UInt32($0)) ? 0 : Double.exponential(scores[$0]) }
            let total = powers.reduce(0, +)
            let mean = wanted.reduce(0.0) { $0 + scores[Int($1)] } / Double(wanted.count)
            expected += 2 / Double(people) * (Double.logOnePlus(total - 1) - mean)
            for place in 0..<places {
                let missing = wanted.contains(UInt32(place)) ? 1 / Double(wanted.count) : 0
                biases[place] += 2 / Double(people) * (powers[place] / total - missing)
            }
        }
        #expect(abs(loss - expected) < 1e-4 * expected)
        for place in 0..<places {
            #expect(abs(Double(tape.parameterGradients[(people + places) * d + place]) - biases[place]) < 1e-5)
        }
    }
}

@Suite struct HiddenVisitTests {
    private let graph = smallCity()
    private let configuration = smallConfiguration()

    private func sampler(_ validation: ValidationVisits, candidates: Int) -> TripletSampler {
        var configuration = configuration
        configuration.candidates = candidates
        return TripletSampler(
            graph: graph, visits: DistinctVisits(graph, without: validation.pairs), configuration: configuration,
            seed: SeededRandom(seed: 4),
            friends: FriendSampler(graph, configuration, seed: SeededRandom(seed: 4), splitSeed: 4),
            reserved: validation.pairs)
    }

    @Test(arguments: [10, 16_384])
    func whatIsAskedForIsHiddenAndWhatIsKnownDoesNotCompete(candidates: Int) {
        let validation = ValidationVisits(graph, share: 0.1)
        var sampler = sampler(validation, candidates: candidates)
        let triplets = sampler.draw(step: 3)
        let targets = triplets.targets
        if candidates > graph.places.count {
            #expect(triplets.places == (0..<UInt32(graph.places.count)).map { $0 })
        }
        #expect(targets.people > 10 && abs(targets.weights.reduce(0, +) - 1) < 1e-5)
        var hidden: Set<UInt64> = []
        for row in 0..<targets.people {
            let person = triplets.people[row]
            let wanted = targets.wanted[Int(targets.wantedOffsets[row])..<Int(targets.wantedOffsets[row + 1])]
                .map { triplets.places[Int($0)] }
            let masked = targets.masked[Int(targets.maskedOffsets[row])..<Int(targets.maskedOffsets[row + 1])]
                .map { triplets.places[Int($0)] }
            for place in wanted { hidden.insert(UInt64(person) << 32 | UInt64(place)) }
            let kept = Int(person) < graph.residents ? Array(validation.row(Int(person))) : []
            let known = Set(graph.visitPlaces[graph.visits(of: person)]).subtracting(kept)
            #expect(Set(wanted).union(masked) == known.intersection(triplets.places))
            #expect(Set(wanted).isDisjoint(with: masked) && !wanted.isEmpty)
            // Once for each visit, up to a limit.
            let visits = graph.visitPlaces[graph.visits(of: person)]
            for place in Set(wanted) {
                let count = visits.count { $0 == place }
                #expect(wanted.count { $0 == place } == min(count, Int(TripletSampler.visitsMost)))
            }
        }
        #expect(hidden == triplets.excluded && hidden.isDisjoint(with: validation.pairs))
        for index in 0..<triplets.positives {
            let pair = UInt64(triplets.people[Int(triplets.pairs.people[index])]) << 32
            #expect(hidden.contains(pair | UInt64(triplets.places[Int(triplets.pairs.places[index])])))
        }
    }

    @Test func everybodyTakesATurnInAnEpoch() {
        var few = configuration
        few.people = 7
        few.hiddenShare = 1
        var sampler = TripletSampler(
            graph: graph, visits: DistinctVisits(graph), configuration: few, seed: SeededRandom(seed: 4),
            friends: FriendSampler(graph, few, seed: SeededRandom(seed: 4), splitSeed: 4))
        let people = Set(sampler.people)
        var seen: Set<UInt32> = []
        for step in 0...people.count / 7 { seen.formUnion(sampler.draw(step: step).people.prefix(7)) }
        #expect(seen == people)
    }

    @Test func validationIsTheNewPlacesOfTheEnd() {
        let validation = ValidationVisits(graph, share: 0.2)
        #expect(!validation.pairs.isEmpty)
        for person in 0..<graph.residents {
            let visits = graph.visitPlaces[graph.visits(of: UInt32(person))]
            let last = visits.count < 5 ? 0 : max(1, Int(Float(visits.count) * 0.2))
            let expected = Set(visits.suffix(last)).subtracting(visits.prefix(visits.count - last))
            #expect(Array(validation.row(person)) == expected.sorted())
        }
        #expect(ValidationVisits(graph, share: 0).pairs.isEmpty)
    }

    @Test func popularityCountsForWhomLittleIsKnown() throws {
        let trainer = try CityTrainer(graph: graph, configuration: configuration, seed: 5, state: nil)
        let pool = ComputePool(threads: 1)
        let weights = SharedWeights.initial(configuration, seed: 5).values
        let found = trainer.calibratedEmbeddings(weights: weights, pool: pool)
        let network = trainer.embeddings(weights: weights, ownShare: found.own.share, pool: pool)
        let taste = CityTaste(trainer, network, excluding: [], for: nil, pool: pool)
        let plain = taste.embeddings(
            found.own.taste,
            coefficients: found.own.taste.strength.map { taste.coefficients(strength: $0, guests: true) } ?? [])
        let (d, visits) = (plain.dimensions, DistinctVisits(graph))
        for person in graph.people.indices {
            let row = Array(found.embeddings.person(person))
            #expect(row.dropLast() == plain.person(person).dropLast())
            #expect(row[d - 1] == found.own.popularity.weight(visited: visits.row(person).count))
        }
        let doubtful = PopularityWeight(base: 2, doubt: 1)
        #expect(doubtful.weight(visited: 0) == 6 && doubtful.weight(visited: 100) < 2.1)
        let ndcg = try #require(trainer.validation(weights: weights, pool: pool)).ndcg
        #expect((0...1).contains(ndcg))
    }

    @Test(arguments: [Float(0), 0.5, 1])
    func ownEmbeddingsThatAStepDoesWithoutStandStill(share: Float) throws {
        var configuration = configuration
        configuration.ownDropout = share
        let trainer = try CityTrainer(graph: graph, configuration: configuration, seed: 5, state: nil)
        let before = trainer.own.places.values
        _ = try trainer.round(
            0, weights: SharedWeights.initial(configuration, seed: 5).values, steps: 1, pool: ComputePool(threads: 1),
            isCancelled: { false })
        let d = configuration.dimensions
        let moved = graph.places.indices.count { place in
            before[place * d..<(place + 1) * d] != trainer.own.places.values[place * d..<(place + 1) * d]
        }
        switch share {
        case 0: #expect(moved == graph.places.count)
        case 1: #expect(moved == 0)
        default: #expect(moved > graph.places.count / 5 && moved < graph.places.count * 4 / 5)
        }
    }

    @Test func neighborhoodsPassTheHiddenLayer() {
        let layout = GraphRecLayout(configuration)
        let inputs = CityInputs(graph, layout)
        let (width, buckets) = (layout.places.features.rows, configuration.neighborhoodBuckets)
        func shares(_ rows: SparseRows?, _ row: Int, _ width: Int) -> [Float] {
            var shares = [Float](repeating: 0, count: buckets)
            guard let rows else { return shares }
            for entry in Int(rows.offsets[row])..<Int(rows.offsets[row + 1]) where Int(rows.columns[entry]) >= width {
                shares[Int(rows.columns[entry]) - width] = rows.values[entry]
            }
            return shares
        }
        for place in graph.places.indices {
            let number = Int(graph.placeFeatures[place * PlaceColumns.count + PlaceColumns.neighborhood])
            #expect(shares(inputs.places.straight, place, width)[number] == 1)
            #expect(shares(inputs.places.straight, place, width).reduce(0, +) == 1)
        }
        for person in 0..<graph.residents {
            let found = shares(inputs.people.straight, person, layout.people.features.rows)
            #expect(abs(found.reduce(0, +) - 1) < 1e-4)
            let home = Int(graph.personFeatures[person * PersonColumns.count + PersonColumns.neighborhood])
            #expect(found[home] > 0)
        }
    }

    /// The visits, person << 32 | place, that are messages of a step's first layer.
    private func visitsHeard(in read: Neighborhood) -> Set<UInt64> {
        var heard: Set<UInt64> = []
        let rows = read.layers[0].revInteracts.byTarget
        for row in 0..<rows.rows {
            for message in Int(rows.offsets[row])..<Int(rows.offsets[row + 1])
            where rows.kinds[message] < UInt32(read.visitKinds.count) {
                heard.insert(UInt64(read.people[row]) << 32 | UInt64(read.places[Int(rows.others[message])]))
            }
        }
        return heard
    }

    @Test func keptBackVisitsReachNoStep() throws {
        let trainer = try CityTrainer(graph: graph, configuration: configuration, seed: 5, state: nil)
        let silent = trainer.embeddings(
            weights: SharedWeights.initial(configuration, seed: 5).values, excluding: trainer.validation.pairs,
            pool: ComputePool(threads: 1))
        let all = trainer.embeddings(
            weights: SharedWeights.initial(configuration, seed: 5).values, pool: ComputePool(threads: 1))
        #expect(silent != all)
        var sampler = sampler(trainer.validation, candidates: 16_384)
        for step in 0..<10 {
            #expect(sampler.draw(step: step).excluded.isDisjoint(with: trainer.validation.pairs))
        }
        let visits = Set(
            (0..<UInt32(graph.people.count)).flatMap { person in
                graph.visits(of: person).map { UInt64(person) << 32 | UInt64(graph.visitPlaces[$0]) }
            })
        for plan in [StepPlan.sampled, .whole] {
            var planned = configuration
            planned.plan = plan
            let trainer = try CityTrainer(graph: graph, configuration: planned, seed: 5, state: nil)
            for step in 0..<3 {
                let heard = visitsHeard(in: trainer.batch(ofStep: step).neighborhood)
                #expect(!heard.isEmpty && heard.isSubset(of: visits.subtracting(trainer.validation.pairs)))
            }
        }
    }
}
