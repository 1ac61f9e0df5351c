import Basics
import Graph
import Testing
import World

@testable import Learn

/// Cities that exchange rows between layers have the embeddings of one process that has them all.
@Suite struct CityInferenceTests {
    let pool = ComputePool(threads: 2)

    /// A made-up world whose people also visit, and have friends, elsewhere.
    func trainers(_ change: (inout GraphRecConfiguration) -> Void = { _ in }) throws -> [CityTrainer] {
        let cities = 3
        var random = SeededRandom(seed: 4)
        var records = [[Record]](repeating: [], count: cities)
        func home(_ person: Int) -> Int { person % cities }
        func person(_ number: Int) -> Record {
            .person(Person(id: PersonID(UInt64(number)), homeCity: CityID(UInt32(home(number)))))
        }
        for number in 0..<90 { records[home(number)].append(person(number)) }
        for place in 0..<60 {
            records[place % cities].append(
                .place(
                    Place(
                        id: PlaceID(UInt64(place)), city: CityID(UInt32(place % cities)), neighborhood: 0,
                        categories: (0..<6).map { $0 == place % 6 ? 1 : 0 },
                        fineTags: (0..<100).map { $0 == place ? 1 : 0 })))
        }
        for number in 0..<1200 {
            let (who, place) = (random.below(90), random.below(60))
            // Two of three visits are made at home.
            let spot = random.below(3) < 2 ? place / cities * cities + home(who) : place
            records[spot % cities].append(
                .visit(
                    Visit(
                        person: PersonID(UInt64(who)), place: PlaceID(UInt64(spot)),
                        time: Timestamp(milliseconds: 1_333_324_800_000 + Int64(number) * 3_600_000),
                        likes: UInt16(random.below(3)), attended: random.below(2) == 0)))
            if home(who) != spot % cities { records[spot % cities].append(person(who)) }
        }
        for _ in 0..<200 {
            let (one, other) = (random.below(90), random.below(90))
            if one == other { continue }
            let tie = Record.friendship(
                Friendship(
                    first: PersonID(UInt64(min(one, other))), second: PersonID(UInt64(max(one, other))),
                    interestOverlap: random.uniformFloat(), coAttendance: 1))
            for city in Set([home(one), home(other)]) {
                records[city] += [tie, person(one), person(other)]
            }
        }
        var configuration = GraphRecConfiguration()
        configuration.dimensions = 32
        change(&configuration)
        return try records.enumerated().map { number, records in
            var builder = CityGraphBuilder(city: CityID(UInt32(number)))
            for record in records { builder.add(record) }
            return try CityTrainer(
                graph: builder.build(pool: pool), configuration: configuration, seed: UInt64(number), state: nil)
        }
    }

    private func exchanged(_ trainers: [CityTrainer], weights: [Float], shares: [Float]) -> [CityEmbeddings] {
        let told = trainers.map { $0.guestVisits() }
        let cities = zip(trainers, shares).map { trainer, share in
            var visits: [CityID: GuestVisits] = [:]
            for (number, told) in told.enumerated() { visits[CityID(UInt32(number))] = told[trainer.graph.city] }
            return CityInference(trainer, weights: weights, ownShare: share, visits: visits, pool: pool)
        }
        for _ in 0..<cities[0].layers {
            let rows = trainers.map { trainer in cities.map { $0.rows(for: trainer.graph.city) } }
            for (index, city) in cities.enumerated() {
                var taken: [CityID: GuestRows] = [:]
                for home in cities.indices where home != index { taken[CityID(UInt32(home))] = rows[index][home] }
                #expect(city.take(taken) == nil)
            }
            for city in cities { city.advance() }
        }
        return cities.map { $0.embeddings() }
    }

    @Test func exchangedRowsGiveTheEmbeddingsOfTheUnion() throws {
        let trainers = try trainers()
        let weights = SharedWeights.initial(trainers[0].configuration, seed: 3).values
        let shares: [Float] = [1, 0.25, 0]
        let found = exchanged(trainers, weights: weights, shares: shares)
        let union = unionEmbeddings(of: trainers, weights: weights, ownShares: shares, pool: pool)
        var (largest, alone) = (Float(0), Float(0))
        for (index, trainer) in trainers.enumerated() {
            let (d, graph) = (trainer.configuration.dimensions, trainer.graph)
            let apart = trainer.embeddings(weights: weights, ownShare: shares[index], pool: pool)
            #expect(graph.people.count > graph.residents, "a city without guests tests nothing")
            func compare(_ rows: [Float], _ whole: [Float], _ cut: [Float], count: Int) {
                for row in 0..<count {
                    for column in 0..<d {
                        let truth = whole[row * d + column]
                        largest = max(largest, abs(rows[row * (d + 1) + column] - truth))
                        alone = max(alone, abs(cut[row * (d + 1) + column] - truth))
                    }
                }
            }
            compare(found[index].people, union[index].residents, apart.people, count: graph.residents)
            compare(found[index].places, union[index].places, apart.places, count: graph.places.count)
        }
        #expect(largest < 1e-5, "\(largest)")
        #expect(alone > 1e-2, "without the exchange nothing is missing, so this tests nothing")
    }

    /// Who stops taking part is not heard of any more, but for what is known here of the people.
    @Test func aCityThatFallsSilentIsLeftOut() throws {
        let trainers = try trainers()
        let weights = SharedWeights.initial(trainers[0].configuration, seed: 3).values
        func embedded(_ visits: [CityID: GuestVisits]) -> CityEmbeddings {
            let city = CityInference(trainers[0], weights: weights, visits: visits, pool: pool)
            for _ in 0..<city.layers {
                #expect(city.take([:]) == nil)
                city.advance()
            }
            return city.embeddings()
        }
        let visits = try #require(trainers[1].guestVisits()[CityID(0)])
        #expect(!visits.places.isEmpty)
        let alone = embedded([:])
        #expect(embedded([CityID(1): visits]) == alone)
        #expect(alone == trainers[0].embeddings(weights: weights, pool: pool))
    }

    @Test func whatIsToldSurvivesTheWireAndDamageIsNoticed() throws {
        let trainers = try trainers()
        let visits = try #require(trainers[1].guestVisits()[CityID(0)])
        let rows = GuestRows(people: [PersonID(4), PersonID(9)], places: [PlaceID(2)], rows: [1, 2, 3, 4, 5, 6])
        var (writer, rowWriter) = (ByteWriter(), ByteWriter())
        visits.encode(into: &writer)
        rows.encode(into: &rowWriter)
        var reader = ByteReader(writer.bytes)
        #expect(try GuestVisits(from: &reader) == visits)
        reader = ByteReader(rowWriter.bytes)
        #expect(try GuestRows(from: &reader) == rows)
        for count in stride(from: 0, to: writer.bytes.count, by: 97) {
            var cut = ByteReader(Array(writer.bytes[..<count]))
            #expect(throws: ByteError.self) { try GuestVisits(from: &cut) }
        }
        var damaged = GuestRows(people: rows.people, places: rows.places, rows: Array(rows.rows.dropLast()))
        damaged.rows.removeLast(1)
        var other = ByteWriter()
        damaged.encode(into: &other)
        var bad = ByteReader(other.bytes)
        #expect(throws: ByteError.self) { try GuestRows(from: &bad) }
    }
}
