import Basics
import Foundation

@testable import Store

extension ShardStore {
    /// For tests that do not ask which outbox it is.
    convenience init(directory: String, city: CityID) throws(StoreError) {
        try self.init(directory: directory, city: city, outboxIfNew: 1)
    }

    /// Events about nobody, whose bytes do not depend on their sequence.
    func commit(_ batch: WriteBatch, events: [[UInt8]]) throws(StoreError) -> ClosedRange<UInt64>? {
        try commit(batch, events: events.map { bytes in OutboxEvent(subject: nil) { _ in bytes } })
    }
}

/// A directory of its own for one test, removed with the object.
final class TemporaryDirectory {
    let url: URL

    var path: String { url.path }

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("muster-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// The path of a store inside.
    func store(_ name: String = "store") -> String { url.appendingPathComponent(name).path }

    /// Copies a store as a kill of its process would leave it: every byte handed to the system, no farewell.
    func copy(_ name: String = "store", to other: String) throws {
        try? FileManager.default.removeItem(atPath: store(other))
        try FileManager.default.copyItem(atPath: store(name), toPath: store(other))
    }

    /// Files of a store with an ending, oldest number first.
    func files(_ name: String, ending: String) throws -> [URL] {
        let folder = URL(fileURLWithPath: store(name))
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == ending }.sorted { $0.lastPathComponent < $1.lastPathComponent }
    }

    /// Cuts bytes off the end of a store's newest log and returns how many are left.
    func tearLog(of name: String, by bytes: Int) throws -> Int {
        let log = try files(name, ending: "log").last!
        let left = try Data(contentsOf: log).dropLast(bytes)
        try Data(left).write(to: log)
        return left.count
    }
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

func text(_ bytes: [UInt8]?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

/// Everything in a family, as "key=value".
func everything(_ database: Database, _ family: Family) throws -> [String] {
    var rows: [String] = []
    try database.scan(family) { key, value in
        rows.append("\(text(key)!)=\(text(value)!)")
        return true
    }
    return rows
}
