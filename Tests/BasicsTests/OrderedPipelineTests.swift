import Basics
import Synchronization
import Testing

@Suite struct OrderedPipelineTests {
    private struct Fault: Error, Equatable { let place: Int }

    private final class Gauge: Sendable {
        let now = Atomic<Int>(0)
        let most = Atomic<Int>(0)
    }

    /// The squares of 0..<count, some of which take longer than others.
    private func squares(_ count: Int, threads: Int, gauge: Gauge = Gauge()) throws -> [Int] {
        var (next, squares) = (0, [Int]())
        try OrderedPipeline.run(
            threads: threads,
            next: { () -> Int? in
                defer { next += 1 }
                if next >= count { return nil }
                let under = gauge.now.add(1, ordering: .relaxed).newValue
                gauge.most.max(under, ordering: .relaxed)
                return next
            },
            work: { number in
                var sum = 0
                for step in 0..<(number % 7 * 1000) { sum ^= step }
                return sum < 0 ? sum : number * number
            },
            take: {
                gauge.now.subtract(1, ordering: .relaxed)
                squares.append($0)
            })
        return squares
    }

    @Test(arguments: [1, 2, 3, 8], [0, 1, 2, 5, 500])
    func resultsComeInTheOrderOfTheirPieces(threads: Int, count: Int) throws {
        #expect(try squares(count, threads: threads) == (0..<count).map { $0 * $0 })
    }

    @Test func noMoreThanTwoPiecesAThreadAndOneAreUnderWay() throws {
        let gauge = Gauge()
        _ = try squares(500, threads: 3, gauge: gauge)
        #expect((2...7).contains(gauge.most.load(ordering: .relaxed)))
    }

    @Test(arguments: [1, 2, 4]) func whatReadingOrTakingThrowsEndsIt(threads: Int) {
        var taken = 0
        #expect(throws: Fault(place: 10)) {
            try OrderedPipeline.run(
                threads: threads, next: { 1 }, work: { $0 },
                take: {
                    taken += $0
                    if taken == 10 { throw Fault(place: taken) }
                })
        }
        #expect(taken == 10)
        var given = 0
        #expect(throws: Fault(place: 5)) {
            try OrderedPipeline.run(
                threads: threads,
                next: { () throws -> Int? in
                    given += 1
                    if given == 5 { throw Fault(place: given) }
                    return given
                }, work: { $0 }, take: { _ in })
        }
    }
}
