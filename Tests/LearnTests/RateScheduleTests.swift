import Basics
import Testing

@testable import Learn

@Suite struct RateScheduleTests {
    private func schedule(_ fall: RateSchedule.Fall) -> RateSchedule {
        var schedule = RateSchedule()
        (schedule.fall, schedule.warmUpSteps, schedule.fallSteps, schedule.share) = (fall, 10, 110, 0.1)
        schedule.steadySteps = 40
        return schedule
    }

    @Test(arguments: RateSchedule.Fall.allCases) func ratesRiseThenNeverRiseAgain(fall: RateSchedule.Fall) {
        let schedule = schedule(fall)
        #expect(abs(schedule.pace(step: 1) - 0.1) < 1e-6)
        #expect(schedule.pace(step: 10) == 1)
        for step in 10..<400 { #expect(schedule.pace(step: step + 1) <= schedule.pace(step: step)) }
    }

    @Test func eachFallEndsWhereItShould() {
        #expect(schedule(.constant).pace(step: 400) == 1)
        #expect(schedule(.root).pace(step: 160) == 0.5)
        #expect(abs(schedule(.line).pace(step: 60) - 0.55) < 1e-6)
        #expect(abs(schedule(.line).pace(step: 110) - 0.1) < 1e-6)
        #expect(abs(schedule(.cosine).pace(step: 60) - 0.55) < 1e-6)
        let quarter: Float = 0.1 + 0.45 * (1 + Float(0.5).squareRoot())
        #expect(abs(schedule(.cosine).pace(step: 35) - quarter) < 1e-5)
        #expect(abs(schedule(.cosine).pace(step: 400) - 0.1) < 1e-6)
        #expect(schedule(.step).pace(step: 110) == 1)
        #expect(abs(schedule(.step).pace(step: 111) - 0.1) < 1e-6)
        #expect(abs(schedule(.step).pace(step: 221) - 0.01) < 1e-6)
    }

    @Test(arguments: RateSchedule.Fall.allCases) func bytesGiveItBack(fall: RateSchedule.Fall) throws {
        var writer = ByteWriter()
        schedule(fall).encode(into: &writer)
        var reader = ByteReader(writer.bytes)
        #expect(try RateSchedule(from: &reader) == schedule(fall))
        try reader.finish()
    }

    @Test func aLongGradientIsShortened() throws {
        let graph = smallCity()
        var configuration = smallConfiguration()
        configuration.weightDecay = 0
        func moved(_ limit: Float) throws -> [Float] {
            configuration.gradientNormMax = limit
            let start = SharedWeights.initial(configuration, seed: 5).values
            let trainer = try CityTrainer(graph: graph, configuration: configuration, seed: 5, state: nil)
            let pool = ComputePool(threads: 1)
            let after = try trainer.round(0, weights: start, steps: 1, pool: pool, isCancelled: { false })
            // The first moments are a tenth of the gradient that was followed.
            let norm = trainer.moments.first.reduce(0) { $0 + $1 * $1 }.squareRoot() * 10
            #expect(norm <= limit * 1.001)
            #expect(after.weights != start)
            return trainer.moments.first
        }
        let (short, whole) = (try moved(1e-3), try moved(1e6))
        let largest = try #require(short.indices.max { abs(short[$0]) < abs(short[$1]) })
        let ratio = whole[largest] / short[largest]
        #expect(ratio > 10)
        let worst = short.indices.map { abs(whole[$0] - ratio * short[$0]) }.max() ?? 1
        #expect(worst < 1e-3 * abs(whole[largest]), "the direction stays")
    }
}
