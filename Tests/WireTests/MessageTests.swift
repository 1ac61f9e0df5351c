import Basics
import Testing

@testable import Wire

@Suite struct MessageTests {
    @Test func thereIsASampleOfEveryKind() {
        #expect(Samples.all.map { type(of: $0).kind } == Kind.allCases)
    }

    @Test func everyMessageComesBackAsItWasSent() throws {
        func check<Message: Body>(_ message: Message) throws {
            let sent = Samples.envelope(of: message)
            let received = try Envelope(frames: sent.frames())
            #expect(received == sent)
            #expect(try received.decode(Message.self) == message)
        }
        for message in Samples.all { try check(message) }
    }

    @Test func everyTruncatedBodyIsAnError() {
        func check<Message: Body>(_ message: Message) {
            var envelope = Samples.envelope(of: message)
            let whole = envelope.body
            for count in 0..<whole.count {
                envelope.body = Array(whole[..<count])
                #expect(throws: WireError.self, "\(Message.kind) cut to \(count)") {
                    try envelope.decode(Message.self)
                }
            }
        }
        for message in Samples.all { check(message) }
    }

    @Test func aBodyWithATailIsAnError() {
        func check<Message: Body>(_ message: Message) {
            var envelope = Samples.envelope(of: message)
            envelope.body.append(0)
            #expect(throws: WireError.body(Message.kind, .trailing(1))) { try envelope.decode(Message.self) }
        }
        for message in Samples.all { check(message) }
    }

    @Test func everyFlippedBitOfABodyGivesAnErrorOrAnotherMessage() {
        func check<Message: Body>(_ message: Message) {
            var envelope = Samples.envelope(of: message)
            for bit in 0..<envelope.body.count * 8 {
                envelope.body[bit / 8] ^= 1 << (bit % 8)
                if let other = try? envelope.decode(Message.self) {
                    // What was read must say again what it was read from: no two bodies mean the same.
                    #expect(Samples.envelope(of: other).body == envelope.body, "\(Message.kind) bit \(bit)")
                }
                envelope.body[bit / 8] ^= 1 << (bit % 8)
            }
        }
        for message in Samples.all { check(message) }
    }

    @Test func aCountThatCannotBeTrueReservesNothing() {
        var envelope = Envelope(Seeds(seeds: []))
        envelope.body = [255, 255, 255, 255]
        #expect(throws: WireError.body(.seeds, .truncated(need: 56 * Int(UInt32.max), have: 0))) {
            try envelope.decode(Seeds.self)
        }
    }

    /// The smallest sizes given to the list reader must be reachable, or good lists would be refused.
    @Test func theSmallestRowsAreReadBack() throws {
        let row = CityRow(
            city: CityID(0), name: "", epoch: Epoch(0), worker: nil, workerName: "", alive: false, report: nil)
        let worker = WorkerRow(worker: WorkerID(0), name: "", alive: false, processID: 0, cities: 0)
        let assignment = CityAssignment(city: CityID(0), name: "", epoch: Epoch(0))
        let status = Status(cluster: 0, build: "", workers: [worker], cities: [row], jobs: [Samples.emptyJob])
        #expect(try Envelope(status).decode() == status)
        #expect(try Envelope(CityTable(cities: [row])).decode() == CityTable(cities: [row]))
        #expect(try Envelope(Assign(cities: [assignment])).decode() == Assign(cities: [assignment]))
        #expect(try Envelope(Seeds(seeds: [Samples.emptySeed])).decode() == Seeds(seeds: [Samples.emptySeed]))
        let rejects = Imported(new: 0, known: 0, rejects: [RowReject(index: 0, reason: "")])
        #expect(try Envelope(rejects).decode() == rejects)
    }

    @Test func impossibleValuesAreRefused() {
        #expect(throws: WireError.body(.registerCities, .invalid("a city without a name"))) {
            try Envelope(RegisterCities(names: [""], loads: [0])).decode(RegisterCities.self)
        }
        let long = String(repeating: "x", count: WireLimits.nameBytesMax + 1)
        #expect(throws: WireError.self) {
            try Envelope(RegisterCities(names: [long], loads: [0])).decode(RegisterCities.self)
        }
    }

    @Test func aLongExplanationIsCutBetweenTwoCharacters() throws {
        let long = String(repeating: "ö", count: WireLimits.detailBytesMax)
        let read = try Envelope(Refused(reason: long)).decode(Refused.self)
        #expect(read.reason.utf8.count <= WireLimits.detailBytesMax)
        #expect(read.reason.hasPrefix("öö") && read.reason.hasSuffix("ö..."))
        let exact = String(repeating: "x", count: WireLimits.detailBytesMax)
        #expect(try Envelope(Refused(reason: exact)).decode(Refused.self).reason == exact)
    }
}
