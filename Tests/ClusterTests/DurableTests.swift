import Basics
import Testing
import Wire

@testable import Cluster

@Suite struct DurableTests {
    private func map() -> ClusterMap {
        var map = ClusterMap()
        let worker = map.register(worker: "w")
        let cities = map.register(cities: ["Graz", "Köln"])
        map.setLoad(7, of: cities[1])
        _ = map.place(alive: [worker])
        _ = map.register(cities: ["Linz"])
        return map
    }

    private func training() -> TrainingJob {
        let patience = JobPatience(absence: 9, answer: 8, losses: 7)
        let cities = [CityID(1), CityID(4), CityID(6)]
        var policy = RoundPolicy()
        (policy.outerMomentum, policy.outerRate, policy.survey, policy.memoryBytesMax) = (0.9, 0.7, .before, 1000)
        var job = TrainingJob(
            .init(
                job: JobID(3), rounds: 2, steps: 5, seed: 6, cities: cities, model: [1], policy: policy,
                patience: patience))
        _ = job.handle(.start(alive: cities))
        let survey = CitySurvey(
            job: JobID(3), samples: 9, weights: 2, stepSeconds: 1, roundSeconds: 2, indexSeconds: 3, residentBytes: 4,
            workingBytes: 5, memoryBytes: 6)
        for city in cities { _ = job.handle(.surveyed(city, worker: WorkerID(1), place: "Graz", survey)) }
        for city in cities {
            _ = job.handle(.trained(city, round: 0, samples: 10, meanLoss: 0.5, seconds: 1))
            _ = job.handle(.delta(city, round: 0, values: [0.5, 1], base: [0, 0], bytes: 16))
        }
        _ = job.handle(.trained(CityID(4), round: 1, samples: 10, meanLoss: 0.25, seconds: 1))
        _ = job.handle(.failed(CityID(6), round: 1, detail: "out of memory", retry: false))
        _ = job.handle(.lost(CityID(1)))
        _ = job.handle(.tick(Tick(5)))
        _ = job.handle(.pause)
        return job
    }

    private func planning() -> PlanJob {
        var job = PlanJob(
            .init(job: JobID(3), seedsPerCity: 5, seed: 6, origin: .learned, cities: [CityID(1), CityID(4)]))
        _ = job.handle(.start(alive: [CityID(1)]))
        _ = job.handle(.planned(CityID(1), seeds: 5, created: 4))
        return job
    }

    @Test func goldenBytesOfAMap() {
        var map = ClusterMap()
        let worker = map.register(worker: "w")
        let city = map.register(cities: ["K"])[0]
        map.setLoad(7, of: city)
        _ = map.place(alive: [worker])
        #expect(
            map.encoded() == [
                1, 1, 0, 0, 0, 1, 0, 0, 0, 0x77, 1, 0, 0, 0, 1, 0, 0, 0, 0x4B, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
                7, 0, 0, 0, 0, 0, 0, 0,
            ])
    }

    @Test func goldenBytesOfAPlanningJob() {
        let job = PlanJob(.init(job: JobID(3), seedsPerCity: 5, seed: 6, cities: [CityID(1)]))
        #expect(
            job.encoded() == [
                2, 3, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0,
                0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                60, 0, 0, 0, 0, 0, 0, 0, 60, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0,
                1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            ])
    }

    @Test func aPlanningJobOfTheFormatBeforeIsRead() throws {
        let job = PlanJob(.init(job: JobID(3), seedsPerCity: 5, seed: 6, cities: [CityID(1)]))
        var bytes = job.encoded()
        bytes[0] = 1
        bytes.remove(at: 1 + 8 + 4 + 8)
        #expect(try PlanJob(decoding: bytes) == job)
    }

    @Test func whatIsWrittenIsRead() throws {
        #expect(try ClusterMap(decoding: map().encoded()) == map())
        var reopened = training()
        reopened.forgetOpenRound()
        #expect(try TrainingJob(decoding: training().encoded()) == reopened)
        #expect(try PlanJob(decoding: planning().encoded()) == planning())
    }

    @Test func everyTruncationAndEveryTailIsAnError() {
        func check(_ bytes: [UInt8], _ read: ([UInt8]) throws -> Void) {
            for count in 0..<bytes.count {
                #expect(throws: ByteError.self) { try read(Array(bytes[..<count])) }
            }
            #expect(throws: ByteError.trailing(1)) { try read(bytes + [0]) }
        }
        check(map().encoded()) { _ = try ClusterMap(decoding: $0) }
        check(training().encoded()) { _ = try TrainingJob(decoding: $0) }
        check(planning().encoded()) { _ = try PlanJob(decoding: $0) }
    }

    /// A damaged job is refused or is some other job, which may be driven to nonsense but never traps.
    @Test func everyFlippedBitGivesAnErrorOrSomethingThatCanBeDriven() {
        var bytes = training().encoded()
        for bit in 0..<bytes.count * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8)
            if var job = try? TrainingJob(decoding: bytes) {
                #expect(job.encoded() == bytes, "bit \(bit)")
                _ = job.handle(.start(alive: [CityID(1), CityID(4), CityID(6)]))
                _ = job.handle(.resume)
                for city in job.configuration.cities {
                    _ = job.handle(.trained(city, round: job.round, samples: 1, meanLoss: 1, seconds: 1))
                    _ = job.handle(.delta(city, round: job.round, values: [1, 2], base: [0, 0], bytes: 8))
                    _ = job.handle(.tick(Tick(9)))
                    _ = job.handle(.published(city, people: 1, values: []))
                }
                _ = job.row { "city \($0)" }
            }
            bytes[bit / 8] ^= 1 << (bit % 8)
        }
        bytes = map().encoded()
        for bit in 0..<bytes.count * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8)
            if let map = try? ClusterMap(decoding: bytes) { #expect(map.encoded() == bytes, "bit \(bit)") }
            bytes[bit / 8] ^= 1 << (bit % 8)
        }
    }

    @Test func anotherFormatIsNamed() {
        #expect(throws: ByteError.invalid("cluster map in format 2, this program reads format 1")) {
            _ = try ClusterMap(decoding: [2])
        }
    }
}
