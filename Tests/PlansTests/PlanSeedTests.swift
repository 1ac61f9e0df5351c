import Basics
import Plans
import Testing
import World

@Suite struct PlanSeedTests {
    private let seed = PlanSeed(
        id: SeedID(0x0102_0304_0506_0708), city: CityID(7), venue: PlaceID(1234),
        starters: [PersonID(10), PersonID(5)], slot: TimeSlot(number: 2), conversion: 0.5, expectedTurnout: 4,
        score: 2, invites: [PersonID(99)])

    private func bytes(_ seed: PlanSeed) -> [UInt8] {
        var writer = ByteWriter()
        seed.encode(into: &writer)
        return writer.bytes
    }

    private func read(_ bytes: [UInt8]) throws -> PlanSeed {
        var reader = ByteReader(bytes)
        let seed = try PlanSeed(from: &reader)
        try reader.finish()
        return seed
    }

    @Test func theNameIsTheHashOfWhatIsProposed() {
        func name(_ starters: [UInt64], slot: UInt8 = 2, model: UInt64 = 3) -> SeedID {
            PlanSeed.identify(
                city: CityID(7), venue: PlaceID(1234), starters: starters.map { PersonID($0) },
                slot: TimeSlot(number: slot), model: ModelVersion(model))
        }
        // Computed by an independent program from the table in the documentation.
        #expect(name([5, 10, 99]) == SeedID(0x68D2_D248_CB87_165A))
        #expect(name([99, 5, 10]) == name([5, 10, 99]))
        #expect(
            Set([name([5, 10]), name([5, 10, 99]), name([5, 10], slot: 3), name([5, 10], model: 4)]).count == 4)
    }

    @Test func goldenBytes() {
        #expect(
            bytes(seed) == [
                8, 7, 6, 5, 4, 3, 2, 1, 7, 0, 0, 0, 0xD2, 4, 0, 0, 0, 0, 0, 0, 2,
                0, 0, 0, 0, 0, 0, 0xE0, 0x3F, 0, 0, 0, 0, 0, 0, 0x10, 0x40, 0, 0, 0, 0, 0, 0, 0, 0x40,
                2, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0,
                1, 0, 0, 0, 99, 0, 0, 0, 0, 0, 0, 0,
            ])
    }

    @Test func whatIsWrittenIsRead() throws { #expect(try read(bytes(seed)) == seed) }

    @Test func everyTruncationIsAnError() {
        let whole = bytes(seed)
        for count in 0..<whole.count {
            #expect(throws: ByteError.self) { try read(Array(whole[..<count])) }
        }
    }

    @Test func everyFlippedBitIsAnErrorOrAnotherSeed() throws {
        let whole = bytes(seed)
        for bit in 0..<whole.count * 8 {
            var broken = whole
            broken[bit / 8] ^= 1 << (bit % 8)
            if let other = try? read(broken) { #expect(other != seed) }
        }
    }

    @Test func impossibleValuesAreRefused() {
        func refuses(_ change: (inout [UInt8]) -> Void) -> Bool {
            var broken = bytes(seed)
            change(&broken)
            do {
                _ = try read(broken)
                return false
            } catch { return true }
        }
        #expect(refuses { $0[20] = 6 })
        #expect(refuses { $0[28] = 0x40 })
        #expect(refuses { $0[36] = 0xC0 })
        #expect(
            refuses {
                $0[44] = 0x7F
                $0[43] = 0xF0
            })
        #expect(refuses { $0[45] = 1 })
    }
}
