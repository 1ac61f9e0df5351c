import Basics
import Testing
import World

@Suite struct RecordCodecTests {
    @Test func goldenBytesOfAPerson() {
        var expected: [UInt8] = [1, 8, 7, 6, 5, 4, 3, 2, 1, 3, 0, 0, 0, 4, 0]
        expected += [3, 0, 0, 0, 0, 0x3F, 1, 0, 0, 0x80, 0x3E, 2, 0, 0, 0x80, 0x3E]  // sparse categories
        expected += [1, 99, 0, 0, 0x80, 0x3F]  // one fine tag
        expected += [254] + (0..<30).flatMap { _ in [0x89, 0x88, 0x08, 0x3D] as [UInt8] }  // dense vibes
        expected += [2, 0, 4, 0, 0, 0, 0x40, 0x3F, 1, 0, 0, 0, 0x80, 0x3E]  // areas
        expected += [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40, 0, 0, 0x40, 0x40, 0, 0, 0x80, 0x40, 0, 0, 0xA0, 0x40]
        #expect(Samples.bytes(.person(Samples.person)) == expected)
    }

    @Test func goldenBytesOfAPlace() {
        #expect(
            Samples.bytes(.place(Samples.place)) == [
                2, 9, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 14, 0, 1, 2, 0, 0, 0x80, 0x3F, 1, 1, 0, 0, 0x80, 0x3F, 4, 5,
                1, 0, 0, 0, 0x40, 0, 0, 0x80, 0x3F, 0, 0, 0, 0x3F, 0, 0, 0x80, 0x3E,
            ])
        #expect(
            Samples.bytes(.place(Samples.barePlace)) == [
                2, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 255, 255, 0, 0, 0,
            ])
    }

    @Test func goldenBytesOfVisits() {
        let who: [UInt8] = [3, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0]
        #expect(Samples.bytes(.visit(Samples.checkIn)) == who + [1])
        #expect(Samples.bytes(.visit(Samples.visit)) == who + [2, 0, 0, 0x80, 0x3F, 2, 0, 3, 0, 4, 0])
    }

    @Test func goldenBytesOfAFriendship() {
        #expect(
            Samples.bytes(.friendship(Samples.friendship)) == [
                4, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x3F, 3, 0, 0, 0, 0, 0, 0x80, 0x3F,
            ])
    }

    @Test func goldenBytesOfAPersonOfKnownAgeAndGender() {
        var person = Samples.stranger
        let bare = Samples.bytes(.person(person))
        #expect(bare[0] == 1 && bare.count == 40)
        for (ageGroup, gender, tail) in [(3, nil, [1, 3]), (nil, 2, [2, 2]), (0, 1, [3, 0, 1])]
            as [(UInt8?, UInt8?, [UInt8])]
        {
            (person.ageGroup, person.gender) = (ageGroup, gender)
            #expect(Samples.bytes(.person(person)) == [7] + bare.dropFirst() + tail)
        }
    }

    @Test func goldenBytesOfFriendLabels() {
        let who: [UInt8] = [5, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]
        var label = Samples.label
        #expect(Samples.bytes(.friendLabel(label)) == who + [3])
        label.attends = false
        #expect(Samples.bytes(.friendLabel(label)) == who + [1])
        label.isCompatible = false
        #expect(Samples.bytes(.friendLabel(label)) == who + [0])
    }

    @Test func goldenBytesOfGatherings() {
        let which: [UInt8] = [6, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0]
        let start: [UInt8] = [4, 0, 0, 0, 0, 0, 0, 0]
        #expect(
            Samples.bytes(.gathering(Samples.bareGathering))
                == which + [0, 0] + start + [0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0])
        #expect(
            Samples.bytes(.gathering(Samples.gathering))
                == which + [1, 2] + start + [44, 1, 0, 0, 4, 3, 9, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0]
                + [1, 0, 0, 0, 0x80, 0x3F, 1, 99, 0, 0, 0x80, 0x3F]
                + [5, 0, 0, 0, 0x46, 0xC3, 0xAA, 0x74, 0x65])
    }

    @Test func goldenBytesOfABlock() {
        let block = RecordBlock(city: CityID(5), records: [.visit(Samples.checkIn)])
        #expect(block.encoded() == [1, 5, 0, 0, 0, 1, 0, 0, 0] + Samples.bytes(.visit(Samples.checkIn)))
    }

    @Test(arguments: Samples.records) func aRecordIsReadAsWritten(record: Record) throws {
        #expect(try Samples.record(Samples.bytes(record)) == record)
    }

    @Test func vectorsOfEveryDensityAreReadAsWritten() throws {
        var random = SeededRandom(seed: 11)
        for nonZero in 0...100 {
            var place = Samples.place
            place.fineTags = [Float](repeating: 0, count: 100)
            for index in 0..<nonZero { place.fineTags[index] = random.uniformFloat() + 0.01 }
            random.shuffle(&place.fineTags)
            let bytes = Samples.bytes(.place(place))
            #expect(try Samples.record(bytes) == .place(place))
            #expect(bytes.count == 41 + min(400, nonZero * 5))
        }
    }

    @Test func oddFloatsKeepTheirBits() throws {
        var place = Samples.place
        place.fineTags[0] = -0.0
        place.fineTags[2] = Float(bitPattern: 0x7FC0_1234)
        let bytes = Samples.bytes(.place(place))
        #expect(Samples.bytes(try Samples.record(bytes)) == bytes)
    }

    @Test(arguments: Samples.records) func everyTruncationIsAnError(record: Record) {
        let whole = Samples.bytes(record)
        for count in 0..<whole.count {
            #expect(throws: ByteError.self) { try Samples.record(Array(whole[..<count])) }
        }
    }

    @Test(arguments: Samples.records) func everyBitFlipIsAnErrorOrAnotherRecord(record: Record) {
        let whole = Samples.bytes(record)
        for bit in 0..<whole.count * 8 {
            var flipped = whole
            flipped[bit / 8] ^= 1 << (bit % 8)
            guard let other = try? Samples.record(flipped) else { continue }
            #expect(Samples.bytes(other) != whole)
            _ = try? other.validate()
        }
    }

    @Test func damagedFormsAreNamed() {
        #expect(throws: ByteError.invalid("record kind 9")) { try Samples.record([9]) }
        var visit = Samples.bytes(.visit(Samples.checkIn))
        visit[25] = 4
        #expect(throws: ByteError.invalid("visit flags 4")) { try Samples.record(visit) }
        var place = Samples.bytes(.place(Samples.place))
        place[16] = 6
        #expect(throws: ByteError.invalid("entry 6 in a vector of 6")) { try Samples.record(place) }
        place[15] = 7
        #expect(throws: ByteError.invalid("7 entries in a vector of 6")) { try Samples.record(place) }
    }

    @Test func damagedYoungerRecordsAreNamed() {
        func fault(_ record: Record, at index: Int, _ value: UInt8) -> ByteError? {
            var bytes = Samples.bytes(record)
            bytes[index] = value
            do throws(ByteError) {
                _ = try Samples.record(bytes)
                return nil
            } catch {
                return error
            }
        }
        #expect(fault(.friendLabel(Samples.label), at: 17, 4) == .invalid("friend label flags 4"))
        #expect(fault(.person(Samples.described), at: 40, 0) == .invalid("person flags 0"))
        #expect(fault(.person(Samples.described), at: 40, 4) == .invalid("person flags 4"))
        #expect(fault(.gathering(Samples.gathering), at: 21, 2) == .invalid("gathering kind 2"))
        #expect(fault(.gathering(Samples.gathering), at: 22, 3) == .invalid("gathering status 3"))
        #expect(fault(.gathering(Samples.gathering), at: 36, 4) == .invalid("gathering flags 4"))
        #expect(fault(.gathering(Samples.gathering), at: 70, 0xFF) == .invalid("text that is not UTF-8"))
    }

    @Test func sparseEntriesMustRise() {
        var person = Samples.bytes(.person(Samples.person))
        person[21] = 0  // the second of three categories, now equal to the first
        #expect(throws: ByteError.invalid("entry 0 in a vector of 6")) { try Samples.record(person) }
    }

    @Test func aVectorOfAnotherSizeIsOurBug() async {
        await #expect(processExitsWith: .failure) {
            _ = Samples.bytes(.place(Place(id: PlaceID(1), city: CityID(1), categories: [1, 0])))
        }
    }
}

@Suite struct RecordBlockTests {
    private let block = RecordBlock(city: CityID(5), records: Samples.records)

    @Test func blocksOfAnySizeAreReadAsWritten() throws {
        for count in [0, 1, 2, 7, 1000] {
            let records = (0..<count).map { Samples.records[$0 % Samples.records.count] }
            let block = RecordBlock(city: CityID(UInt32(count)), records: records)
            #expect(try RecordBlock(decoding: block.encoded()) == block)
        }
    }

    @Test func everyTruncationIsAnError() {
        let whole = block.encoded()
        for count in 0..<whole.count {
            #expect(throws: ByteError.self) { try RecordBlock(decoding: Array(whole[..<count])) }
        }
    }

    @Test func everyBitFlipIsAnErrorOrAnotherBlock() {
        let whole = block.encoded()
        for bit in 0..<whole.count * 8 {
            var flipped = whole
            flipped[bit / 8] ^= 1 << (bit % 8)
            guard let other = try? RecordBlock(decoding: flipped) else { continue }
            #expect(other.encoded() != whole)
        }
    }

    @Test func aTailIsAnError() {
        #expect(throws: ByteError.trailing(1)) { try RecordBlock(decoding: block.encoded() + [0]) }
    }

    @Test func aCountBeyondTheBytesReservesNothing() {
        let claim: [UInt8] = [1, 0, 0, 0, 0, 255, 255, 255, 255]
        #expect(throws: ByteError.truncated(need: 18 * 4_294_967_295, have: 0)) { try RecordBlock(decoding: claim) }
    }

    @Test func anotherFormatIsRefused() {
        #expect(throws: ByteError.invalid("record block format 2")) {
            try RecordBlock(decoding: [2, 0, 0, 0, 0, 0, 0, 0, 0])
        }
    }
}
