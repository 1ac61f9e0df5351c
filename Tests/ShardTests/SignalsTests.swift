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

    private func answer(_ person: Int, _ word: String) -> String {
        "{\"kind\":\"answer\",\"person\":\(person),\"seed\":\"9\",\"answer\":\"\(word)\"}"
    }

    private func history() throws -> [EventFrame] {
        try shard.events(EventsRequest(seed: SeedID(9), after: 0, count: 100)).rows.map {
            try JSONDecoder().decode(EventFrame.self, from: Data($0.payload))
        }
    }

    @Test func answersMoveASeedFromItsStartersToABookedTableAndItsEnd() throws {
        #expect(try post("[\(answer(1, "accepted")),\(answer(7, "accepted"))]", key: "a").taken == 2)
        #expect(try post(answer(2, "accepted")).taken == 1)
        #expect(try post("[\(answer(3, "maybe")),\(answer(3, "accepted")),\(answer(3, "accepted"))]").taken == 3)
        _ = try post("{\"kind\":\"booking.succeeded\",\"seed\":9,\"reference\":\"table 4\"}")
        _ = try post("{\"kind\":\"booking.succeeded\",\"seed\":9,\"reference\":\"table 5\"}")
        _ = try post("[\(answer(1, "declined")),\(answer(2, "declined")),\(answer(3, "declined"))]")
        let events = try history()
        #expect(
            events.map(\.id) == [
                "seed.answered/9/1", "seed.answered/9/2", "seed.invited/9/3", "seed.answered/9/4", "seed.answered/9/5",
                "seed.confirmed/9/6", "booking.requested/9/7", "seed.booked/9/8", "seed.answered/9/9",
                "seed.answered/9/10", "seed.released/9/11", "booking.cancelled/9/12",
            ], "the last answer came too late")
        #expect(events.map(\.sequence.number) == Array(1...12))
        #expect(events.map(\.causationid)[0...1] == ["signal/a/0", "signal/request 2/0"])
        let rows = try shard.events(EventsRequest(seed: SeedID(9), after: 4, count: 1)).rows
        let last = try JSONDecoder().decode(CloudEvent<SeedAnswered>.self, from: Data(rows[0].payload))
        #expect(
            last.data == SeedAnswered(city: "Oslo", person: 3, answer: .accepted, accepted: 3, declined: 0, waiting: 0))
        #expect(try post("{\"kind\":\"answer\",\"person\":1,\"seed\":8,\"answer\":\"maybe\"}").refused.count == 1)
    }

    @Test func aSeedWhoseTimeIsOverIsReleasedOnce() throws {
        _ = try post(answer(1, "accepted"))
        try shard.tick(now: now + 1000)
        #expect(try history().count == 1)
        for _ in 0..<2 { try shard.tick(now: now + 4 * 86_400_000) }
        let events = try history()
        #expect(events.map(\.id) == ["seed.answered/9/1", "seed.released/9/2"] && events[1].causationid == "clock")
        _ = try post(answer(2, "accepted"))
        #expect(try history().count == 2, "an answer that comes too late changes nothing")
    }

    @Test func aRefusedBookingReleasesTheSeed() throws {
        _ = try post("[\(answer(1, "accepted")),\(answer(2, "accepted")),\(answer(3, "accepted"))]")
        for _ in 0..<2 { _ = try post("{\"kind\":\"booking.failed\",\"seed\":9,\"reason\":\"full\"}") }
        #expect(try history().map(\.id).suffix(2) == ["booking.requested/9/6", "seed.released/9/7"])
    }

    @Test func entriesBehindTheOffsetChangeNothingAndAreCounted() throws {
        func entry(_ sequence: UInt64, _ words: String...) -> SignalEntry {
            let fields = EntryFields(words.map { Array($0.utf8) })
            let reading = SignalReading(city: "Oslo", arrival: now, now: now)
            return SignalEntry(
                id: EntryID(milliseconds: 5, sequence: sequence), signal: Signal.read(fields, reading))
        }
        let first = entry(1, "kind", "view", "person", "1", "place", "2")
        let second = entry(2, "kind", "view", "person", "1")
        let third = entry(3, "kind", "save", "person", "1", "place", "3")
        var refused: [[SignalRefusal]] = []
        try shard.take([first, second]) { refused.append($0) }
        try shard.take([first, second, third]) { refused.append($0) }
        #expect(refused == [[SignalRefusal(index: 1, fault: .missing)], []])
        let account = try shard.signalAccount()
        #expect(account.taken == 2 && account.refused == 1 && account.replayed == 2)
        #expect(account.offset == third.id)
        // Where the dead letter cannot be written, nothing is.
        let fourth = entry(4, "kind", "sing")
        #expect(throws: CancellationError.self) {
            try shard.take([fourth]) { _ in throw CancellationError() }
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
