import Basics
import Testing
import Wire

@testable import Cluster

@Suite struct JobWireTests {
    @Test func aTrainingJobSpeaksForItself() {
        let cities = [CityID(2), CityID(1)]
        var job = TrainingJob(.init(job: JobID(7), rounds: 3, steps: 4, seed: 5, cities: cities, model: [6]))
        _ = job.handle(.start(alive: cities))
        #expect(
            job.trainRound(of: CityID(2)) == TrainRound(job: JobID(7), round: 0, steps: 4, seed: 5, model: [6]))
        for city in [CityID(1), CityID(2)] {
            _ = job.handle(.trained(city, round: 0, samples: 1, meanLoss: 0.5, seconds: 2))
            _ = job.handle(.delta(city, round: 0, values: [1], base: [0], bytes: 8))
        }
        #expect(job.trainRound(of: CityID(1)).round == 1)
        #expect(job.deltaRequest(round: 1) == DeltaRequest(job: JobID(7), round: 1))
        #expect(
            job.publishModel(version: ModelVersion(9))
                == PublishModel(job: JobID(7), version: ModelVersion(9), seed: 5, model: [6], rounds: 1))
        var row = JobRow(
            job: JobID(7), kind: "training", state: "running", round: 1, rounds: 3, doneCities: 0, cities: 2,
            losses: [0.5], detail: "", reports: [])
        // Two deltas with their bases came, and the next round went out.
        row.cost.bytes = 2 * 8 + 2 * 4
        row.parts = cities.sorted().map {
            JobCityRow(
                city: $0, name: "city \($0)", worker: "w", state: "asked", rounds: 1, late: 0, samples: 1, seconds: 2,
                expectedSeconds: 0, residentBytes: 0, workingBytes: 0)
        }
        #expect(job.row(name: { "city \($0)" }, worker: { _ in "w" }) == row)
    }

    @Test func aPlanningJobSpeaksForItself() {
        var job = PlanJob(.init(job: JobID(7), seedsPerCity: 4, seed: 5, cities: [CityID(2), CityID(1)]))
        _ = job.handle(.start(alive: [CityID(1), CityID(2)]))
        _ = job.handle(.planned(CityID(2), seeds: 4, created: 3))
        #expect(job.planCity == PlanCity(job: JobID(7), seedsPerCity: 4, seed: 5))
        #expect(
            job.row { "city \($0)" }
                == JobRow(
                    job: JobID(7), kind: "planning", state: "running", round: 0, rounds: 0, doneCities: 1, cities: 2,
                    losses: [], detail: "",
                    reports: [CityOutcome(city: CityID(2), name: "city 2", values: [4, 3])]))
    }

    @Test func aLongListOfTroublesIsCutShort() {
        let cities = (0..<9).map { CityID($0) }
        var job = PlanJob(.init(job: JobID(7), seedsPerCity: 4, seed: 5, cities: cities))
        _ = job.handle(.start(alive: []))
        #expect(job.row { "city \($0)" }.detail.hasSuffix("city 3: its worker is away; 5 more cities"))
    }
}
