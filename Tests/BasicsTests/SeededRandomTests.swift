import Basics
import Testing

@Suite struct SeededRandomTests {
    @Test func theStreamIsTheOneOfSplitMix() {
        // First outputs for seed 1234567, from the authors' reference implementation.
        var random = SeededRandom(seed: 1_234_567)
        #expect(random.next() == 6_457_827_717_110_365_317)
        #expect(random.next() == 3_203_168_211_198_807_973)
    }

    @Test func childrenDifferByPurposeAndNumberAndDoNotMoveTheParent() {
        let parent = SeededRandom(seed: 1)
        var children = [parent.child("a"), parent.child("b"), parent.child("a", 1), parent.child("a", 2)]
        let first = Set(children.indices.map { children[$0].next() })
        #expect(first.count == 4)
        var again = parent.child("a")
        var once = parent.child("a")
        #expect(again.next() == once.next())
    }

    @Test func dirichletLiesOnTheSimplex() {
        var random = SeededRandom(seed: 5)
        for _ in 0..<100 {
            let point = random.dirichlet([0.1, 1, 10])
            #expect(abs(point.reduce(0, +) - 1) < 1e-9)
            #expect(point.allSatisfy { $0 >= 0 })
        }
    }

    @Test func momentsOfTheDistributions() {
        var random = SeededRandom(seed: 9)
        var normal = 0.0, square = 0.0, gamma = 0.0
        for _ in 0..<100_000 {
            let draw = random.normal()
            normal += draw / 100_000
            square += draw * draw / 100_000
            gamma += random.gamma(shape: 2.5) / 100_000
        }
        #expect(abs(normal) < 0.02 && abs(square - 1) < 0.03 && abs(gamma - 2.5) < 0.05)
    }
}
