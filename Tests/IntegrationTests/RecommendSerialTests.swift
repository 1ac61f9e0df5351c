import Basics
import Foundation
import Testing

struct RecommendationAnswer: Decodable, Equatable {
    struct Reason: Decodable, Equatable {
        var kind: String
        var features: [String]
        var effect: Double
        var text: String
    }

    struct Row: Decodable, Equatable {
        var place: String?
        var person: String?
        var attends: Double?
        var score: Double
        var reasons: [Reason]
    }

    var city: String
    var person: String
    var model: UInt64
    var knownBy: String
    var away: Bool
    var places: [Row]?
    var people: [Row]?
}

extension Serial {
    @Suite(.serialized) struct RecommendTests {
        private static let world = [
            "--people", "300", "--places", "240", "--cities", "3", "--visits", "30", "--seed", "5",
        ]

        private func get(_ cluster: TestCluster, _ query: String) throws -> RecommendationAnswer {
            let answer = try cluster.get("/v1/recommend/\(query)")
            guard answer.status == 200 else { throw ClusterFault(String(decoding: answer.body, as: UTF8.self)) }
            return try JSONDecoder().decode(RecommendationAnswer.self, from: answer.body)
        }

        @Test func placesAndPeopleByCommandAndByHTTP() throws {
            let cluster = try TestCluster()
            defer { cluster.stop() }
            let _: ImportAnswer = try cluster.importSynthetic(Self.world)
            let early = try cluster.get("/v1/recommend/places?person=7")
            #expect(early.status == 409, "no model yet")
            let _ = try cluster.job("train", "--rounds", "1", "--steps", "10")

            let places: RecommendationAnswer = try cluster.json("recommend", "places", "--person", "7", "--top", "5")
            #expect(places.knownBy == "model" && !places.away && places.places?.count == 5)
            #expect(try get(cluster, "places?person=7&top=5") == places, "both doors say the same")
            #expect(try get(cluster, "places?person=7&top=5&city=\(places.city)") == places, "home is where they live")
            let people: RecommendationAnswer = try cluster.json("recommend", "people", "--person", "7", "--top", "5")
            #expect(people.people?.count == 5 && people.city == places.city)
            #expect(try get(cluster, "people?person=7&top=5") == people)
            let blocked = people.people?.compactMap(\.person).joined(separator: ",") ?? ""
            let others = try get(cluster, "people?person=7&top=5&blocked=\(blocked)")
            let met = Set((others.people ?? []).map { $0.person ?? "" })
            let refused = Set(blocked.split(separator: ",").map { String($0) })
            #expect(met.count == 5 && refused.count == 5 && met.isDisjoint(with: refused))
            #expect(!met.contains("7") && !refused.contains("7"), "nobody meets themselves")

            // The other cities serve them too, by halo or by features.
            let status: StatusAnswer = try cluster.json("status")
            for city in status.cities where city.name != places.city {
                let answer = try get(cluster, "places?person=7&top=5&city=\(city.name)")
                #expect(answer.away && answer.city == city.name && answer.places?.count == 5)
            }
            #expect(try cluster.get("/v1/recommend/places?person=123456789").status == 404)
            #expect(try cluster.get("/v1/recommend/places?person=7&city=Atlantis").status == 404)
            #expect(try cluster.get("/v1/recommend/people?person=7&place=123456789").status == 404)
            for query in ["", "?person=x", "?person=7&top=0", "?person=7&slot=evning", "?person=7&colour=red"] {
                #expect(try cluster.get("/v1/recommend/places\(query)").status == 400, "\(query)")
            }
            let wrong = try cluster.muster("recommend", "places", "--person", "7", "--tag", "yogha")
            #expect(wrong.status == 1 && wrong.complaint.contains("did you mean 'yoga'"))
            #expect(try cluster.muster("recommend", "things").status == 2)

            // Two models side by side, and back.
            let _ = try cluster.job("train", "--rounds", "1", "--steps", "10", "--seed", "2")
            let newer = try get(cluster, "places?person=7&top=5")
            #expect(newer.model == 2)
            let older = try get(cluster, "places?person=7&top=5&model=1")
            #expect(older == places)
            let switched = try cluster.muster("model", "use", "1")
            let back = try get(cluster, "places?person=7&top=5")
            #expect(switched.status == 0 && back == places)

            // A restarted worker answers as before.
            let worker = try #require(status.cities.first { $0.name == places.city }?.worker)
            try cluster.kill(worker)
            try cluster.restart(worker)
            let isBack = cluster.eventually {
                let answer = try? get(cluster, "places?person=7&top=5")
                return answer == places
            }
            #expect(isBack)
        }
    }
}
