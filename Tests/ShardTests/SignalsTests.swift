import Basics
import Events
import Foundation
import Store
import Synchronization
import Testing
import Wire
import World

@testable import Plans
@testable import Shard

struct SignalsTests {
    private let folder = TemporaryFolder()
    private let shard: CityShard
    private let now: Int64 = 1_700_000_000_000
    private let seed = PlanSeed(
        id: SeedID(9), city: CityID(0), venue: PlaceID(1), starters: [PersonID(1), PersonID(2)],
        slot: TimeSlot(number: 2), conversion: 0.5, expectedTurnout: 3, score: 1, invites: [PersonID(3)])

    init() throws {
        shard = try CityShard(directory: folder.path, city: CityID(0), name: "Oslo", cluster: 1, outboxIfNew: 1)
        let people = (1...10).map { (id: UInt64) in Record.person(Person(id: PersonID(id), homeCity: CityID(0))) }
        let places = (1...10).map { (id: UInt64) in
            Record.place(Place(id: PlaceID(id), city: CityID(0)))
        }
        _ = try shard.store.write(RecordBlock(city: CityID(0), records: people + places))
        var writer = ByteWriter()
        seed.encode(into: &writer)
        var batch = WriteBatch()
        batch.put(.seeds, key: ShardKeys.seed(seed.id), value: writer.bytes)
        try shard.store.database.commit(batch)
    }

    private func post(_ json: String, key: String = "") throws -> SignalsTaken {
        try shard.take(PostSignals(key: key), json: Array(json.utf8), now: now)
    }

    private func visits() throws -> [Visit] {
        try shard.store.visits(of: (1...10).map { PersonID($0) })
    }

    @Test func whatIsSaidOfOneMomentIsOneVisit() throws {
        let time = "\"person\":1,\"place\":2,\"time\":1690000000000"
        let answer = try post(
            "[{\"kind\":\"view\",\(time),\"dwell\":30},{\"kind\":\"save\",\(time)},{\"kind\":\"attend\",\(time)},"
                + "{\"kind\":\"share\",\(time)},{\"kind\":\"view\",\(time),\"dwell\":10}]")
        #expect(answer == SignalsTaken(taken: 5, refused: []))
        #expect(
            try visits() == [
                Visit(
                    person: PersonID(1), place: PlaceID(2), time: Timestamp(milliseconds: 1_690_000_000_000),
                    dwellSeconds: 30, saves: 1, shares: 1, attended: true)
            ])
        #expect(shard.view.withLock { $0.generation } == 1)
    }

    @Test func aRequestWithAKeyIsTakenOnce() throws {
        let json = "[{\"kind\":\"view\",\"person\":1,\"place\":2},{\"kind\":\"view\",\"person\":11,\"place\":2}]"
        let first = try post(json, key: "k1")
        #expect(first.taken == 1 && first.refused == [RowReject(index: 1, reason: SignalFault.unknownPerson.rawValue)])
        #expect(try post("{\"kind\":\"view\",\"person\":3,\"place\":2}", key: "k1") == first)
        #expect(try visits().count == 1)
        #expect(try post(json, key: "k2").taken == 1)
        let account = try shard.signalAccount()
        #expect(account.taken == 2 && account.refused == 2 && account.requests == 2)
        #expect(throws: ShardError.unreadableSignals(city: "Oslo", tooMany: false)) { try post("nonsense") }
    }

    @Test func friendsComeAndGoInTheOrderOfTheirSignals() throws {
        func tie(_ kind: String) -> String { "{\"kind\":\"\(kind)\",\"person\":5,\"other\":4}" }
        #expect(try post("[\(tie("friend")),\(tie("block"))]").taken == 2)
        #expect(shard.store.counts().friendships == 0)
        #expect(try post("[\(tie("block")),\(tie("friend"))]").taken == 2)
        #expect(shard.store.counts().friendships == 1)
        #expect(try post(tie("friend")).taken == 1)
        #expect(shard.store.counts().friendships == 1)
        #expect(try post(tie("block")).taken == 1)
        #expect(shard.store.counts().friendships == 0)
    }

    @Test func anAnswerIsAnEventOfItsSeedsHistory() throws {
        func answer(_ person: Int, _ word: String) -> String {
            "{\"kind\":\"answer\",\"person\":\(person),\"seed\":\"9\",\"answer\":\"\(word)\"}"
        }
        #expect(try post("[\(answer(1, "accepted")),\(answer(3, "declined"))]", key: "a").taken == 2)
        #expect(try post(answer(3, "accepted")).taken == 1)
        let rows = try shard.events(EventsRequest(seed: SeedID(9), after: 0, count: 10)).rows
        let events = try rows.map {
            try JSONDecoder().decode(CloudEvent<SeedAnswered>.self, from: Data($0.payload))
        }
        #expect(events.map(\.id) == ["seed.answered/9/1/1", "seed.answered/9/3/1", "seed.answered/9/3/2"])
        #expect(events.map(\.causationid) == ["signal/a/0", "signal/a/1", "signal/request 2/0"])
        #expect(events.map(\.data.accepted) == [1, 1, 2] && events.map(\.data.declined) == [0, 1, 0])
        #expect(events.map(\.data.waiting) == [2, 1, 1] && events.map(\.sequence.number) == [1, 2, 3])
        #expect(try post("{\"kind\":\"answer\",\"person\":1,\"seed\":8,\"answer\":\"maybe\"}").refused.count == 1)
    }

    @Test func entriesBehindTheOffsetChangeNothingAndAreCounted() throws {
        func entry(_ sequence: UInt64, _ words: String...) -> (id: EntryID, ticket: SignalTicket) {
            let fields = Result { () throws(SignalFault) in try SignalFields(words.map { Array($0.utf8) }) }
            let id = EntryID(milliseconds: 5, sequence: sequence)
            return (id, SignalTicket(fields: fields, arrival: now, id: "\(id)"))
        }
        let first = entry(1, "kind", "view", "person", "1", "place", "2")
        let second = entry(2, "kind", "view", "person", "1")
        let third = entry(3, "kind", "save", "person", "1", "place", "3")
        var refused: [[SignalRefusal]] = []
        try shard.take(entries: [first, second], now: now) { refused.append($0) }
        try shard.take(entries: [first, second, third], now: now) { refused.append($0) }
        #expect(refused == [[SignalRefusal(index: 1, fault: .missing)], []])
        let account = try shard.signalAccount()
        #expect(account.taken == 2 && account.refused == 1 && account.replayed == 2)
        #expect(account.offset == third.id)
        // Where the dead letter cannot be written, nothing is.
        let fourth = entry(4, "kind", "sing")
        #expect(throws: CancellationError.self) {
            try shard.take(entries: [fourth], now: now) { _ in throw CancellationError() }
        }
        #expect(try shard.signalAccount() == account)
    }
}

/// A folder for one test, gone with the object.
final class TemporaryFolder {
    private let url = FileManager.default.temporaryDirectory.appending(path: "muster-\(UUID().uuidString)")

    var path: String { url.path }

    deinit { try? FileManager.default.removeItem(at: url) }
}
