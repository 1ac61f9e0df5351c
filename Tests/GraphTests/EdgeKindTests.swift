import Testing

@testable import Graph

@Suite struct EdgeKindTests {
    @Test func aVisitsKindKeepsAllButAFifthOfTheLogarithmOfTheTime() {
        for seconds in [0, 0.5, 3, 47.5, 150, 299, 402, 90_000] as [Float] {
            for flags in 0..<16 as Range<Int> {
                let visit = VisitSignals(
                    dwellSeconds: seconds, likes: flags % 6, saves: flags % 4, shares: flags % 3,
                    attended: flags % 2 == 1, timeOfDay: flags >> 1 & 3, isWeekend: flags > 7)
                let stand = VisitSignals(kind: visit.kind)
                #expect(stand.kind == visit.kind)
                var (exact, seen) = ([Float](repeating: 0, count: 12), [Float](repeating: 0, count: 12))
                var span = exact.mutableSpan
                visit.features(into: &span)
                span = seen.mutableSpan
                stand.features(into: &span)
                #expect(exact[2...] == seen[2...])
                #expect(abs(exact[1] - seen[1]) <= 0.5 / 31 + 1e-4)
                #expect(abs(exact[0] - seen[0]) <= 0.05)
            }
        }
    }

    @Test func aFriendshipsKindKeepsCountsAndShares() {
        let features: [Float] = [0, 0, 0, 1, 1, 1, 0.33, 0.7, 0.5, 2, 3, -1]
        for edge in 0..<4 {
            let kind = FriendshipKind.kind(of: edge, in: features.span)
            var stand = [Float](repeating: 9, count: 3)
            var span = stand.mutableSpan
            FriendshipKind.features(of: kind, into: &span, at: 0)
            for column in 0..<3 {
                let exact = min(max(features[3 * edge + column], 0), 1)
                #expect(abs(stand[column] - exact) <= (column == 1 ? 1e-6 : 0.5 / 31 + 1e-6))
            }
        }
    }
}
