import Basics
import Plans
import Store

// What a shard keeps beside its rows, in RocksDB. Numbers in keys are big-endian.
//
// | family | key                                   | value                                        |
// | meta   | "model"                               | current model version, u64                   |
// | meta   | "plan"                                | current plan: u32 count, then seed ids u64   |
// | meta   | "reasons/" seed id u64                | PlanReasons                                  |
// | meta   | "card weights"                        | CardWeights                                  |
// | model  | "model/" version u64                  | CityModel: configuration, weights, embeddings, report |
// | model  | "trainer/" job u64, round u32         | the trainer's state after that round         |
// | model  | "round/" job u64, round u32           | RoundRecord                                  |
// | model  | "index/places/", "index/people/", version u64 | RowIndex of a model's rows, where it has lists |
// | model  | "survey"                              | nothing for long: how long a write takes     |
// | seeds  | seed id u64                           | PlanSeed                                     |
// | signals | "account"                            | SignalAccount                                |
// | signals | "block/" person u64, other u64       | time i64                                     |
// | signals | "booking/" seed u64                  | flag succeeded, text                         |
// | signals | "feedback/" seed u64, person u64     | time i64, rating u8                          |
// | signals | "life/", "past/", then seed u64      | LivePlan: of a seed that is open; that is over |
// | signals | "roster/" seed u64                   | Roster: whom the seed may ask                |
// | signals | "asked/" person u64                  | u32 count, then time u64 s, slot u8: the week's invitations |
// | signals | "judge/" model version u64           | GroupJudge: of groups of seeds planned with it |
// | signals | "answer/" seed u64, person u64       | KeptAnswer: what was asked, and what came    |
// | signals | "request/" number u64                | key of a request, text                       |
// | signals | "key/" text                          | number u64 of its request, SignalsTaken      |

enum ShardKeys {
    static let currentModel = Array("model".utf8)
    static let currentPlan = Array("plan".utf8)
    static let cardWeights = Array("card weights".utf8)
    static let trainers = Array("trainer/".utf8)
    static let models = Array("model/".utf8)
    static let rounds = Array("round/".utf8)
    static let survey = Array("survey".utf8)

    static func model(_ version: ModelVersion) -> [UInt8] {
        var writer = ByteWriter()
        writer.put(raw: models)
        writer.putBigEndian(version.number)
        return writer.bytes
    }

    static func index(_ indexed: ServingCity.Indexed, of version: ModelVersion) -> [UInt8] {
        var writer = ByteWriter()
        writer.put(raw: Array("index/\(indexed.rawValue)/".utf8))
        writer.putBigEndian(version.number)
        return writer.bytes
    }

    static func trainer(_ job: JobID, round: UInt32) -> [UInt8] { key(trainers, job, round) }

    static func round(_ job: JobID, round: UInt32) -> [UInt8] { key(rounds, job, round) }

    private static func key(_ prefix: [UInt8], _ job: JobID, _ round: UInt32) -> [UInt8] {
        var writer = ByteWriter()
        writer.put(raw: prefix)
        writer.putBigEndian(job.number)
        writer.putBigEndian(round)
        return writer.bytes
    }

    /// The job and round that the key of a trainer or a round names.
    static func jobAndRound(_ key: [UInt8], after prefix: [UInt8]) throws(ByteError) -> (job: JobID, round: UInt32) {
        var reader = ByteReader(Array(key.dropFirst(prefix.count)))
        let job = JobID(try reader.getBigEndian(UInt64.self))
        return (job, try reader.getBigEndian(UInt32.self))
    }

    /// The version that a model's key names.
    static func modelVersion(_ key: [UInt8]) throws(ByteError) -> ModelVersion {
        var reader = ByteReader(Array(key.dropFirst(models.count)))
        return ModelVersion(try reader.getBigEndian())
    }

    static func seed(_ seed: SeedID) -> [UInt8] {
        var writer = ByteWriter()
        writer.putBigEndian(seed.number)
        return writer.bytes
    }

    static func reasons(_ seed: SeedID) -> [UInt8] {
        var writer = ByteWriter()
        writer.put(raw: Array("reasons/".utf8))
        writer.putBigEndian(seed.number)
        return writer.bytes
    }

    /// A key of the family `signals`: a word, then numbers.
    static func signal(_ word: String, _ numbers: UInt64...) -> [UInt8] {
        var writer = ByteWriter()
        writer.put(raw: word.utf8)
        for number in numbers { writer.putBigEndian(number) }
        return writer.bytes
    }

    /// Who has blocked whom.
    static func peopleApart(in database: Database) throws -> PeopleApart {
        var apart = PeopleApart()
        let prefix = signal("block/")
        try database.scan(.signals, prefix: prefix) { key, _ in
            var reader = ByteReader(Array(key.dropFirst(prefix.count)))
            let person = PersonID(try reader.getBigEndian(UInt64.self))
            apart.set(true, person, PersonID(try reader.getBigEndian(UInt64.self)))
            return true
        }
        return apart
    }

    static func currentModelVersion(in database: Database) throws -> ModelVersion {
        try database.get(.meta, key: currentModel).map { try version($0) } ?? ModelVersion(0)
    }

    /// What is kept under `currentModel`, written.
    static func value(of version: ModelVersion) -> [UInt8] {
        var writer = ByteWriter()
        writer.put(version.number)
        return writer.bytes
    }

    /// What is kept under `currentModel`.
    static func version(_ bytes: [UInt8]) throws -> ModelVersion {
        var reader = ByteReader(bytes)
        return ModelVersion(try reader.get())
    }
}
