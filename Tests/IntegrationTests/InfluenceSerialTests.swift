import Basics
import Foundation
import Graph
import Influence
import Testing
import World

/// The answer of `muster influencers --json` and of `/v1/influencers`.
private struct InfluencersAnswer: Decodable, Equatable {
    struct Person: Decodable, Equatable {
        var person: String
        var city: String
        var adds: Double
    }

    var cities: [String]
    var people: [Person]
    var spread: Double
    var certifiedRatio: Double
    var sets: UInt64
    var exchangedBytes: UInt64
}

/// All cities of a made-up world as one graph: residents, city after city, and friendships as their homes know them.
private struct UnionOfCities {
    let graph: InfluenceGraph
    let thresholds: InfluenceGraph
    let people: [PersonID]
    let crossing: Int

    init(names: [String], _ configuration: SyntheticConfiguration) throws {
        var builders = names.indices.map { CityGraphBuilder(city: CityID(UInt32($0))) }
        let ids = Dictionary(uniqueKeysWithValues: zip(names, names.indices.map { CityID(UInt32($0)) }))
        try SyntheticDataSet(configuration).read(
            cities: ids, emit: { city, record in builders[Int(city.number)].add(record) }, reject: { _ in },
            progress: { _ in })
        let pool = ComputePool(threads: 1)
        let cities = builders.map { $0.build(pool: pool) }
        var numbers: [PersonID: UInt32] = [:], people: [PersonID] = []
        for city in cities {
            for person in city.people[..<city.residents] {
                numbers[person] = UInt32(people.count)
                people.append(person)
            }
        }
        var offsets: [UInt32] = [0], sources: [UInt32] = [], crossing = 0
        for city in cities {
            for person in 0..<city.residents {
                for edge in city.friends(of: UInt32(person)) {
                    let friend = city.socialNeighbors[edge]
                    guard let number = numbers[city.people[Int(friend)]] else { continue }
                    sources.append(number)
                    if Int(friend) >= city.residents { crossing += 1 }
                }
                offsets.append(UInt32(sources.count))
            }
        }
        graph = try InfluenceGraph(offsets: offsets, sources: sources, chances: .weightedCascade(factor: 1))
        thresholds = try InfluenceGraph(
            offsets: offsets, sources: sources, chances: .weightedCascade(factor: 1), model: .linearThreshold)
        self.people = people
        self.crossing = crossing
    }
}

extension Serial {
    @Suite(.serialized) struct InfluenceTests {
        private static let world = [
            "--people", "1200", "--places", "300", "--cities", "4", "--visits", "20", "--seed", "3",
        ]

        @Test func twoWorkersChooseWhomOneProcessChoosesOnTheUnion() throws {
            let cluster = try TestCluster()
            defer { cluster.stop() }
            let _: ImportAnswer = try cluster.importSynthetic(Self.world)
            let status: StatusAnswer = try cluster.json("status")
            #expect(Set(status.cities.compactMap(\.worker)).count == 2)
            let union = try UnionOfCities(
                names: status.cities.map(\.name),
                SyntheticConfiguration(people: 1200, places: 300, cities: 4, visitsPerPerson: 20, seed: 3))
            #expect(union.crossing > 100)
            let forbidden = try expectSame(cluster, union, forbidden: [])
            _ = try expectSame(cluster, union, forbidden: [forbidden])
            _ = try expectSame(cluster, union, model: "lt", forbidden: [])
            try expectTheSameByBody(cluster)

            let web = try cluster.get("/v1/influencers?count=12&seed=9")
            let told = try JSONDecoder().decode(InfluencersAnswer.self, from: web.body)
            #expect(told.people.count == 12 && told.cities.count == 4 && told.exchangedBytes > 1000)
            let part: InfluencersAnswer = try cluster.json(
                "influencers", "--city", told.cities[0], "--city", told.cities[1], "--per-city", "2", "--influence",
                "learned")
            #expect(part.people.map(\.city).sorted() == [0, 0, 1, 1].map { told.cities[$0] }.sorted())
            let stranger = try cluster.get("/v1/influencers?forced=987654321")
            #expect(stranger.status == 404)

            // One that is gone is named, and nobody is answered for the rest.
            try cluster.kill("worker-2")
            let refused = try cluster.get("/v1/influencers?count=12&seed=9")
            #expect(refused.status == 503)
            #expect(String(decoding: refused.body, as: UTF8.self).contains("worker-2"))
        }

        /// What HTTP is told in a body and the command by files is one question.
        private func expectTheSameByBody(_ cluster: TestCluster) throws {
            let folder = FileManager.default.temporaryDirectory.appending(path: "muster-questions-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            func told(_ body: String) throws -> InfluencersAnswer {
                let answer = try cluster.post("/v1/influencers", Data(body.utf8), [:])
                #expect(answer.status == 200, "\(String(decoding: answer.body, as: UTF8.self))")
                return try JSONDecoder().decode(InfluencersAnswer.self, from: answer.body)
            }
            func file(_ name: String, _ text: String) throws -> String {
                let path = folder.appending(path: name).path
                try text.write(toFile: path, atomically: true, encoding: .utf8)
                return path
            }
            let free: InfluencersAnswer = try cluster.json("influencers", "--count", "6")
            let people = free.people.map(\.person)
            let dear = people.map { "\"\($0)\": 4" }.joined(separator: ", ")
            let costs = try file("costs.csv", people.map { "\($0),4" }.joined(separator: "\n"))
            let bought: InfluencersAnswer = try cluster.json("influencers", "--cost", costs, "--spend", "5")
            #expect(try told(#"{"spend": 5, "costs": {\#(dear)}}"#).people == bought.people)
            #expect(bought.people != free.people)

            let groups = people.map { "\"\($0)\": \"first\"" }.joined(separator: ", ")
            let list = try file("groups.csv", people.map { "\($0),first" }.joined(separator: "\n"))
            let mixed: InfluencersAnswer = try cluster.json(
                "influencers", "--count", "6", "--group", list, "--per-group", "2")
            #expect(try told(#"{"count": 6, "groups": {\#(groups)}, "perGroup": 2}"#) == mixed)
            #expect(mixed.people.count { people.contains($0.person) } == 2 && mixed.people.count == 6)

            for body in [#"{"forbiden": []}"#, #"{"count": "6"}"#, #"{"costs": {}}"#, "[]", #"{"perGroup": 1}"#] {
                #expect(try cluster.post("/v1/influencers", Data(body.utf8), [:]).status == 400, "\(body)")
            }
        }

        /// The first of those chosen.
        private func expectSame(
            _ cluster: TestCluster, _ union: UnionOfCities, model: String = "ic", forbidden: [PersonID]
        ) throws -> PersonID {
            let pool = ComputePool(threads: 2)
            let numbers = forbidden.map { UInt32(union.people.firstIndex(of: $0)!) }
            let one = maximizeInfluence(
                SetSampler(model == "lt" ? union.thresholds : union.graph, threads: 2),
                options: try InfluenceOptions(budget: 12, seed: 9, usesSentinels: false, forbidden: numbers), pool: pool
            )
            var arguments = ["influencers", "--count", "12", "--seed", "9", "--model", model, "--json"]
            for person in forbidden { arguments += ["--forbidden", String(person.number)] }
            let outcome = try cluster.run("muster", arguments)
            #expect(outcome.status == 0, "\(outcome.complaint)")
            let answer = try JSONDecoder().decode(InfluencersAnswer.self, from: Data(outcome.output.utf8))
            #expect(answer.people.map(\.person) == one.seeds.map { String(union.people[Int($0)].number) })
            #expect(answer.people.map(\.adds) == one.marginal && answer.spread == one.spread)
            #expect(answer.certifiedRatio == one.certifiedRatio && answer.sets == UInt64(one.sets))
            return union.people[Int(one.seeds[0])]
        }
    }
}
