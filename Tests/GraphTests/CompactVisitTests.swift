import Basics
import Testing
import World

@testable import Graph

/// The compact forms, each held against its plain twin.
@Suite struct CompactVisitTests {
    /// Features and rating of every signal that differs from another in one of them.
    private func features(_ signals: VisitSignals) -> [Float] {
        var features = [Float](repeating: -1, count: VisitSignals.featureCount)
        do {
            var span = features.mutableSpan
            signals.features(into: &span)
        }
        return features + [signals.implicitRating, Float(signals.slot)]
    }

    @Test(arguments: [[0], [0, 1, 300, 65_535, 80_000], [0, 0.5, 149.999, 402, 1e9]] as [[Float]])
    func packedSignalsHaveTheVeryFeaturesOfPlainOnes(seconds: [Float]) {
        var plain: [VisitSignals] = []
        for count in [0, 1, 2, 3, 4, 5, 6, 255, 1000] {
            for dwell in seconds {
                for part in 0..<4 {
                    plain.append(
                        VisitSignals(
                            dwellSeconds: dwell, likes: count, saves: count / 2, shares: count / 3,
                            attended: count % 2 == 0, timeOfDay: part, isWeekend: (count + part) % 3 == 0))
                }
            }
        }
        let column = VisitSignalColumn(plain)
        #expect(column.count == plain.count)
        for (packed, plain) in zip(column, plain) { #expect(features(packed) == features(plain)) }
    }

    @Test func timeSpentTakesTheNarrowestColumnThatHoldsIt() {
        func column(_ seconds: Float) -> VisitSignalColumn {
            VisitSignalColumn(packed: [0, 0, 0, 0], seconds: [0, seconds, 7 * seconds, 0])
        }
        #expect(column(0).bytes == 8)
        #expect(column(3).bytes == 16)
        #expect(column(0.3).bytes == 24)
        #expect(column(3).seconds == [0, 3, 21, 0])
        #expect(column(0.3).seconds == [0, 0.3, 7 * 0.3, 0])
    }

    @Test func aVisitTakesAtMostSixteenBytesInBothDirections() {
        var records = Small.randomRecords(people: 100, places: 40, visits: 12_000, friendships: 0, seed: 3)
        let bare = Small.graph(records)
        #expect(Double(bare.visitBytes) / Double(bare.visitPlaces.count) < 10.5)
        for (index, record) in records.enumerated() {
            guard case .visit(var visit) = record else { continue }
            visit.dwellSeconds = Float(index) / 7
            records[index] = .visit(visit)
        }
        let full = Small.graph(records)
        #expect(Double(full.visitBytes) / Double(full.visitPlaces.count) < 14.5)
        #expect(full.visitBytes < full.bytes)
    }

    @Test(arguments: [[], [0, 0], [1], [63, 2, 0, 0, 0, 1, 200, 0], [0, 0, 64, 64, 0], [300, 0, 1]] as [[Int]])
    func anEdgeTellsItsPersonHoweverUnevenTheRows(rows: [Int]) {
        var offsets: [UInt32] = [0]
        var expected: [UInt32] = []
        for (person, count) in rows.enumerated() {
            expected += [UInt32](repeating: UInt32(person), count: count)
            offsets.append(UInt32(expected.count))
        }
        let owners = EdgeOwners(offsets: offsets)
        #expect(expected.indices.map { owners.owner(of: UInt32($0), offsets: offsets) } == expected)
    }

    @Test(arguments: [3_600_000, 1 << 62, Int64.max] as [Int64])
    func visitsAreOrderedByTimeHoweverFarApart(step: Int64) {
        var random = SeededRandom(seed: 9)
        let times = (0..<40).map { _ in Int64(random.below(3)) &* step &+ Int64(random.below(2)) }
        let visits = times.enumerated().map { number, time in
            Visit(person: PersonID(1), place: PlaceID(UInt64(number)), time: Timestamp(milliseconds: time))
        }
        var scratch = RowScratch(places: visits.count)
        scratch.read(visits[...], LocalIndex(visits.map(\.place.number)))
        scratch.orderByTime()
        #expect(scratch.order == times.indices.sorted { (times[$0], $0) < (times[$1], $1) })
    }
}
