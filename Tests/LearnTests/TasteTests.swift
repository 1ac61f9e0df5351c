import Basics
import Graph
import Linalg
import Testing

@testable import Learn

@Suite struct TasteFitTests {
    /// Some people's visits to some places, a few of them often; the first person was nowhere.
    private struct Problem {
        let people = 150
        let places = 37
        let columns = 5
        let width = 3
        let x: [Float]
        let network: [Float]
        let rows: [Float]
        let prior: [Float]
        var visits = VisitCounts()

        init() {
            var random = SeededRandom(seed: 6)
            func draw(_ count: Int) -> [Float] { (0..<count).map { _ in Float(random.normal()) } }
            x = draw(37 * 5)
            network = draw(37 * 3)
            rows = draw(150 * 3)
            prior = draw(150 * 5)
            for person in 0..<people {
                visits.append((0..<person % 9).map { _ in UInt32(random.below(places) / (1 + person % 2)) })
            }
        }

        func fit(_ people: [UInt32], strength: Float, newton: Int, threads: Int = 1) -> [Float] {
            TasteFit(x, columns: columns, network: network, width: width, visits: visits, competingMost: places).fit(
                people, rows: rows, prior: prior, start: prior, strength: strength,
                effort: TasteFit.Effort(newton: newton, conjugate: 8), pool: ComputePool(threads: threads))
        }

        /// The gradient of the objective at some coefficients, in Double, straight from its definition.
        func gradient(_ person: Int, _ own: [Double], strength: Double) -> [Double] {
            func column(_ matrix: [Float], _ row: Int, _ width: Int) -> [Double] {
                (0..<width).map { Double(matrix[row * width + $0]) }
            }
            let scores = (0..<places).map { place in
                zip(column(rows, person, width), column(network, place, width)).reduce(0) { $0 + $1.0 * $1.1 }
                    + zip(own, column(x, place, columns)).reduce(0) { $0 + $1.0 * $1.1 }
            }
            let powers = scores.map { Double.exponential($0) }
            let total = powers.reduce(0, +)
            var gradient = zip(column(prior, person, columns), own).map { strength * ($0 - $1) }
            var count = 0.0
            for visit in visits.range(person) {
                count += Double(visits.counts[visit])
                for index in 0..<columns {
                    gradient[index] += Double(visits.counts[visit] * x[Int(visits.places[visit]) * columns + index])
                }
            }
            for place in 0..<places {
                for index in 0..<columns {
                    gradient[index] -= count * powers[place] / total * Double(x[place * columns + index])
                }
            }
            return gradient
        }

        /// The slow twin: small steps uphill until nothing changes.
        func slowFit(_ person: Int, strength: Double) -> [Double] {
            var own = (0..<columns).map { Double(prior[person * columns + $0]) }
            for _ in 0..<1500 {
                let slope = gradient(person, own, strength: strength)
                for index in own.indices { own[index] += 0.03 * slope[index] }
            }
            return own
        }
    }

    private let problem = Problem()

    @Test(arguments: [Float(0.7), 3]) func fitsAreThoseOfTheSlowTwin(strength: Float) {
        let found = problem.fit((0..<UInt32(problem.people)).map { $0 }, strength: strength, newton: 8)
        for person in stride(from: 0, to: problem.people, by: 15) {
            let slow = problem.slowFit(person, strength: Double(strength))
            for index in 0..<problem.columns {
                #expect(abs(Double(found[person * problem.columns + index]) - slow[index]) < 2e-3, "\(person)")
            }
        }
    }

    @Test func threadsAndCompanyDoNotShow() {
        let all = (0..<UInt32(problem.people)).map { $0 }
        let found = problem.fit(all, strength: 1, newton: 2)
        #expect(found == problem.fit(all, strength: 1, newton: 2, threads: 3))
        let some = problem.fit([140, 3], strength: 1, newton: 2)
        for (row, person) in [140, 3].enumerated() {
            for index in 0..<problem.columns {
                let (alone, together) = (some[row * problem.columns + index], found[person * problem.columns + index])
                #expect(abs(alone - together) < 1e-4)
            }
        }
    }

    @Test func whoWasNowhereIsAsExpected() {
        #expect(problem.visits.range(0).isEmpty)
        #expect(problem.fit([0], strength: 1, newton: 2) == Array(problem.prior[..<problem.columns]))
    }

    @Test func anEvenDrawOfPlacesStandsForAll() {
        let fit = TasteFit(
            problem.x, columns: 5, network: problem.network, width: 3, visits: problem.visits, competingMost: 36)
        let found = fit.fit(
            [8], rows: problem.rows, prior: problem.prior, start: problem.prior, strength: 5,
            effort: TasteFit.Effort(newton: 4, conjugate: 8), pool: ComputePool(threads: 1))
        let whole = problem.fit([8], strength: 5, newton: 4)
        #expect(found != whole && zip(found, whole).allSatisfy { abs($0 - $1) < 0.5 })
    }
}

@Suite struct TastePriorTests {
    private let graph = smallCity(people: 300)

    @Test func whatPeopleSayTellsWhatTheyLike() {
        let stated = CityInputs(graph, GraphRecLayout(smallConfiguration())).people.quantities
        // Coefficients that follow exactly from what is said: a column each for two of the stated quantities and one.
        var truth: [Float] = []
        for person in graph.people.indices {
            var row: [Float] = [0.5, -1]
            for index in Int(stated.offsets[person])..<Int(stated.offsets[person + 1]) {
                row[Int(stated.columns[index]) % 2] += 3 * stated.values[index]
            }
            truth += row
        }
        let means = TastePrior(graph, stated: stated).means(from: Array(truth[..<(graph.residents * 2)]), columns: 2)
        let (miss, spread) = means.indices.reduce((Float(0), Float(0))) { sums, index in
            let (far, wide) = (means[index] - truth[index], truth[index] - (index % 2 == 0 ? 0.5 : -1))
            return (sums.0 + far * far, sums.1 + wide * wide)
        }
        #expect(spread > 0 && miss < 0.3 * spread, "\(miss) of \(spread)")
    }

    @Test func friendsTellTheRest() {
        // Nothing is said, and everybody likes what the mean of their friends does: circles of one opinion.
        let nothing = SparseRows([Float](repeating: 0, count: graph.people.count), width: 1)
        var opinions = (0..<graph.residents).map { Float($0 % 2 == 0 ? 1 : -1) }
        for _ in 0..<4 {
            opinions = (0..<graph.residents).map { person in
                let friends = graph.friends(of: UInt32(person)).map { Int(graph.socialNeighbors[$0]) }
                    .filter { $0 < graph.residents }
                return friends.reduce(Float(0)) { $0 + opinions[$1] } / Float(max(friends.count, 1))
            }
        }
        let middle = opinions.reduce(0, +) / Float(opinions.count)
        let means = TastePrior(graph, stated: nothing).means(from: opinions, columns: 1)
        let (miss, spread) = opinions.indices.reduce((Float(0), Float(0))) { sums, person in
            let (far, wide) = (means[person] - opinions[person], opinions[person] - middle)
            return (sums.0 + far * far, sums.1 + wide * wide)
        }
        // A mean of friends' fits, drawn to the middle as few friends tell little, comes part of the way.
        #expect(spread > 0 && miss < 0.7 * spread, "\(miss) of \(spread)")
    }
}

@Suite struct CityTasteTests {
    private let graph = smallCity(people: 200, places: 60)
    private let pool = ComputePool(threads: 1)

    private func made() throws -> (weights: [Float], network: CityEmbeddings, wide: CityEmbeddings) {
        let trainer = try CityTrainer(graph: graph, configuration: smallConfiguration(), seed: 5, state: nil)
        let weights = try trainer.round(
            0, weights: SharedWeights.initial(smallConfiguration(), seed: 5).values, steps: 20, pool: pool,
            isCancelled: { false }
        ).weights
        let network = trainer.embeddings(weights: weights, pool: pool)
        let taste = CityTaste(trainer, network, excluding: [], for: nil, pool: pool)
        let wide = taste.embeddings(
            TasteWeights(strength: 1.4, spectrum: 6), coefficients: taste.coefficients(strength: 1.4, guests: true))
        return (weights, network, wide)
    }

    @Test func visitsAreLikelierThanToTheNetwork() throws {
        let (_, network, wide) = try made()
        /// The mean logarithm of the chances of residents' visits.
        func likelihood(_ embeddings: CityEmbeddings) -> Float {
            var (sum, visits): (Float, Float) = (0, 0)
            for person in 0..<graph.residents {
                let scores = graph.places.indices.map { place in
                    zip(embeddings.person(person), embeddings.place(place)).reduce(Float(0)) { $0 + $1.0 * $1.1 }
                }
                let total = scores.reduce(Float(0)) { $0 + Float.exponential($1) }
                for place in graph.visitPlaces[graph.visits(of: UInt32(person))] {
                    sum += scores[Int(place)] - Float.logOnePlus(total - 1)
                    visits += 1
                }
            }
            return sum / visits
        }
        #expect(likelihood(wide) > likelihood(network) + 0.1)
    }

    @Test func headsReadTheSameNetwork() throws {
        let (weights, network, wide) = try made()
        func corrections(_ embeddings: CityEmbeddings) -> [Float] {
            let head = PlaceHead(configuration: smallConfiguration(), weights: weights, columns: embeddings.taste)
            let places = (0..<UInt32(graph.places.count)).map { $0 }
            let scores = head.scores(
                person: embeddings.person(3).span, places: places, embeddings: embeddings, wish: PlaceWish(slot: 2),
                features: graph.placeFeatures)
            return zip(scores, places).map { score, place in
                score
                    - zip(embeddings.person(3), embeddings.place(Int(place))).reduce(Float(0)) { $0 + $1.0 * $1.1 }
            }
        }
        #expect(wide.networkColumns == network.networkColumns)
        #expect(zip(corrections(wide), corrections(network)).allSatisfy { abs($0 - $1) < 1e-3 })
        func judged(_ embeddings: CityEmbeddings) -> [FriendScore] {
            let width = smallConfiguration().contextDimensions
            return FriendHead(configuration: smallConfiguration(), weights: weights, columns: embeddings.taste).scores(
                pairs: [(1, 2), (3, 4)], embeddings: embeddings, context: [Float](repeating: 0, count: width),
                pool: pool)
        }
        for (one, other) in zip(judged(wide), judged(network)) {
            #expect(abs(one.compatible - other.compatible) < 1e-4 && abs(one.attends - other.attends) < 1e-4)
        }
    }

    @Test func aPlaceThatComesLaterHasTheSameFeatures() throws {
        let (_, network, wide) = try made()
        let d = network.networkColumns
        let rows = network.places.indices.filter { $0 % (d + 1) != d }.map { network.places[$0] }
        let made = wide.taste.places(network: rows, features: graph.placeFeatures)
        for place in graph.places.indices {
            let own = Array(made[place * (wide.dimensions - 1)..<(place + 1) * (wide.dimensions - 1)])
            let known = Array(wide.place(place).dropLast())
            #expect(own.dropLast(wide.taste.spectrum) == known.dropLast(wide.taste.spectrum))
            #expect(own.suffix(wide.taste.spectrum).allSatisfy { $0 == 0 })
        }
    }
}
