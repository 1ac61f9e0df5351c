import Basics
import Testing

@testable import Plans

@Suite struct PlanReasonsTests {
    private let city = TestCity(people: 90, places: 12, seed: 4)
    private let options = PlanOptions(seedsPerCity: 12, modelVersion: ModelVersion(1), seed: 1)

    @Test func reasonsSpeakOfTheSeedsPeopleInTheirOrder() {
        let plan = city.explainedPlan(options)
        #expect(plan.count > 4)
        for planned in plan {
            let (seed, reasons) = (planned.seed, planned.reasons)
            #expect(reasons.starters.map(\.person) == seed.starters)
            #expect(reasons.guests.map(\.person) == seed.invites)
            #expect(reasons.rank >= 1 && reasons.rank <= reasons.cells && reasons.demand > 0)
        }
    }

    /// What is named moved the plan: without it, the number falls by as much as was said.
    @Test func reasonsAreFaithful() {
        let context = city.context(options)
        var (ties, friends) = (0, 0)
        for planned in city.explainedPlan(options) {
            let (seed, reasons) = (planned.seed, planned.reasons)
            let acceptance = reasons.starters.map(\.acceptance)
            let alone = conversion(acceptance) { _, _ in 0 }
            for (index, starter) in reasons.starters.enumerated() {
                #expect(starter.pull >= 0)
                if starter.pull > 0 { ties += 1 }
                // With two starters, whoever's ties go, all go.
                if reasons.starters.count == 2 {
                    #expect(abs(seed.conversion - starter.pull - alone) < 1e-12, "\(index)")
                }
            }
            // Gains add up to what the seed expects, and each is no more than all whom a yes could bring.
            let gains = reasons.guests.reduce(0) { $0 + $1.gain }
            #expect(gains > 0 || reasons.guests.isEmpty)
            #expect(gains < seed.expectedTurnout)
            for (guest, next) in zip(reasons.guests, reasons.guests.dropFirst()) {
                #expect(next.gain <= guest.gain + 1e-9)
            }
            friends += reasons.guests.reduce(0) { $0 + Int($1.friends) }
            let people = Set(seed.starters + seed.invites)
            #expect(people.count == seed.starters.count + seed.invites.count)
        }
        #expect(ties > 0 && friends > 0 && context.options == options)
    }

    @Test func bytesAreReadBackAndShortOnesRefused() throws {
        let reasons = try #require(city.explainedPlan(options).first?.reasons)
        var writer = ByteWriter()
        reasons.encode(into: &writer)
        var reader = ByteReader(writer.bytes)
        #expect(try PlanReasons(from: &reader) == reasons)
        for end in 0..<writer.bytes.count {
            var reader = ByteReader(Array(writer.bytes[..<end]))
            #expect(throws: ByteError.self) { try PlanReasons(from: &reader) }
        }
    }
}
