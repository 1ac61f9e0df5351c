import Basics
import Testing

@testable import Influence

/// A place that answers no more.
private struct PlaceLost: Error, Equatable { var place: Int }

/// Places in this process; questions and answers go through their bytes.
private struct HandCarried: InfluencePlaces {
    var places: [InfluencePlace]
    /// How many questions the last place answers before it is gone.
    var patience = Int.max
    private(set) var bytes = 0

    init(_ places: [InfluencePlace], patience: Int = .max) {
        self.places = places
        self.patience = patience
    }

    mutating func ask(_ questions: [(place: Int, question: PlaceQuestion)]) throws(PlaceLost) -> [PlaceAnswer] {
        var answers: [PlaceAnswer] = []
        for (place, question) in questions {
            if place == places.count - 1 {
                patience -= 1
                if patience < 0 { throw PlaceLost(place: place) }
            }
            do {
                var writer = ByteWriter(), reply = ByteWriter()
                question.encode(into: &writer)
                var reader = ByteReader(writer.bytes)
                try places[place].answer(try PlaceQuestion(from: &reader)).encode(into: &reply)
                try reader.finish()
                bytes += writer.bytes.count + reply.bytes.count
                var back = ByteReader(reply.bytes)
                answers.append(try PlaceAnswer(from: &back))
                try back.finish()
            } catch {
                Issue.record("\(question) to \(place): \(error)")
                throw PlaceLost(place: place)
            }
        }
        return answers
    }
}

@Suite struct ShardedTests {
    private let pool = ComputePool(threads: 2)

    private func graphs() throws -> [InfluenceGraph] {
        let base = try randomGraph(vertices: 120, edges: 700, seed: 4)
        guard case .each(let each) = base.chances else {
            Issue.record("chances differ here")
            return []
        }
        return [
            base,
            try InfluenceGraph(
                offsets: base.offsets, sources: base.sources, chances: .weightedCascade(factor: 1)),
            try InfluenceGraph(
                offsets: base.offsets, sources: base.sources, chances: .weightedCascade(factor: 1),
                model: .linearThreshold),
            try InfluenceGraph(
                offsets: base.offsets, sources: base.sources,
                chances: .each(thresholdWeights(each, offsets: base.offsets)),
                model: .linearThreshold),
        ]
    }

    /// Place after place, so many people in each.
    private func divide(_ graph: InfluenceGraph, _ people: [Int], seed: UInt64) throws -> [InfluencePlace] {
        let bases = people.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
        return try people.indices.map { place in
            let mine = bases[place]..<bases[place + 1]
            var offsets: [UInt32] = [0], sources: [UInt32] = [], chances: [Float] = []
            var far: [FarVertex] = []
            for vertex in mine {
                for edge in Int(graph.offsets[vertex])..<Int(graph.offsets[vertex + 1]) {
                    let source = Int(graph.sources[edge])
                    chances.append(Float(graph.chance(of: edge, into: vertex)))
                    if mine.contains(source) {
                        sources.append(UInt32(source - mine.lowerBound))
                        continue
                    }
                    let home = bases.lastIndex { $0 <= source }!
                    let name = FarVertex(place: UInt16(home), vertex: UInt32(source - bases[home]))
                    if !far.contains(name) { far.append(name) }
                    sources.append(UInt32(mine.count + far.firstIndex(of: name)!))
                }
                offsets.append(UInt32(sources.count))
            }
            offsets += far.map { _ in UInt32(sources.count) }
            // Chances stand per edge where they are unequal; else a row's own length says them.
            var rule = graph.chances
            if case .each = rule { rule = .each(chances) }
            return InfluencePlace(
                try InfluenceGraph(offsets: offsets, sources: sources, chances: rule, model: graph.model), far: far,
                base: UInt32(mine.lowerBound), seed: seed)
        }
    }

    private func questions(seed: UInt64) throws -> [InfluenceOptions] {
        let costs = AskingCosts.self
        let limits: [ChoiceLimit] = [
            .number, .costs(try costs.init((0..<120).map { 1 + Float($0 % 7) }, total: 12)),
            .quotas(CommunityQuotas((0..<120).map { UInt32($0 / 40) }, most: [1, 3, 2])),
        ]
        return try limits.flatMap { limit in
            [
                try InfluenceOptions(budget: 5, limit: limit, seed: seed, usesSentinels: false),
                try InfluenceOptions(
                    budget: 5, limit: limit, seed: seed, usesSentinels: false, forced: [40], forbidden: [0, 7, 119]),
            ]
        }
    }

    @Test(arguments: [[120], [50, 70], [1, 60, 59], [30, 0, 30, 60]])
    func severalPlacesChooseAsOneOnTheUnion(people: [Int]) throws {
        let values = try RootTable(values: (0..<120).map { Float($0 % 3) })
        for graph in try graphs() {
            for options in try questions(seed: 6) {
                for values in [nil, values] {
                    let one = maximizeInfluence(
                        SetSampler(graph, threads: 2), options: options, values: values, pool: pool)
                    var places = HandCarried(try divide(graph, people, seed: 6))
                    let union = try maximizeInfluence(over: &places, people: people, options: options, values: values)
                    #expect(union.seeds == one.seeds && union.marginal == one.marginal)
                    #expect(union.spread == one.spread && union.certifiedRatio == one.certifiedRatio)
                    #expect(union.sets == one.sets && union.kept == one.kept)
                    #expect(places.bytes > 0)
                }
            }
        }
    }

    @Test func aPlaceThatIsLostEndsTheSearchWhereverItStands() throws {
        let graph = try graphs()[1]
        let options = try InfluenceOptions(budget: 5, seed: 6, usesSentinels: false)
        var answered = 0
        while true {
            var places = HandCarried(try divide(graph, [60, 60], seed: 6), patience: answered)
            do {
                _ = try maximizeInfluence(over: &places, people: [60, 60], options: options)
                break
            } catch {
                #expect(error == PlaceLost(place: 1))
            }
            answered += 1
        }
        #expect(answered > 10)
    }

    @Test func nobodyIsThereToBeChosen() throws {
        let empty = try InfluenceGraph(offsets: [0], sources: [], chances: .weightedCascade(factor: 1))
        var places = HandCarried([InfluencePlace(empty, far: [], base: 0, seed: 1)])
        let options = try InfluenceOptions(budget: 5, seed: 1, usesSentinels: false)
        let result = try maximizeInfluence(over: &places, people: [0], options: options)
        #expect(result.seeds.isEmpty && result.certifiedRatio == 1)
    }

    @Test func questionsAboutStrangersAreRefused() throws {
        var place = try divide(try graphs()[1], [60, 60], seed: 6)[0]
        let entry = FrontierEntry(set: 0, vertex: 60)
        for question in [PlaceQuestion.goOn([entry]), .draw(.choosing, goals: [60], entries: []), .take(60)] {
            #expect(throws: InfluenceError.stranger(60)) { try place.answer(question) }
        }
        _ = try place.answer(.count(10))
        #expect(throws: InfluenceError.stranger(10)) { try place.answer(.meet([10])) }
    }

    @Test func aLongAnswerLeavesInPieces() throws {
        // One far friend, who comes with everybody: as many entries leave as sets begin.
        let graph = try InfluenceGraph(offsets: [0, 1, 1], sources: [1], chances: .each([1]))
        var place = InfluencePlace(graph, far: [FarVertex(place: 1, vertex: 9)], base: 0, seed: 1)
        let begun = (0..<UInt32(PlaceAnswer.entriesMax + 5)).map { FrontierEntry(set: $0, vertex: 0) }
        var answer = try place.answer(.draw(.choosing, goals: [], entries: begun))
        #expect(answer.frontier[1]?.count == PlaceAnswer.entriesMax && answer.isWaiting)
        answer = try place.answer(.goOn([]))
        #expect(answer.frontier[1]?.count == 5 && !answer.isWaiting)
    }
}
