import Basics
import Foundation
import Testing

@testable import Events

/// One event of every type, filled to the last field.
enum EventSamples {
    static let place = EventPlace(cluster: 17, city: "São Paulo", epoch: Epoch(3), sequence: .max)

    static func draft(_ data: some EventData) -> EventDraft {
        EventDraft(
            data, about: 18_446_744_073_709_551_615, seed: SeedID(5), key: "18446744073709551615/1", cause: "job/7",
            time: 1_700_000_000_123)
    }

    static let city = "São Paulo"
    static let all: [any EventData] = [
        SeedCreated(
            city: city, venue: 9_007_199_254_740_993, starters: [1, 2, 3], slot: "weekend_day", conversion: 0.907_549,
            expectedTurnout: 12.619_306, invites: [4, 5], model: 2),
        SeedInvited(city: city, venue: 1, slot: "evening", person: 4, position: 3, starter: false, friends: [2]),
        SeedAnswered(city: city, person: 4, answer: .maybe, accepted: 1, declined: 0, waiting: 9),
        SeedMomentum(city: city, intensity: 2.5, threshold: 2, expectedTurnout: 7),
        SeedConfirmed(city: city, venue: 1, slot: "night", members: [1, 2], score: 0.75, expectedTurnout: 4),
        SeedReleased(city: city, venue: 1, slot: "morning", reason: .venueFull),
        SeedBooked(city: city, venue: 1, slot: "night", members: [1, 2], reference: "table 4"),
        BookingRequested(city: city, venue: 1, slot: "afternoon", members: [1, 2], partySize: 4),
        BookingCancelled(city: city, venue: 1, slot: "night", reason: .tooFew),
        ModelPublished(city: city, model: 2, people: 100, recallAt10: 0.1, ndcgAt10: 0.05),
    ]
}

struct ContractTests {
    private func object(_ bytes: [UInt8]) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
    }

    @Test func thereIsASampleAndASchemaOfEveryType() throws {
        #expect(EventSamples.all.map { type(of: $0).type } == EventType.allCases)
        let files = try FileManager.default.contentsOfDirectory(atPath: Schema.folder.path).sorted()
        let former = ["muster.seed.invited.v1.json"]
        let names = EventType.allCases.map { "\($0.rawValue).json" } + former + ["muster.signal.v1.json"]
        #expect(files == names.sorted())
    }

    @Test func whatIsEmittedFitsItsSchema() throws {
        for data in EventSamples.all {
            let event = try object(EventSamples.draft(data).json(at: EventSamples.place))
            let name = type(of: data).type.rawValue
            #expect(try Schema(published: name).faults(of: event) == [], "\(name)")
        }
    }

    @Test func aSchemaRefusesWhatItDoesNotKnow() throws {
        for data in EventSamples.all {
            let whole = try object(EventSamples.draft(data).json(at: EventSamples.place))
            let schema = try Schema(published: type(of: data).type.rawValue)
            for name in whole.keys where name != "time" {
                var event = whole
                event[name] = nil
                #expect(schema.faults(of: event) == ["$: \(name) is missing"])
                event[name] = [1]
                #expect(!schema.faults(of: event).isEmpty)
            }
            let body = try #require(whole["data"] as? [String: Any])
            for name in body.keys {
                var (event, data) = (whole, body)
                data[name] = nil
                event["data"] = data
                #expect(schema.faults(of: event) == ["$.data: \(name) is missing"])
                data[name] = ["x": 1]
                event["data"] = data
                #expect(!schema.faults(of: event).isEmpty)
            }
            var event = whole
            event["surprise"] = 1
            #expect(schema.faults(of: event) == ["$: surprise is unknown"])
        }
    }

    /// A schema that was published never changes: whoever reads version 1 can read it for ever. Another layout is
    /// another type with another version, beside the old one.
    @Test(arguments: [
        ("muster.seed.created.v1", 0xD74E_44D7_8E45_D040 as UInt64),
        ("muster.seed.invited.v1", 0x22D9_8D38_88CC_891B),
        ("muster.seed.invited.v2", 0xB1EB_FF8D_9445_1A10),
        ("muster.seed.answered.v1", 0x8526_E795_7851_9BB0),
        ("muster.seed.momentum.v1", 0x1959_CE25_DDB4_1216),
        ("muster.seed.confirmed.v1", 0x689B_E29B_6201_95A3),
        ("muster.seed.released.v1", 0x9B8E_307C_D591_0094),
        ("muster.seed.booked.v1", 0x9E3C_673E_2D8A_3F4B),
        ("muster.booking.requested.v1", 0xA2B8_FB8F_0FD4_C472),
        ("muster.booking.cancelled.v1", 0x324E_FC89_B6F3_01B7),
        ("muster.model.published.v1", 0x1221_578A_D23A_98DF),
    ])
    func aPublishedSchemaIsWhatItWas(name: String, fingerprint: UInt64) throws {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in try Data(contentsOf: Schema.url(of: name)) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        #expect(hash == fingerprint)
    }

    @Test func anEventComesBackAsItWasSaid() throws {
        func check<Body: EventData>(_ data: Body) throws {
            let bytes = EventSamples.draft(data).json(at: EventSamples.place)
            let event = try JSONDecoder().decode(CloudEvent<Body>.self, from: Data(bytes))
            #expect(event.data == data)
            #expect(event.sequence.number == .max)
            #expect(event.time == "2023-11-14T22:13:20.123Z")
            #expect(try JSONDecoder().decode(EventFrame.self, from: Data(bytes)).type == Body.type.rawValue)
        }
        for data in EventSamples.all { try check(data) }
    }

    @Test func theBytesOfAnEventAreTheseAndNoOthers() {
        let data = SeedAnswered(city: "Bergen", person: 4, answer: .accepted, accepted: 1, declined: 0, waiting: 2)
        let draft = EventDraft(data, about: 9, seed: SeedID(9), key: "9/4/1", cause: "signal/5-0", time: 0)
        let place = EventPlace(cluster: 1, city: "Bergen", epoch: Epoch(2), sequence: 3)
        #expect(
            String(decoding: draft.json(at: place), as: UTF8.self) == """
                {"causationid":"signal/5-0","city":"Bergen","data":{"accepted":1,"answer":"accepted","city":"Bergen",\
                "declined":0,"person":"4","waiting":2},"datacontenttype":"application/json","epoch":"2",\
                "id":"seed.answered/9/4/1","sequence":"3","source":"muster/1/Bergen","specversion":"1.0",\
                "subject":"9","time":"1970-01-01T00:00:00.000Z","type":"muster.seed.answered.v1"}
                """)
    }

    @Test func digitsAreOneWayOfWritingANumber() {
        for text in ["\"1\"", "\"0\"", "\"18446744073709551615\""] {
            #expect(throws: Never.self) { try JSONDecoder().decode(Digits.self, from: Data(text.utf8)) }
        }
        for text in ["1", "\"01\"", "\"+1\"", "\"\"", "\"18446744073709551616\"", "\"-1\"", "\"1 \""] {
            #expect(throws: (any Error).self) { try JSONDecoder().decode(Digits.self, from: Data(text.utf8)) }
        }
    }
}
