import Basics
import Foundation
import Learn
import Nearest
import Plans
import Store
import Synchronization
import Testing
import Wire
import World

@testable import Shard

/// What a city answers while models, rows and versions change under it.
@Suite struct ServingTests {
    private let city = CityID(0)
    private let pool = ComputePool(threads: 2)

    private func withShard(_ body: (CityShard, String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("muster-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let shard = try open(folder.path)
        defer { shard.close() }
        try body(shard, folder.path)
    }

    private func open(_ folder: String) throws -> CityShard {
        try CityShard(directory: folder, city: city, name: "Here", cluster: 1, outboxIfNew: 1)
    }

    private func fill(_ shard: CityShard) throws {
        let world = SyntheticDataSet(
            SyntheticConfiguration(people: 120, places: 90, cities: 1, visitsPerPerson: 12, seed: 3))
        var records: [Record] = []
        try world.read(
            cities: [try world.cityNames()[0]: city], emit: { records.append($1) }, reject: { _ in },
            progress: { _ in })
        _ = try shard.importBlock(RecordBlock(city: city, records: records).encoded())
    }

    /// A model that was trained for a moment, from a seed of its own.
    private func publish(_ version: UInt64, _ name: String = "graphrec", in shard: CityShard) throws {
        let model = ModelOrder(model: name, settings: [.init(name: "dimensions", value: "32")]).block
        let round = TrainRound(job: JobID(version), round: 0, steps: 2, seed: version, model: model)
        _ = try shard.trainRound(round, weights: [], pool: pool, isCancelled: { false })
        let (answer, frames) = try shard.delta(DeltaRequest(job: JobID(version), round: 0))
        let (delta, base) = (answer.format.unpacked(frames[0]) ?? [], answer.format.unpacked(frames[1]) ?? [])
        let weights = zip(base, delta).map { $0 + $1 }
        _ = try shard.publish(
            PublishModel(
                job: JobID(version), version: ModelVersion(version), seed: version, model: model, rounds: 1),
            weights: weights, pool: pool)
        try shard.keepVersion(ModelVersion(version), pool: pool)
    }

    private func places(_ shard: CityShard, _ person: UInt64, version: UInt64 = 0) throws -> PlaceRecommendations {
        let order = RecommendPlaces(person: PersonID(person), count: 5, version: ModelVersion(version))
        return try shard.recommendPlaces([Question(order, stranger: nil)])[0].get()
    }

    @Test func aCityAnswersOnceItHasAModelAndAfterARestart() throws {
        try withShard { shard, folder in
            try fill(shard)
            #expect(throws: ShardError.noModel(city: "Here")) { try places(shard, 7) }
            try publish(1, in: shard)
            let answer = try places(shard, 7)
            #expect(
                answer.places.count == 5
                    && answer.asker == AskerRow(version: ModelVersion(1), isKnown: true, isAway: false))
            shard.close()
            let again = try open(folder)
            defer { again.close() }
            #expect(throws: ShardError.notReady(city: "Here")) { try places(again, 7) }
            try again.prepareServing(pool: pool)
            #expect(try places(again, 7) == answer)
        }
    }

    @Test func anIndexOfListsIsKeptAndADamagedOneMadeAnew() throws {
        try withShard { shard, _ in
            let (version, dimensions) = (ModelVersion(1), 2)
            var random = SeededRandom(seed: 9)
            let rows = (0..<RowIndex.listedMin * dimensions).map { _ in Float(random.normal()) }
            func index() throws -> RowIndex {
                try shard.index(of: .places, version, rows: rows, dimensions: dimensions, pool: pool)
            }
            func kept() throws -> [UInt8]? {
                try shard.store.database.get(.model, key: ShardKeys.index(.places, of: version))
            }
            func probes(of index: RowIndex) -> Int? { if case .lists(_, let probes) = index { probes } else { nil } }
            #expect(try kept() == nil)
            let made = try index()
            let bytes = try #require(try kept())
            guard case .lists(let lists, let usual) = made else { preconditionFailure("so many rows have lists") }
            // One that looks at more lists is as whole: what comes back is what was kept, and not made anew.
            try put(try #require(RowIndex.lists(lists, probes: usual + 1).encoded(vectors: rows)))
            #expect(try probes(of: index()) == usual + 1)
            var damaged = bytes
            damaged[bytes.count / 2] ^= 1
            try put(damaged)
            #expect(try probes(of: index()) == usual)
            #expect(try kept() == bytes)

            func put(_ value: [UInt8]) throws {
                var batch = WriteBatch()
                batch.put(.model, key: ShardKeys.index(.places, of: version), value: value)
                try shard.store.database.commit(batch)
            }
        }
    }

    @Test func whoIsImportedIsKnownByTheNextQuestion() throws {
        try withShard { shard, _ in
            try fill(shard)
            try publish(1, in: shard)
            let news: [Record] = [
                .person(
                    Person(id: PersonID(5000), homeCity: city, finePreference: [1] + [Float](repeating: 0, count: 99))),
                .person(Person(id: PersonID(5001), homeCity: CityID(3))),
                .place(Place(id: PlaceID(6000), city: city, categories: [1, 0, 0, 0, 0, 0])),
            ]
            #expect(throws: ShardError.unknownPerson(city: "Here", person: PersonID(5000))) { try places(shard, 5000) }
            _ = try shard.importBlock(RecordBlock(city: city, records: news).encoded())
            let resident = try places(shard, 5000)
            #expect(resident.places.count == 5 && !resident.asker.isKnown && !resident.asker.isAway)
            #expect(try places(shard, 5001).asker.isAway)
            let order = RecommendPlaces(person: PersonID(5000), count: 100)
            let all = try shard.recommendPlaces([Question(order, stranger: nil)])[0].get()
            #expect(all.places.contains { $0.place == PlaceID(6000) })
            #expect(try shard.resident(PersonID(5000)) != nil && shard.resident(PersonID(5001)) == nil)
            // What is put in place later has them, too.
            try publish(2, in: shard)
            #expect(try places(shard, 5000).asker.version == ModelVersion(2))
        }
    }

    @Test func aLightModelRanksByInnerProductsAndJudgesNoPairs() throws {
        try withShard { shard, _ in
            try fill(shard)
            try publish(1, "lightgcn", in: shard)
            let news = [Record.person(Person(id: PersonID(5000), homeCity: city))]
            _ = try shard.importBlock(RecordBlock(city: city, records: news).encoded())
            for person in [UInt64(7), 5000] {
                let answer = try places(shard, person)
                #expect(answer.places.count == 5 && answer.asker.isKnown == (person == 7))
                #expect(answer.places.map(\.score) == answer.places.map(\.score).sorted(by: >))
            }
            let people = shard.recommendPeople([
                Question(RecommendPeople(person: PersonID(7), count: 3), stranger: nil)
            ])
            #expect(throws: ShardError.self) { try people[0].get() }
        }
    }

    @Test func mistakesAreToldAndSpoilNobodyElsesAnswer() throws {
        try withShard { shard, _ in
            try fill(shard)
            try publish(1, in: shard)
            func ask(_ order: RecommendPlaces) -> Question<RecommendPlaces> { Question(order, stranger: nil) }
            let stranger = Person(id: PersonID(9000), homeCity: CityID(4))
            let outcomes = shard.recommendPlaces([
                ask(RecommendPlaces(person: PersonID(7), count: 3)),
                ask(RecommendPlaces(person: PersonID(7), count: 3, slot: "evning")),
                ask(RecommendPlaces(person: PersonID(7), count: 0)),
                ask(RecommendPlaces(person: PersonID(7), count: 3, version: ModelVersion(8))),
                ask(RecommendPlaces(person: PersonID(9000), count: 3)),
                Question(RecommendPlaces(person: PersonID(9000), count: 3), stranger: stranger),
            ])
            #expect(outcomes.map { (try? $0.get())?.places.count } == [3, nil, nil, nil, nil, 3])
            func error(_ number: Int) -> String {
                if case .failure(let error) = outcomes[number] { "\(error)" } else { "" }
            }
            #expect(error(1).contains("did you mean 'evening'?") && error(2).contains("1 to 100"))
            #expect(error(3).contains("does not keep model 8; there is 1"))
            let people = shard.recommendPeople([
                Question(RecommendPeople(person: PersonID(7), count: 3, place: PlaceID(77_777)), stranger: nil)
            ])
            #expect(throws: ShardError.unknownPlace(city: "Here", place: PlaceID(77_777))) { try people[0].get() }
        }
    }

    @Test func theVersionBeforeIsKeptAndCanComeBack() throws {
        try withShard { shard, folder in
            try fill(shard)
            try publish(1, in: shard)
            let first = try places(shard, 7)
            try publish(2, in: shard)
            let second = try places(shard, 7)
            #expect(first != second && second.asker.version == ModelVersion(2))
            #expect(try places(shard, 7, version: 1) == first, "side by side")
            try shard.keepVersion(ModelVersion(1), pool: pool)
            #expect(try places(shard, 7) == first && places(shard, 7, version: 2) == second)
            try shard.keepVersion(ModelVersion(1), pool: pool)
            #expect(try places(shard, 7) == first, "asked for again")
            #expect(throws: ShardError.self) { try shard.keepVersion(ModelVersion(9), pool: pool) }
            shard.close()
            let again = try open(folder)
            defer { again.close() }
            try again.prepareServing(pool: pool)
            #expect(try places(again, 7) == first, "the choice is durable")
            #expect(again.report().modelVersion == ModelVersion(1))
        }
    }

    @Test func aHundredSwapsUnderLoadFailNoQuestionAndMixNoAnswer() throws {
        try withShard { shard, _ in
            try fill(shard)
            try publish(1, in: shard)
            let people = Array(UInt64(0)..<20)
            let first = try people.map { try places(shard, $0) }
            try publish(2, in: shard)
            let second = try people.map { try places(shard, $0) }
            let faults = Mutex([String]())
            let asked = Atomic<Int>(0)
            let isOver = Atomic<Bool>(false)
            let done = Monitor<Int>(0)
            for thread in 0..<2 {
                startThread {
                    var next = thread
                    while !isOver.load(ordering: .relaxed) {
                        let person = next % people.count
                        next += 1
                        do {
                            let answer = try places(shard, people[person])
                            let isWhole = answer == (answer.asker.version == ModelVersion(1) ? first : second)[person]
                            if !isWhole { faults.withLock { $0.append("mixed: \(answer)") } }
                        } catch {
                            faults.withLock { $0.append("\(error)") }
                        }
                        asked.add(1, ordering: .relaxed)
                    }
                    done.withLock { count, wake in
                        count += 1
                        wake()
                    }
                }
            }
            for swap in 0..<100 { try shard.keepVersion(ModelVersion(UInt64(1 + swap % 2)), pool: pool) }
            isOver.store(true, ordering: .relaxed)
            _ = done.wait(milliseconds: 60_000) { $0 == 2 ? .done(()) : .notYet }
            #expect(faults.withLock { $0 } == [])
            #expect(asked.load(ordering: .relaxed) > 0)
        }
    }
}
