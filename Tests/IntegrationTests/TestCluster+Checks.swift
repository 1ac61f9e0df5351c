import Basics
import Foundation
import Testing

extension TestCluster {
    func importSynthetic(_ world: [String]) throws -> ImportAnswer {
        let outcome = try run("muster", ["import", "synthetic"] + world + ["--json"])
        guard outcome.status == 0 else { throw ClusterFault("import: \(outcome.complaint)") }
        return try JSONDecoder().decode(ImportAnswer.self, from: Data(outcome.output.utf8))
    }

    /// Whether every city has a home and holds exactly the rows it must.
    func holds(_ expected: [String: ExpectedCity]) throws -> Bool {
        let status: StatusAnswer = try json("status")
        return status.cities.count == expected.count
            && status.cities.allSatisfy { $0.home && expected[$0.name]?.matches($0) == true }
    }

    /// The embeddings that the live model has of everything: the last bit of every weight is in them.
    func embeddings() throws -> [String: Data] {
        let folder = home.appending(path: "export")
        let outcome = try muster("export", folder.path, "--format", "csv")
        guard outcome.status == 0 else { throw ClusterFault("export: \(outcome.complaint)") }
        var files: [String: Data] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) where name.contains("embed") {
            files[name] = try Data(contentsOf: folder.appending(path: name))
        }
        #expect(!files.isEmpty, "the export has no embeddings")
        return files
    }

    /// Every seed of every city stands in the city's stream exactly once, in order, and nothing else does.
    func expectEverySeedOnceInItsStream(cities: [String]) throws {
        let arrived = try eventually {
            let status: StatusAnswer = try json("status")
            return status.cities.allSatisfy { $0.eventsWaiting == 0 && $0.home }
        }
        #expect(arrived, "events still wait")
        for city in cities {
            let seeds: [SeedAnswer] = try json("seeds", "--city", city, "--top", "10000")
            // A Redis that lost everything is filled again from the beginning, which takes its time.
            let isWhole = try eventually { try created(in: city).isSuperset(of: seeds.map(\.seed)) }
            #expect(isWhole, "\(city): a seed is missing")
            let events = try events(of: city)
            let all = try events.map { try JSONDecoder().decode(EventAnswer.self, from: Data($0.payload)) }
            #expect(all.allSatisfy { $0.data.city == city && $0.specversion == "1.0" })
            let named = all.filter { $0.type == "muster.seed.created.v1" }
            #expect(Set(named.map(\.subject)).count == named.count, "\(city): a seed stands twice in the stream")
            let sequences = events.compactMap { $0.id.split(separator: "-").last.flatMap { UInt64($0) } }
            #expect(sequences == Array(1..<UInt64(events.count + 1)), "\(city): the sequence has a hole")
        }
    }

    /// The seeds whose creation stands in a city's stream.
    private func created(in city: String) throws -> Set<String> {
        let all = try events(of: city).map { try JSONDecoder().decode(EventAnswer.self, from: Data($0.payload)) }
        return Set(all.filter { $0.type == "muster.seed.created.v1" }.map(\.subject))
    }

    /// A GET over HTTP/1.1, by hand: one connection, one answer.
    func get(_ path: String) throws -> (status: Int, body: Data) { try http("GET", path, Data(), [:]) }

    func post(_ path: String, _ body: Data, _ headers: [String: String]) throws -> (status: Int, body: Data) {
        try http("POST", path, body, headers)
    }

    private func http(
        _ method: String, _ path: String, _ body: Data, _ headers: [String: String]
    ) throws -> (status: Int, body: Data) {
        let address = try setting("MUSTER_HTTP").replacingOccurrences(of: "http://127.0.0.1:", with: "")
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = in_port_t(UInt16(address) ?? 0).bigEndian
        place.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &place) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw ClusterFault("HTTP does not answer at \(address)") }
        let more = headers.map { "\($0.key): \($0.value)\r\n" }.joined()
        let length = method == "POST" ? "Content-Length: \(body.count)\r\n" : ""
        let head = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\(length)\(more)\r\n"
        let request = Array(head.utf8) + body
        guard send(socket, request, request.count, 0) == request.count else { throw ClusterFault("HTTP hung up") }
        var answer = Data()
        var buffer = [UInt8](repeating: 0, count: 65536)
        while case let count = recv(socket, &buffer, buffer.count, 0), count > 0 {
            answer.append(contentsOf: buffer[..<count])
        }
        guard let end = answer.range(of: Data("\r\n\r\n".utf8)) else { throw ClusterFault("no HTTP answer") }
        let first = String(decoding: answer[..<end.lowerBound], as: UTF8.self)
        return (Int(first.split(separator: " ")[1]) ?? 0, answer[end.upperBound...])
    }
}
