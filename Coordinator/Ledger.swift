import Basics
import Cluster
import Glibc
import Store

// What the coordinator must not forget, in its own RocksDB. Each change is synced before anybody hears of it.
//
// | family | key                     | value                                                   |
// | meta   | "cluster"               | the cluster's number, u64: drawn once                   |
// | meta   | "map"                   | ClusterMap: workers by name, cities, owners, epochs     |
// | meta   | "next-job"              | u64                                                     |
// | meta   | "live"                  | version of the model that cities answer with, u64       |
// | meta   | "moves"                 | cities that change their worker, as `CityMove`s         |
// | model  | "job/" number u64       | u8 kind (1 training, 2 planning), u64 request, the job  |

final class Ledger {
    enum Job {
        case training(TrainingJob)
        case planning(PlanJob)
    }

    private static let clusterKey = Array("cluster".utf8)
    private static let mapKey = Array("map".utf8)
    private static let nextJobKey = Array("next-job".utf8)
    private static let liveKey = Array("live".utf8)
    private static let movesKey = Array("moves".utf8)
    private static let jobs = Array("job/".utf8)

    private let database: Database

    init(directory: String) throws { database = try Database(directory: directory) }

    func close() { database.close() }

    /// The number that tells this cluster from others, drawn the first time from the clock and the process.
    func cluster() throws -> UInt64 {
        if let bytes = try database.get(.meta, key: Self.clusterKey) {
            var reader = ByteReader(bytes)
            return try reader.get()
        }
        // Kept below 2^53, so that it is a whole number in every JSON reader.
        let number = SeededRandom.mix(UInt64(monotonicSeconds() * 1e9) ^ UInt64(getpid()) << 40) >> 11
        try put(Self.clusterKey, number)
        return number
    }

    func map() throws -> ClusterMap {
        guard let bytes = try database.get(.meta, key: Self.mapKey) else { return ClusterMap() }
        return try ClusterMap(decoding: bytes)
    }

    func save(_ map: ClusterMap) throws {
        var batch = WriteBatch()
        batch.put(.meta, key: Self.mapKey, value: map.encoded())
        try database.commit(batch)
    }

    func moves() throws -> [CityMove] {
        guard let bytes = try database.get(.meta, key: Self.movesKey) else { return [] }
        return try CityMove.decoded(bytes)
    }

    /// Moves, and the map where one of them changed it, in one write.
    func save(moves: [CityMove], with map: ClusterMap?) throws {
        var batch = WriteBatch()
        batch.put(.meta, key: Self.movesKey, value: CityMove.encoded(moves))
        if let map { batch.put(.meta, key: Self.mapKey, value: map.encoded()) }
        try database.commit(batch)
    }

    func save(live version: ModelVersion) throws { try put(Self.liveKey, version.number) }

    /// 0: none has gone live yet.
    func liveModel() throws -> ModelVersion {
        guard let bytes = try database.get(.meta, key: Self.liveKey) else { return ModelVersion(0) }
        var reader = ByteReader(bytes)
        return ModelVersion(try reader.get())
    }

    func nextJob() throws -> JobID {
        var number: UInt64 = 1
        if let bytes = try database.get(.meta, key: Self.nextJobKey) {
            var reader = ByteReader(bytes)
            number = try reader.get()
        }
        try put(Self.nextJobKey, number + 1)
        return JobID(number)
    }

    /// `request` is the number of the request that started the job: the same request starts it only once.
    func save(_ job: Job, number: JobID, request: RequestID) throws {
        var writer = ByteWriter()
        switch job {
        case .training(let training):
            writer.put(UInt8(1))
            writer.put(request.number)
            writer.put(raw: training.encoded())
        case .planning(let planning):
            writer.put(UInt8(2))
            writer.put(request.number)
            writer.put(raw: planning.encoded())
        }
        var batch = WriteBatch()
        batch.put(.model, key: Self.key(of: number), value: writer.bytes)
        try database.commit(batch)
    }

    func forget(_ jobs: [JobID]) throws {
        var batch = WriteBatch()
        for job in jobs { batch.delete(.model, key: Self.key(of: job)) }
        try database.commit(batch)
    }

    /// All jobs, oldest first.
    func allJobs() throws -> [(number: JobID, request: RequestID, job: Job)] {
        var found: [(JobID, RequestID, Job)] = []
        try database.scan(.model, from: Self.jobs, prefix: Self.jobs) { key, value in
            var number = ByteReader(Array(key.dropFirst(Self.jobs.count)))
            var reader = ByteReader(value)
            let kind: UInt8 = try reader.get()
            let request = RequestID(try reader.get())
            let rest = Array(value.suffix(reader.remaining))
            let job: Job =
                kind == 1 ? .training(try TrainingJob(decoding: rest)) : .planning(try PlanJob(decoding: rest))
            found.append((JobID(try number.getBigEndian()), request, job))
            return true
        }
        return found
    }

    private func put(_ key: [UInt8], _ number: UInt64) throws {
        var writer = ByteWriter()
        writer.put(number)
        var batch = WriteBatch()
        batch.put(.meta, key: key, value: writer.bytes)
        try database.commit(batch)
    }

    private static func key(of job: JobID) -> [UInt8] {
        var writer = ByteWriter()
        writer.put(raw: jobs)
        writer.putBigEndian(job.number)
        return writer.bytes
    }
}
