import Basics
import FoundationEssentials
import Glibc
import Shard
import Wire

/// City shards in a temporary folder, which goes away with this object.
final class ShardFolder {
    fileprivate let path: String
    private var shards: [CityID: CityShard] = [:]
    /// Rows taken, those refused not among them.
    private(set) var rows = 0
    private(set) var rejected = 0

    static let setting = Setting(
        "scratch", "folder in which the shards are made and removed; its disk is what is measured", .path,
        default: "/tmp", scope: .call)

    /// How people are asked in its cities.
    private let policy: InvitationPolicy

    init(in scratch: String, policy: InvitationPolicy = InvitationPolicy()) throws {
        self.policy = policy
        var template = Array("\(scratch)/muster-bench-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw BenchError("no folder can be made in \(scratch): \(String(cString: strerror(errno)))")
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        close()
        do { try FileManager.default.removeItem(atPath: path) } catch {
            complain("muster-bench: \(path) could not be removed: \(error)")
        }
    }

    /// The shard of a city, opened when it is not.
    func shard(_ city: CityID, name: String) throws -> CityShard {
        if let shard = shards[city] { return shard }
        let shard = try CityShard(
            directory: "\(path)/city-\(city)", city: city, name: name, cluster: 1, outboxIfNew: 1, policy: policy)
        shards[city] = shard
        return shard
    }

    /// Stores a block as the worker does: decoded, validated, written with a synced log.
    func take(_ block: [UInt8], of city: CityID, name: String) throws {
        let outcome = try shard(city, name: name).importBlock(block)
        rows += Int(outcome.new) + Int(outcome.known)
        rejected += outcome.rejects.count
    }

    /// Closes every shard; what was stored stays and can be opened again.
    func close() {
        for shard in shards.values { shard.close() }
        shards = [:]
    }
}

extension ShardFolder {
    /// Bytes of all files of all shards. Close them first: what is staged becomes files then.
    func bytesOnDisk() throws -> Int {
        try FileManager.default.subpathsOfDirectory(atPath: path).reduce(0) { total, file in
            var facts = stat()
            let isFile = stat("\(path)/\(file)", &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG
            return total + (isFile ? Int(facts.st_size) : 0)
        }
    }
}
