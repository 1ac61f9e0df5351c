import Basics
import Graph
import Testing

@testable import Learn

/// Steps that hear what people do in other cities.
extension CityInferenceTests {
    /// The rows after one layer of all whom a city knows, hearing what is elsewhere.
    private func rows(_ trainer: CityTrainer, _ across: CityAcross, weights: [Float]) -> (
        people: [Float], places: [Float]
    ) {
        let graph = trainer.graph
        let neighborhood = across.messages.neighborhood(
            people: graph.people.indices.map { UInt32($0) }, places: graph.places.indices.map { UInt32($0) },
            excluding: [], layers: 1)
        var tape = Tape<Float>(parameters: weights, pool: pool)
        let rows = trainer.model.embed(neighborhood, across.inputs, own: nil, on: &tape)
        return (tape.row(rows.people), tape.row(rows.places))
    }

    @Test func acrossCitiesEverybodyHearsAfterOneLayerWhatTheUnionHears() throws {
        let trainers = try trainers {
            ($0.fanouts, $0.hasOwnEmbeddings, $0.validationShare) = ([10], false, 0)
        }
        let d = trainers[0].configuration.dimensions
        let weights = SharedWeights.initial(trainers[0].configuration, seed: 3).values
        let union = unionEmbeddings(of: trainers, weights: weights, ownShares: [1, 1, 1], pool: pool)
        var (largest, alone, guests) = (Float(0), Float(0), 0)
        for (index, trainer) in trainers.enumerated() {
            let graph = trainer.graph
            let found = rows(trainer, CityAcross(trainer, among: trainers), weights: weights)
            let cut = trainer.embeddings(weights: weights, pool: pool)
            for (person, id) in graph.people.enumerated() {
                let home = Int(graph.home(of: UInt32(person)).number)
                let row = Int(try #require(trainers[home].graph.localPerson(id)))
                if home != index { guests += 1 }
                for column in 0..<d {
                    let truth = union[home].residents[row * d + column]
                    largest = max(largest, abs(found.people[person * d + column] - truth))
                    alone = max(alone, abs(cut.people[person * (d + 1) + column] - truth))
                }
            }
            for (value, truth) in zip(found.places, union[index].places) { largest = max(largest, abs(value - truth)) }
        }
        #expect(guests > 0, "a world without guests tests nothing")
        #expect(largest < 1e-5, "\(largest)")
        #expect(alone > 1e-2, "nothing is missing alone, so this tests nothing")
    }

    @Test func whatAStepPredictsIsSilentBesideWhatIsElsewhere() throws {
        let trainer = try trainers()[0]
        let graph = trainer.graph
        let messages = CityAcross(trainer, among: try trainers()).messages
        let person = try #require(graph.people.indices.first { !graph.friends(of: UInt32($0)).isEmpty && $0 > 5 })
        let edge = graph.friends(of: UInt32(person)).lowerBound
        let visit = try #require(graph.visits(of: UInt32(person)).first)
        let place = graph.visitPlaces[visit]
        let people = graph.people.indices.map { UInt32($0) }
        let places = graph.places.indices.map { UInt32($0) }
        let layer = try #require(
            messages.neighborhood(
                people: people, places: places, excluding: [UInt64(person) << 32 | UInt64(place)],
                silent: [UInt32(edge)], layers: 1
            ).layers.first)
        /// The other ends of the silent messages of a row; all others are empty.
        func silent(_ rows: MessageRows, of kinds: Int, in row: Int) -> Set<UInt32> {
            let all = (0..<rows.count).filter { rows.kinds[$0] == UInt32(kinds) }
            #expect(all.allSatisfy { Int(rows.offsets[row]) <= $0 && $0 < Int(rows.offsets[row + 1]) })
            return Set(all.map { rows.others[$0] })
        }
        let across = CityAcross(trainer, among: try trainers()).inputs
        let friends = (layer.social.byTarget, across.friendshipKinds.count)
        let visits = (layer.revInteracts.byTarget, across.visitKinds.count)
        let visitors = (layer.interacts.byTarget, across.visitKinds.count)
        #expect(silent(friends.0, of: friends.1, in: person) == [graph.socialNeighbors[edge]])
        #expect(silent(visits.0, of: visits.1, in: person) == [place])
        #expect(silent(visitors.0, of: visitors.1, in: Int(place)) == [UInt32(person)])
    }

    private func part(_ bytes: [UInt8]) throws(ByteError) -> ElsewherePart {
        var reader = ByteReader(bytes)
        let part = try ElsewherePart(from: &reader)
        try reader.finish()
        return part
    }

    @Test func whatIsToldIsReadAndHeardAlike() throws {
        let trainers = try trainers { $0.plan = .whole }
        let (asker, teller) = (trainers[0], trainers[1])
        let told = teller.elsewhere(for: asker.graph.city, guests: asker.guests)
        #expect(!told.people.isEmpty && !told.guests.isEmpty && !told.strangers.isEmpty)
        let here = told.people.filter { asker.graph.localPerson($0) != nil }
        #expect(here == told.people, "people were told whom the city does not know")
        #expect(told.strangers.allSatisfy { asker.graph.localPerson($0) == nil })
        var writer = ByteWriter()
        told.encode(into: &writer)
        let read = try part(writer.bytes)
        #expect(read == told && read.fits(asker))
        // What was kept back there is not heard here.
        let silent = teller.validation.pairs.count { pair in
            asker.graph.localPerson(teller.graph.people[Int(pair >> 32)]) != nil
        }
        let all = told.people.reduce(0) { sum, person in
            sum + (teller.graph.localPerson(person).map { teller.graph.visits(of: $0).count } ?? 0)
        }
        #expect(told.visits.count < all || silent == 0)

        let (once, again) = (try self.trainers { $0.plan = .whole }, trainers)
        let weights = SharedWeights.initial(asker.configuration, seed: 3).values
        once[0].across = CityAcross(once[0], among: [once[0], once[1]])
        again[0].across = CityAcross(again[0], parts: [teller.graph.city: read])
        let results = try [once[0], again[0]].map {
            try $0.round(0, weights: weights, steps: 2, pool: pool, isCancelled: { false }).weights
        }
        #expect(results[0] == results[1])
        // Other models have rows of another width, or fewer rows of a table.
        let wide = try self.trainers { $0.neighborhoodBuckets = 7 }
        let narrow = try self.trainers { $0.cityBuckets = 1 }
        #expect(!told.fits(wide[0]) && !told.fits(narrow[0]))
    }

    @Test func whatIsToldInDamagedBytesIsRefusedOrHeard() throws {
        let trainers = try trainers()
        let asker = trainers[0]
        var writer = ByteWriter()
        trainers[1].elsewhere(for: asker.graph.city, guests: Array(asker.guests.prefix(3))).encode(into: &writer)
        let bytes = writer.bytes
        for count in 0..<bytes.count {
            #expect(throws: ByteError.self, "cut to \(count)") { try part(Array(bytes[..<count])) }
        }
        #expect(throws: ByteError.trailing(1)) { try part(bytes + [0]) }
        let weights = SharedWeights.initial(asker.configuration, seed: 3).values
        var (random, read, refused) = (SeededRandom(seed: 3), 0, 0)
        for index in bytes.indices {
            var damaged = bytes
            damaged[index] ^= 1 << UInt8(random.below(8))
            guard let part = try? part(damaged), part.fits(asker) else {
                refused += 1
                continue
            }
            read += 1
            if random.below(100) > 0 { continue }
            let found = rows(
                asker, CityAcross(asker, parts: [trainers[1].graph.city: part]), weights: weights)
            #expect(found.people.count == asker.graph.people.count * asker.configuration.dimensions)
        }
        #expect(read > 100 && refused > 100, "\(read), \(refused)")
    }

    @Test func aRoundThatHearsElsewhereIsAnotherAndMovesOnlyTheCitysOwnRows() throws {
        let (alone, hearing) = (try trainers { $0.plan = .whole }, try trainers { $0.plan = .whole })
        let weights = SharedWeights.initial(alone[0].configuration, seed: 3).values
        func round(_ trainer: CityTrainer) throws -> RoundOutcome {
            try trainer.round(0, weights: weights, steps: 2, pool: pool, isCancelled: { false })
        }
        hearing[0].across = CityAcross(hearing[0], among: hearing)
        let (one, other) = (try round(alone[0]), try round(hearing[0]))
        #expect(one.weights != other.weights)
        #expect(one.samples == other.samples)
        #expect(hearing[0].own.places.rows == hearing[0].graph.places.count)
        // A city of which nothing is known elsewhere hears what it hears alone.
        let again = try trainers { $0.plan = .whole }
        again[0].across = CityAcross(again[0], among: [again[0]])
        #expect(again[0].across?.messagesMore == 0)
        let same = try round(again[0])
        #expect(abs(same.meanLoss - one.meanLoss) < 1e-3, "\(same.meanLoss), \(one.meanLoss)")
        #expect(abs(other.meanLoss - one.meanLoss) > 1e-3, "what is elsewhere says nothing, so this tests nothing")
    }
}

extension Tape where Number == Float {
    fileprivate func row(_ value: Value) -> [Float] {
        Array(UnsafeBufferPointer(start: node(value).value, count: node(value).count))
    }
}
