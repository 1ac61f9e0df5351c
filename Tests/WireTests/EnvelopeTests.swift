import Basics
import Testing

@testable import Wire

@Suite struct EnvelopeTests {
    @Test func goldenBytes() {
        let frames = Samples.envelope(of: JobAccepted(job: JobID(0x0A))).frames()
        let header: [UInt8] = [
            0x4D, 0x53, 0x54, 0x52, 6, 0, 50, 0,  // M S T R, protocol, kind
            8, 7, 6, 5, 4, 3, 2, 1,  // request
            9, 0, 0, 0, 0xD0, 7, 0, 0,  // city, deadline
            7, 0, 0, 0, 0, 0, 0, 0,  // epoch
            6, 0, 0, 0, 0, 0, 0, 0,  // job
        ]
        #expect(frames == [header, [10, 0, 0, 0, 0, 0, 0, 0], [0, 0, 128, 63]])
    }

    @Test func goldenBytesOfAHello() {
        let hello = Hello(
            role: .worker, name: "w", processID: 258, protocolLowest: 1, protocolHighest: 2, build: "0.1.0")
        #expect(
            Envelope(hello).body == [
                1, 1, 0, 2, 0, 5, 0, 0, 0, 0x30, 0x2E, 0x31, 0x2E, 0x30, 1, 0, 0, 0, 0x77, 2, 1, 0, 0,
            ])
    }

    @Test func goldenBytesOfACityRow() {
        let table = CityTable(cities: [
            CityRow(
                city: CityID(2), name: "K", epoch: Epoch(3), worker: WorkerID(4), workerName: "w", alive: true,
                report: nil)
        ])
        #expect(
            Envelope(table).body == [
                1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0x4B, 3, 0, 0, 0, 0, 0, 0, 0, 1, 4, 0, 0, 0, 1, 0, 0, 0, 0x77,
                1, 0,
            ])
    }

    @Test func kindsKeepTheirNumbers() {
        let numbers = Kind.allCases.map(\.rawValue)
        #expect(
            numbers == [1, 2, 3] + Array(16...22) + Array(32...37) + Array(48...53) + Array(64...78) + Array(80...90)
                + Array(96...99) + Array(112...118) + [128, 129, 144, 145] + Array(148...155) + Array(160...168))
        #expect(Kind.roundResult.name == "roundResult")
    }

    @Test func noCityIsNoCity() throws {
        let envelope = Envelope(Goodbye())
        #expect(try Envelope(frames: envelope.frames()).city == nil)
        #expect(envelope.frames()[0][16..<20] == [255, 255, 255, 255])
    }

    @Test func everyFlippedBitOfTheHeaderGivesAnErrorOrAnotherEnvelope() {
        let sent = Samples.envelope(of: Goodbye())
        for bit in 0..<WireLimits.headerBytes * 8 {
            var frames = sent.frames()
            frames[0][bit / 8] ^= 1 << (bit % 8)
            guard let received = try? Envelope(frames: frames) else { continue }
            #expect(received != sent && received.frames() == frames, "bit \(bit)")
        }
    }

    @Test func damagedFramesAreNamed() {
        let good = Samples.envelope(of: Goodbye()).frames()
        func fault(_ change: (inout [[UInt8]]) -> Void) -> WireError? {
            var frames = good
            change(&frames)
            do throws(WireError) {
                _ = try Envelope(frames: frames)
                return nil
            } catch { return error }
        }
        #expect(fault { _ in } == nil)
        #expect(fault { $0 = [] } == .frameCount(0))
        #expect(fault { $0 = [$0[0]] } == .frameCount(1))
        #expect(fault { $0 += [[UInt8]](repeating: [], count: 16) } == .frameCount(19))
        #expect(fault { $0[0].removeLast() } == .headerSize(39))
        #expect(fault { $0[0].append(0) } == .headerSize(41))
        #expect(fault { $0[0][0] = 0x47 } == .foreign(0x5254_5347))
        #expect(fault { $0[0][4] = 7 } == .unsupportedProtocol(7))
        #expect(fault { $0[0][6] = 250 } == .unknownKind(250))
        let size = WireLimits.bodyBytesMax + 1
        #expect(
            fault { $0[1] = [UInt8](repeating: 0, count: size) }
                == .frameSize(index: 1, bytes: size, limit: WireLimits.bodyBytesMax))
    }

    @Test func aStrangersHandshakeIsReadInAnyProtocol() throws {
        var envelope = Envelope(
            Hello(role: .command, name: "", processID: 1, protocolLowest: 8, protocolHighest: 9, build: "9.0"))
        envelope.protocolVersion = 9
        #expect(try Envelope(frames: envelope.frames()) == envelope)
    }

    @Test func anotherKindThanExpectedIsNamed() {
        #expect(throws: WireError.unexpectedKind(expected: .assigned, found: .goodbye)) {
            try Envelope(Goodbye()).decode(Assigned.self)
        }
    }

    @Test func anAnswerKeepsWhatItAnswers() {
        let asked = Samples.envelope(of: SeedsRequest(count: 1))
        let answer = asked.answer(Seeds(seeds: []))
        #expect(answer.request == asked.request && answer.city == asked.city && answer.job == asked.job)
        #expect(answer.epoch == asked.epoch && answer.deadlineMilliseconds == 0 && answer.kind == .seeds)
    }

    @Test func numbersTravelAsBulk() throws {
        let people = [PersonID(1), PersonID(.max)]
        var envelope = Envelope(Elsewhere(), bulk: [Envelope.bulk(of: people)])
        #expect(envelope.bulk[0].count == 16)
        #expect(try envelope.bulkIdentifiers(of: PersonID.self) == people)
        envelope.bulk[0].removeLast()
        #expect(throws: WireError.body(.elsewhere, .truncated(need: 8, have: 7))) {
            try envelope.bulkIdentifiers(of: PersonID.self)
        }
        envelope.bulk = []
        #expect(throws: WireError.missingBulk(.elsewhere, index: 0)) {
            try envelope.bulkIdentifiers(of: PersonID.self)
        }
    }

    @Test func weightsTravelBitForBit() throws {
        let weights: [Float] = [1, -0.0, .infinity, .leastNonzeroMagnitude, .nan]
        let envelope = Envelope(
            RoundResult(job: JobID(1), round: 0, samples: 1, meanLoss: 0),
            bulk: [
                Envelope.bulk(of: weights), [1, 2, 3],
            ])
        #expect(try envelope.bulkFloats().map(\.bitPattern) == weights.map(\.bitPattern))
        #expect(throws: WireError.floats(index: 1, bytes: 3)) { try envelope.bulkFloats(at: 1) }
        #expect(throws: WireError.missingBulk(.roundResult, index: 2)) { try envelope.bulkBytes(at: 2) }
        #expect(Envelope.bulk(of: [1]) == [0, 0, 128, 63])
        #expect(try Envelope(Goodbye(), bulk: [[]]).bulkFloats() == [])
    }

    @Test func limitsFitEachOther() {
        #expect(WireLimits.bodyBytesMax <= WireLimits.frameBytesMax)
        #expect(WireLimits.nameBytesMax < WireLimits.detailBytesMax)
        // A table of fifty thousand cities with the longest names fits into a body.
        let row = CityRow.bytesMin + 4 + 2 * WireLimits.nameBytesMax + CityReport.bytes
        #expect(row * 50_000 <= WireLimits.bodyBytesMax)
    }
}
