import Basics
import Testing

@testable import Learn
@testable import Linalg

@Suite struct LightTests {
    private let pool = ComputePool(threads: 1)

    /// Circles of users who share items, and friends inside a circle.
    private static func world(users: Int, items: Int, share: Double, _ seed: UInt64) -> InteractionGraph {
        var random = SeededRandom(seed: seed)
        var pairs: [(user: UInt32, item: UInt32)] = []
        var friends: [(user: UInt32, item: UInt32)] = []
        for user in 0..<users {
            for item in 0..<items where random.uniform() < (user % 3 == item % 3 ? share : share / 8) {
                pairs.append((UInt32(user), UInt32(item)))
            }
            friends.append((UInt32(user), UInt32((user + 3) % users)))
        }
        return InteractionGraph(
            ItemLists(users: users, items: items, pairs: pairs),
            friends: ItemLists(users: users, items: users, pairs: friends), linksFriends: seed % 2 == 0)
    }

    /// The mean of the layers by dense products in Double; symmetric, so its own way back.
    private static func slowMean(_ links: VertexLinks, _ table: [Double], _ d: Int, layers: Int) -> [Double] {
        var (layer, sum) = (table, table)
        for _ in 0..<layers {
            var next = [Double](repeating: 0, count: layer.count)
            for vertex in 0..<links.vertexCount {
                for index in links.range(of: vertex) {
                    let other = Int(links.neighbors[index])
                    let weight = Double(links.inverseRoots[vertex]) * Double(links.inverseRoots[other])
                    for column in 0..<d { next[vertex * d + column] += weight * layer[other * d + column] }
                }
            }
            layer = next
            for index in sum.indices { sum[index] += layer[index] }
        }
        return sum.map { $0 / Double(layers + 1) }
    }

    private func check<Storage: StoredNumber>(
        _ storage: Storage.Type, d: Int, layers: Int, active count: Int, threads: Int, within tolerance: Double
    ) {
        let graph = Self.world(users: 31, items: 23, share: 0.3, UInt64(layers))
        let pool = ComputePool(threads: threads)
        let encoder = LightConvolution<Storage>(graph.links, dimensions: d, layers: layers)
        encoder.embeddings.fillNormal(deviation: 1, SeededRandom(seed: 4))
        encoder.refresh(pool)
        let all = graph.vertexOfUser + graph.vertexOfItem
        let found = VertexTable<Float>(rows: all.count, columns: d)
        encoder.results(of: (0..<UInt32(all.count)).map { $0 }, into: found, pool)
        let start = encoder.embeddings.array(rows: all.count).map(Double.init)
        let expected = Self.slowMean(graph.links, start, d, layers: layers)
        let worst = zip(found.array(rows: all.count), expected).map { abs(Double($0) - $1) }.max() ?? 0
        #expect(worst < tolerance)

        var active = ActiveRows(vertexCount: all.count)
        var random = SeededRandom(seed: 9)
        let gradient = VertexTable<Float>(rows: count, columns: d)
        gradient.fillNormal(deviation: 1, SeededRandom(seed: 5))
        var dense = [Double](repeating: 0, count: all.count * d)
        while active.vertices.count < count {
            let slot = active.insert(UInt32(random.below(all.count)))
            for column in 0..<d { dense[Int(active.vertices[slot]) * d + column] = Double(gradient[slot][column]) }
        }
        let back = VertexTable<Float>(rows: all.count, columns: d)
        encoder.back(gradient, active, pool) { vertex, row in back[vertex].update(from: row, count: d) }
        let expectedBack = Self.slowMean(graph.links, dense, d, layers: layers)
        let worstBack = zip(back.array(rows: all.count), expectedBack).map { abs(Double($0) - $1) }.max() ?? 0
        #expect(worstBack < tolerance)
    }

    @Test(arguments: [(0, 3), (1, 3), (1, 54), (2, 1), (3, 5), (3, 54), (4, 20)])
    func aConvolutionIsItsDenseTwinForwardAndBack(layers: Int, active: Int) {
        check(Float.self, d: 64, layers: layers, active: active, threads: 1, within: 1e-5)
        check(Float.self, d: 5, layers: layers, active: active, threads: 3, within: 1e-5)
        check(HalfPair.self, d: 64, layers: layers, active: active, threads: 2, within: 0.03)
        check(HalfPair.self, d: 32, layers: layers, active: active, threads: 1, within: 0.03)
    }

    @Test func aVertexOrderChangesNoResult() {
        let graph = Self.world(users: 300, items: 320, share: 0.1, 1)
        let spectrum = SpectralFilter(graph, dimensions: 4, random: SeededRandom(seed: 1), pool: pool)
        let ordered = graph.ordered(by: spectrum)
        #expect(Set(ordered.vertexOfUser) == Set(0..<300) && Set(ordered.vertexOfItem) == Set(300..<620))
        #expect(ordered.vertexOfUser != graph.vertexOfUser)
        for user in 0..<300 {
            let (one, other) = (Int(graph.vertexOfUser[user]), Int(ordered.vertexOfUser[user]))
            let items = graph.links.range(of: one).map { Int(graph.links.neighbors[$0]) }
            let names = Set(items.map { graph.vertexOfItem.firstIndex(of: UInt32($0)) })
            let otherItems = ordered.links.range(of: other).map { Int(ordered.links.neighbors[$0]) }
            #expect(names == Set(otherItems.map { ordered.vertexOfItem.firstIndex(of: UInt32($0)) }))
        }
    }

    @Test(arguments: [(5, 1), (30, 7), (4, 8)])
    func columnsBecomeOrthonormalAndDependentOnesZero(rows: Int, columns: Int) {
        var random = SeededRandom(seed: 14)
        var matrix = (0..<rows * columns).map { _ in Float(random.normal()) }
        orthonormalize(&matrix, columns: columns)
        for left in 0..<columns {
            for right in 0...left {
                let product = (0..<rows).reduce(Float(0)) { sum, row in
                    sum + matrix[row * columns + left] * matrix[row * columns + right]
                }
                let expected: Float = left == right && left < rows ? 1 : 0
                #expect(abs(product - expected) < 1e-5)
            }
        }
    }

    @Test func theSpectrumIsThatOfTheInteractions() {
        // As many dimensions as items have: the filter is the projection onto what anybody has.
        let graph = Self.world(users: 40, items: 6, share: 0.6, 1)
        let full = SpectralFilter(graph, dimensions: 6, rounds: 3, random: SeededRandom(seed: 2), pool: pool)
        for user in 0..<40 {
            let items = graph.interactions[user]
            for item in 0..<6 {
                let score = (0..<6).reduce(Float(0)) {
                    $0 + full.scorer.users[user * 6 + $1] * full.scorer.items[item * 6 + $1]
                }
                let expected = items.contains(UInt32(item)) ? 1 / Float(items.count).squareRoot() : 0
                #expect(abs(score - expected) < 1e-3)
            }
        }
        // Fewer: the best ones, so that nothing of the same width comes nearer to N. Their energy is that of N V.
        let few = SpectralFilter(graph, dimensions: 3, rounds: 30, random: SeededRandom(seed: 2), pool: pool)
        let other = SpectralFilter(graph, dimensions: 3, rounds: 30, random: SeededRandom(seed: 3), pool: pool)
        func energy(_ filter: SpectralFilter) -> Float { filter.users.reduce(0) { $0 + $1 * $1 } }
        #expect(abs(energy(few) - energy(other)) < 1e-3 * energy(few))
        #expect(energy(few) < energy(full))
    }

    private func trained(_ configuration: LightConfiguration, epochs: Int, threads: Int) -> EmbeddingScorer {
        let pool = ComputePool(threads: threads)
        let graph = Self.world(users: 90, items: 60, share: 0.4, 1)
        let trainer = LightTrainer(graph, configuration, seed: 3, pool: pool)
        for _ in 0..<epochs { _ = trainer.epoch(of: epochs, pool: pool) }
        return trainer.embeddings(pool)
    }

    private static var configurations: [LightConfiguration] {
        var pairs = LightConfiguration.plain
        (pairs.dimensions, pairs.loss, pairs.learningRate) = (32, .pairs(batch: 256), 0.01)
        var factors = pairs
        factors.layers = 0
        var social = pairs
        (social.layers, social.fusion) = (2, .learned(length: 10))
        var softmax = LightConfiguration.fast
        softmax.dimensions = 32
        softmax.loss = .softmax(users: 20, candidates: 40, temperature: 0.2, userExponent: 1)
        var whole = softmax
        whole.loss = .softmax(users: 90, candidates: 0, temperature: 0.2, userExponent: 0.5)
        return [pairs, factors, social, softmax, whole]
    }

    @Test(arguments: 0..<5) func trainingDoesNotDependOnThreads(which: Int) {
        let configuration = Self.configurations[which]
        let one = trained(configuration, epochs: 2, threads: 1)
        let three = trained(configuration, epochs: 2, threads: 3)
        #expect(one.users == three.users && one.items == three.items)
    }

    @Test(arguments: 0..<5) func everyWayOfTrainingFindsTheCircles(which: Int) {
        let scorer = trained(Self.configurations[which], epochs: 30, threads: 2)
        // What was not seen: does the own circle stand above the others?
        let graph = Self.world(users: 90, items: 60, share: 0.4, 1)
        var (scores, labels): ([Float], [Bool]) = ([], [])
        for user in 0..<90 {
            var row = [Float](repeating: 0, count: 60)
            var span = row.mutableSpan
            scorer.score([UInt32(user)].span, 0..<60, into: &span)
            let mean = row.reduce(0, +) / 60
            for item in 0..<60 where !graph.interactions[user].contains(UInt32(item)) {
                scores.append(row[item] - mean)
                labels.append(user % 3 == item % 3)
            }
        }
        #expect((areaUnderROC(scores: scores, isPositive: labels) ?? 0) > 0.9)
    }

    @Test func aSoftmaxIsItsSlowTwin() {
        // 150 users, so two blocks; 1,100 candidates, so two tiles; 30 items that are no candidates.
        let (d, users, candidates, others) = (8, 150, 1100, 30)
        let rows = candidates + users + others
        let (results, gradient) = (
            VertexTable<Float>(rows: rows, columns: d), VertexTable<Float>(rows: rows, columns: d)
        )
        results.fillNormal(deviation: 0.7, SeededRandom(seed: 1))
        var random = SeededRandom(seed: 2)
        var (items, offsets): ([Int], [Int]) = ([], [0])
        for _ in 0..<users {
            for _ in 0...random.below(4) {
                items.append(random.below(2) == 0 ? random.below(candidates) : rows - 1 - random.below(others))
            }
            offsets.append(items.count)
        }
        let slots = (0..<users).map { candidates + $0 }
        let objective = SoftmaxObjective(
            rows: rows, candidates: candidates, dimensions: d, temperature: 0.3, exponent: 0.5)
        let loss = objective.loss(
            results, rows: rows, users: slots, items: items, offsets: offsets, candidates: candidates, into: gradient,
            ComputePool(threads: 2))
        let table = results.array(rows: rows).map(Double.init)
        func slow(_ table: [Double]) -> Double {
            var (total, sum) = (0.0, 0.0)
            for user in 0..<users {
                let own = items[offsets[user]..<offsets[user + 1]]
                let weight = Double(own.count).squareRoot()
                func cosine(_ item: Int) -> Double {
                    let (a, b) = (slots[user] * d, item * d)
                    let product = (0..<d).reduce(0.0) { $0 + table[a + $1] * table[b + $1] }
                    let squares = (0..<d).reduce((0.0, 0.0)) {
                        ($0.0 + table[a + $1] * table[a + $1], $0.1 + table[b + $1] * table[b + $1])
                    }
                    return product / (squares.0 * squares.1).squareRoot() / Double(Float(0.3))
                }
                let normalizer = (0..<candidates).reduce(0.0) { $0 + Double.exponential(cosine($1)) }
                let wanted = own.reduce(0.0) { $0 + cosine($1) } / Double(own.count)
                sum += weight * (Double.logOnePlus(normalizer - 1) - wanted)
                total += weight
            }
            return sum / total
        }
        #expect(abs(loss - slow(table)) < 1e-4)
        let largest = gradient.array(rows: rows).map(abs).max() ?? 0
        for entry in [0, 3, 1050 * d, candidates * d + 2, (candidates + 140) * d + 1, rows * d - 1, (rows - 7) * d] {
            var (up, down) = (table, table)
            up[entry] += 1e-4
            down[entry] -= 1e-4
            let slope = (slow(up) - slow(down)) / 2e-4
            #expect(abs(Double(gradient.base[entry]) - slope) < 1e-4 * Double(largest) + 1e-7)
        }
    }
}
