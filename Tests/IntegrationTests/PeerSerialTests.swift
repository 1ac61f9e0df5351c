import Foundation
import Testing

// Workers that should reach each other and cannot.

extension Serial {
    @Suite(.serialized) struct PeerTests {
        @Test func whomOthersCannotReachIsLeftOutAndTakesTheVersionByItself() throws {
            let cluster = try TestCluster()
            defer { cluster.stop() }
            let _: ImportAnswer = try cluster.importSynthetic([
                "--people", "600", "--places", "400", "--cities", "4", "--visits", "40", "--seed", "3",
            ])
            // Nobody listens at port 9. Worker 2 reaches worker 1, and not the other way round.
            try cluster.kill("worker-2")
            let wrong = ["MUSTER_PEER_ADDRESS": "tcp://127.0.0.1:9"]
            #expect(try cluster.run("cluster/start", ["worker-2"], environment: wrong).status == 0)
            try cluster.kill("coordinator")
            let hasty = ["MUSTER_PATIENCE": "3"]
            #expect(try cluster.run("cluster/start", ["coordinator"], environment: hasty).status == 0)
            let job = try cluster.run("muster", ["train", "--rounds", "2", "--steps", "4", "--json"]).job()
            #expect(job.state == "done")
            let hasAll = try cluster.eventually(60) {
                let status: StatusAnswer = try cluster.json("status")
                return status.cities.count == 4 && status.cities.allSatisfy { $0.model == 1 }
            }
            #expect(hasAll, "a city has no model")
            let log = try String(contentsOf: cluster.home.appending(path: "coordinator/log"), encoding: .utf8)
            #expect(log.contains("a part of another city was not fetched") && log.contains("tcp://127.0.0.1:9"))
        }
    }
}
