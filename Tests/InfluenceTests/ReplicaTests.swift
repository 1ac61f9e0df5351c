import Basics
import Testing

@testable import Influence

/// A holder that answers no more.
private struct HolderLost: Error, Equatable {}

/// Holders in this process; graphs, questions and answers go through their bytes.
private struct Holders: ReplicaPlaces {
    private var places: [ReplicaPlace] = []
    private var patience: Int
    private(set) var bytes = 0
    var count: Int { places.count }

    init(
        _ graph: InfluenceGraph, count: Int, seed: UInt64, values: RootTable? = nil, patience: Int = .max
    ) throws {
        self.patience = patience
        for holder in 0..<count {
            var writer = ByteWriter()
            graph.encode(into: &writer)
            var reader = ByteReader(writer.bytes)
            let copy = try InfluenceGraph(from: &reader)
            try reader.finish()
            // How many threads a holder has changes nothing.
            let threads = 1 + holder % 2
            places.append(
                ReplicaPlace(
                    SetSampler(copy, threads: threads), seed: seed, values: values,
                    pool: ComputePool(threads: threads)))
        }
    }

    mutating func ask(_ questions: [ReplicaQuestion]) throws(HolderLost) -> [ReplicaAnswer] {
        precondition(questions.count == places.count)
        patience -= 1
        if patience < 0 { throw HolderLost() }
        var answers: [ReplicaAnswer] = []
        for (place, question) in questions.enumerated() {
            do {
                var writer = ByteWriter(), reply = ByteWriter()
                question.encode(into: &writer)
                var reader = ByteReader(writer.bytes)
                try places[place].answer(try ReplicaQuestion(from: &reader)).encode(into: &reply)
                try reader.finish()
                bytes += writer.bytes.count + reply.bytes.count
                var back = ByteReader(reply.bytes)
                answers.append(try ReplicaAnswer(from: &back))
                try back.finish()
            } catch {
                Issue.record("\(question) to \(place): \(error)")
                throw HolderLost()
            }
        }
        return answers
    }
}

@Suite struct ReplicaTests {
    private let pool = ComputePool(threads: 2)

    private func graphs() throws -> [InfluenceGraph] {
        let base = try randomGraph(vertices: 120, edges: 700, seed: 4)
        func with(_ chances: EdgeChances, _ model: CascadeModel) throws -> InfluenceGraph {
            try InfluenceGraph(offsets: base.offsets, sources: base.sources, chances: chances, model: model)
        }
        return [
            base, try with(.weightedCascade(factor: 1), .independentCascade),
            try with(.constant(0.1), .independentCascade),
            try with(.weightedCascade(factor: 1), .linearThreshold),
        ]
    }

    private func questions() throws -> [InfluenceOptions] {
        let limits: [ChoiceLimit] = [
            .number, .costs(try AskingCosts((0..<120).map { 1 + Float($0 % 7) }, total: 12)),
            .quotas(CommunityQuotas((0..<120).map { UInt32($0 / 40) }, most: [1, 3, 2])),
        ]
        return try limits.flatMap { limit in
            [
                try InfluenceOptions(budget: 5, limit: limit, seed: 6, usesSentinels: false),
                try InfluenceOptions(
                    budget: 5, limit: limit, seed: 6, usesSentinels: false, forced: [40], forbidden: [0, 7, 119]),
            ]
        }
    }

    @Test(arguments: [1, 2, 3])
    func setsSharedOutOverHoldersChooseTheSamePeople(count: Int) throws {
        let values = try RootTable(values: (0..<120).map { Float($0 % 3) })
        for graph in try graphs() {
            for options in try questions() {
                for values in [nil, values] {
                    let one = maximizeInfluence(
                        SetSampler(graph, threads: 2), options: options, values: values, pool: pool)
                    var holders = try Holders(graph, count: count, seed: 6, values: values)
                    let all = try maximizeInfluence(
                        overReplicas: &holders, people: 120, options: options, values: values)
                    #expect(all.seeds == one.seeds && all.marginal == one.marginal)
                    #expect(all.spread == one.spread && all.certifiedRatio == one.certifiedRatio)
                    #expect(all.sets == one.sets && all.kept == one.kept && all.members == one.members)
                    #expect(holders.bytes > 0)
                }
            }
        }
    }

    @Test func aHolderThatIsLostEndsTheSearchWhereverItStands() throws {
        let graph = try graphs()[1]
        let options = try InfluenceOptions(budget: 5, seed: 6, usesSentinels: false)
        var answered = 0
        while true {
            var holders = try Holders(graph, count: 2, seed: 6, patience: answered)
            do {
                _ = try maximizeInfluence(overReplicas: &holders, people: 120, options: options)
                break
            } catch {
                #expect(error == HolderLost())
            }
            answered += 1
        }
        #expect(answered > 6)
    }

    @Test func strangersAndBrokenSharesAreRefused() throws {
        var place = ReplicaPlace(SetSampler(try graphs()[1], threads: 1), seed: 1, pool: nil)
        for question in [ReplicaQuestion.extend(0..<256, goals: [120]), .take(120), .take(0)] {
            #expect(throws: InfluenceError.self) { try place.answer(question) }
        }
        #expect(throws: InfluenceError.stranger(5)) { try place.answer(.judge(round: 0, 5..<300, goals: [])) }
        #expect(try place.answer(.extend(256..<512, goals: [])).members > 256)
        #expect(try place.answer(.count).losses.reduce(0, +) > 256)
        #expect(try place.answer(.take(0)).people.contains(0))
        #expect(try place.answer(.take(0)) == ReplicaAnswer())
        _ = try place.answer(.extend(512..<600, goals: []))
        #expect(throws: InfluenceError.stranger(0), "what was counted is out of date") { try place.answer(.take(0)) }
        #expect(throws: InfluenceError.stranger(768), "the share before ends within a chunk") {
            try place.answer(.extend(768..<1024, goals: []))
        }
        #expect(throws: InfluenceError.stranger(0)) { try place.answer(.extend(0..<1 << 29, goals: [])) }
    }

    @Test func everyTruncatedQuestionIsAnError() throws {
        let judge = ReplicaQuestion.judge(round: 2, 256..<300, goals: [1, 2])
        for question in [.extend(0..<256, goals: [3]), judge, .take(9)] {
            var writer = ByteWriter()
            question.encode(into: &writer)
            for count in 0..<writer.bytes.count {
                var reader = ByteReader(Array(writer.bytes[..<count]))
                #expect(throws: ByteError.self) { try ReplicaQuestion(from: &reader) }
            }
        }
    }
}
