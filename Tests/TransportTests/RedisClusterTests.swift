import Basics
import Events
import Foundation
import Testing

@testable import Transport

/// Three nodes of a Redis Cluster on loopback, each with a third of the slots.
private final class ThreeNodes {
    let folder = FileManager.default.temporaryDirectory.appending(path: "muster-\(UUID().uuidString.prefix(8))")
    private(set) var ports: [UInt16] = []
    private var buses: [UInt16] = []
    private var processes: [Process] = []
    static let firstSlots = [0, 5461, 10923, 16384]

    init() throws {
        for number in 0..<3 {
            let (port, bus) = (RedisServer.freePort(), RedisServer.freePort())
            let home = folder.appending(path: "\(number)")
            try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
            let process = Process()
            process.executableURL = URL(filePath: RedisServer.binary ?? "")
            process.arguments = [
                "--port", "\(port)", "--bind", "127.0.0.1", "--dir", home.path, "--save", "", "--cluster-enabled",
                "yes", "--cluster-port", "\(bus)", "--cluster-node-timeout", "1000",
            ]
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            ports.append(port)
            buses.append(bus)
            processes.append(process)
        }
        for node in 0..<3 { try waitUntil { (try? self.run(node, "PING")) == .text(Array("PONG".utf8)) } }
        for node in 0..<3 {
            let (first, end) = (Self.firstSlots[node], Self.firstSlots[node + 1])
            _ = try run(node, "CLUSTER", "ADDSLOTSRANGE", "\(first)", "\(end - 1)")
        }
        for node in 1..<3 {
            _ = try run(0, "CLUSTER", "MEET", "127.0.0.1", "\(ports[node])", "\(buses[node])")
        }
        for node in 0..<3 {
            try waitUntil { try self.text(node, "CLUSTER", "INFO").contains("cluster_state:ok") }
            try waitUntil { try self.text(node, "CLUSTER", "NODES").split(separator: "\n").count == 3 }
        }
    }

    deinit {
        for process in processes { kill(process) }
        try? FileManager.default.removeItem(at: folder)
    }

    private func kill(_ process: Process) {
        guard process.isRunning else { return }
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    func kill(_ node: Int) { kill(processes[node]) }

    func waitUntil(_ condition: () throws -> Bool) throws {
        let end = monotonicSeconds() + 30
        while try !condition() {
            guard monotonicSeconds() < end else { throw CocoaError(.executableLoad) }
            usleep(50_000)
        }
    }

    func address(_ node: Int) -> String { "127.0.0.1:\(ports[node])" }

    @discardableResult
    func run(_ node: Int, _ words: String...) throws -> RedisReply { try command(node, words) }

    private func command(_ node: Int, _ words: [String]) throws -> RedisReply {
        try RedisConnection(to: RedisAddress(address(node)), login: nil).command(words.map { Array($0.utf8) })
    }

    func text(_ node: Int, _ words: String...) throws -> String { try command(node, words).string ?? "" }

    /// The node that a city's slot was given to.
    static func owner(of city: String) -> Int {
        let slot = RedisCluster.slot(of: RedisStream.eventsKey(city: city))
        return slot < firstSlots[1] ? 0 : slot < firstSlots[2] ? 1 : 2
    }
}

@Suite(.enabled(if: RedisServer.binary != nil, "no redis-server on this machine"), .serialized)
struct RedisClusterTests {
    /// One city of each node.
    private let cities = (0..<3).map { node in
        (0...).lazy.map { "City-\($0)" }.first { ThreeNodes.owner(of: $0) == node } ?? ""
    }

    private func batch(_ city: String, _ numbers: ClosedRange<UInt64>) -> RelayBatch {
        RelayBatch(
            city: city, owner: StreamOwner(name: "ours", epoch: Epoch(1), claimedEnd: 0),
            firstSequence: numbers.lowerBound, payloads: numbers.map { Array("event \($0)".utf8) })
    }

    @Test func aSlotIsTheChecksumOfTheHashTag() {
        #expect(RedisCluster.slot(of: "123456789") == 0x31C3)
        #expect(RedisCluster.slot(of: "muster:{Oslo}:events") == RedisCluster.slot(of: "{Oslo}"))
        #expect(RedisCluster.slot(of: "{}a") != RedisCluster.slot(of: "{}b"))
        #expect(RedisCluster.slot(of: "foo{{bar}}zap") == RedisCluster.slot(of: "{bar"))
    }

    @Test func redirectionsAreReadAndOtherErrorsAreNone() throws {
        let base = try RedisAddress("rediss://redis.example.org:6380")
        let moved = RedisRedirection("MOVED 3999 127.0.0.1:6381", base: base)
        #expect(moved?.slot == 3999 && moved?.node == "rediss://127.0.0.1:6381" && moved?.isOnce == false)
        let asked = RedisRedirection("ASK 16383 :6381", base: base)
        #expect(asked?.node == "rediss://redis.example.org:6381" && asked?.isOnce == true)
        #expect(RedisRedirection("ASK 1 ::1:6381", base: base)?.node == "rediss://[::1]:6381")
        for other in ["", "MOVED", "MOVED 16384 a:1", "MOVED x a:1", "MOVED 1 a", "CLUSTERDOWN Hash slot not served"] {
            #expect(RedisRedirection(other, base: base) == nil, "\(other)")
        }
    }

    @Test func eventsAndSignalsGoToTheOwnersOfTheirSlotsAndFollowThem() throws {
        let nodes = try ThreeNodes()
        let relay = RedisStream(address: nodes.address(0), login: nil)
        let consumer = RedisConsumer(address: nodes.address(2), login: nil, group: "g", consumer: "one")
        for (node, city) in cities.enumerated() {
            #expect(try relay.append(batch(city, 1...3)) == .done(last: 3))
            try relay.send(batch(city, 4...5))
            #expect(try relay.answer() == .done(last: 5))
            #expect(try nodes.run(node, "XLEN", RedisStream.eventsKey(city: city)) == .integer(5))
        }
        let streams = cities.map { RedisStream.eventsKey(city: $0) }
        #expect(try consumer.keys(prefix: "muster:{", suffix: "}:events") == streams.sorted())
        for stream in streams { try consumer.join(stream) }
        let given = try consumer.read(streams, count: 10, waitingMilliseconds: 100)
        #expect(given.keys.sorted() == streams.sorted() && given.values.allSatisfy { $0.count == 5 })
        #expect(try consumer.read(streams, count: 10, waitingMilliseconds: 50).isEmpty)
        let behind = Dictionary(uniqueKeysWithValues: streams.map { ($0, EntryID(milliseconds: 1, sequence: 3)) })
        #expect(try consumer.read(after: behind, count: 9, waitingMilliseconds: 50).values.allSatisfy { $0.count == 2 })

        // The first city's slot, with all that is in it, moves to the second node.
        let city = cities[0]
        let slot = "\(RedisCluster.slot(of: streams[0]))"
        let (source, target) = (try nodes.text(0, "CLUSTER", "MYID"), try nodes.text(1, "CLUSTER", "MYID"))
        try nodes.run(1, "CLUSTER", "SETSLOT", slot, "IMPORTING", source)
        try nodes.run(0, "CLUSTER", "SETSLOT", slot, "MIGRATING", target)
        let keys = [streams[0], RedisStream.epochKey(city: city), RedisStream.ownerKey(city: city)]
        for key in keys { try nodes.run(0, "MIGRATE", "127.0.0.1", "\(nodes.ports[1])", key, "0", "5000") }
        #expect(try relay.append(batch(city, 5...6)) == .done(last: 6), "asked of the node that it is on its way to")
        for node in 0..<3 { try nodes.run(node, "CLUSTER", "SETSLOT", slot, "NODE", target) }
        try relay.send(batch(city, 7...7))
        #expect(throws: RedisError.self) { try relay.answer() }
        #expect(try relay.append(batch(city, 7...8)) == .done(last: 8))
        #expect(try nodes.run(1, "XLEN", streams[0]) == .integer(8))
        try consumer.acknowledge([EntryID(milliseconds: 1, sequence: 1)], of: streams[0])
        #expect(try consumer.pending(streams[0], after: .zero, count: 10).count == 4)

        // A node that is gone takes its cities' answers with it, and no time.
        nodes.kill(2)
        for node in 0..<2 {
            try nodes.waitUntil { try nodes.text(node, "CLUSTER", "INFO").contains("cluster_state:fail") }
        }
        let fresh = RedisStream(address: nodes.address(0), login: nil)
        do throws(RedisError) {
            _ = try fresh.append(batch(city, 9...9))
            Issue.record("a cluster that is down took an event")
        } catch { #expect("\(error)".contains("CLUSTERDOWN")) }
    }
}
