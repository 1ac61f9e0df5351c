import Basics
import Testing

@testable import Cluster

@Suite struct PlanJobPropertyTests {
    /// Workers come and go, answers are lost and doubled, the coordinator restarts at any step: in the end every city
    /// was planned once.
    @Test func everyStormEndsDoneWithEveryCityPlannedOnce() {
        for seed in 0..<UInt64(200) {
            var random = SeededRandom(seed: seed)
            let cities = (0..<UInt32(1 + random.below(6))).map { CityID($0) }
            let patience = JobPatience(absence: .max, answer: 3, losses: .max)
            var job = PlanJob(.init(job: JobID(1), seedsPerCity: 5, seed: seed, cities: cities, patience: patience))
            var asked: [CityID] = []
            var finished = 0
            var clock: UInt64 = 0
            func tell(_ event: PlanJob.Event) {
                for action in job.handle(event) {
                    if case .plan(let city) = action { asked.append(city) }
                    if action == .finished { finished += 1 }
                }
            }
            func answer() {
                guard !asked.isEmpty else { return }
                let city = asked.remove(at: random.below(asked.count))
                tell(.planned(city, seeds: city.number + 1, created: 1))
            }
            tell(.start(alive: []))
            for _ in 0..<60 {
                let city = cities[random.below(cities.count)]
                switch random.below(9) {
                case 0: tell(.lost(city))
                case 1, 2: tell(.reached(city))
                case 3: asked = Array(asked.dropLast())
                case 4: tell(.failed(city, detail: "busy", retry: true))
                case 5:
                    let read = try? PlanJob(decoding: job.encoded())
                    #expect(read == job, "seed \(seed)")
                    job = read ?? job
                    tell(.start(alive: cities.filter { _ in random.below(2) == 0 }))
                case 6: tell(random.below(2) == 0 ? .pause : .resume)
                default: answer()
                }
            }
            tell(.resume)
            for city in cities { tell(.reached(city)) }
            for _ in 0..<200 where finished == 0 {
                clock += 1
                tell(.tick(Tick(clock)))
                answer()
            }
            #expect(job.state == .done && finished == 1, "seed \(seed): \(job.state)")
            #expect(job.outcomes.map(\.city) == cities)
            #expect(job.seeds == cities.reduce(0) { $0 + UInt64($1.number) + 1 })
        }
    }
}
