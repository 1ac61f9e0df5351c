import Basics
import Testing
import World

/// Friend labels and gatherings of the made-up world, checked against its own rows.
@Suite struct SyntheticLabelTests {
    private let rows: Rows
    private let people: [PersonID: Person]
    /// The places that each person attended in the first 22 weeks.
    private var attended: [PersonID: Set<PlaceID>] = [:]

    init() throws {
        rows = try Rows(SyntheticDataSet(SyntheticConfiguration(people: 500, places: 300, cities: 3, seed: 8)))
        people = Dictionary(rows.people.map { ($0.person.id, $0.person) }, uniquingKeysWith: { first, _ in first })
        let end = 1_767_571_200_000 + Int64(22) * 7 * 86_400_000
        for (_, visit) in rows.visits where visit.attended && visit.time.milliseconds < end {
            attended[visit.person, default: []].insert(visit.place)
        }
    }

    private func common(_ first: PersonID, _ second: PersonID) -> UInt32 {
        UInt32((attended[first] ?? []).intersection(attended[second] ?? []).count)
    }

    private func overlap(_ first: PersonID, _ second: PersonID) -> Float {
        guard let left = people[first]?.finePreference, let right = people[second]?.finePreference else { return -1 }
        var (product, one, other): (Float, Float, Float) = (0, 0, 0)
        for (x, y) in zip(left, right) {
            product += x * y
            one += x * x
            other += y * y
        }
        return product / (one * other).squareRoot()
    }

    @Test func friendshipsTellWhatTwoPeopleHaveInCommon() {
        for (_, tie) in rows.friendships {
            #expect(abs(tie.interestOverlap - overlap(tie.first, tie.second)) < 1e-5)
            #expect(tie.coAttendance == common(tie.first, tie.second))
        }
    }

    @Test func everyLabelObeysTheRule() {
        #expect(rows.labels.count > 1000)
        for (_, label) in rows.labels {
            let (overlap, together) = (overlap(label.first, label.second), common(label.first, label.second))
            if label.isCompatible {
                #expect(overlap >= 0.6 - 1e-5 || together >= 2, "\(label): \(overlap), \(together)")
            } else {
                #expect(overlap < 0.3 + 1e-5 && together == 0 && !label.attends, "\(label): \(overlap), \(together)")
                #expect(people[label.first]?.homeCity == people[label.second]?.homeCity)
            }
        }
    }

    @Test func bothKindsOfLabelsAreThereAndAttendanceRisesWithOverlap() {
        let compatible = rows.labels.map(\.label).filter(\.isCompatible)
        let share = Double(compatible.count) / Double(rows.labels.count)
        #expect(share > 0.4 && share < 0.75, "\(share) of the labels are compatible")
        func attending(_ range: Range<Double>) -> Double {
            let chosen = compatible.filter { label in
                let chance = FriendLabel.attendanceChance(
                    interestOverlap: overlap(label.first, label.second),
                    coAttendance: common(label.first, label.second))
                return range.contains(chance)
            }
            return Double(chosen.count { $0.attends }) / Double(chosen.count)
        }
        #expect(abs(attending(0.6..<0.8) - 0.7) < 0.1)
        #expect(attending(0.95..<1.1) > 0.93)
    }

    @Test func friendsGoOutTogether() {
        var times: [PersonID: [PlaceID: [Int64]]] = [:]
        for (_, visit) in rows.visits where visit.attended {
            times[visit.person, default: [:]][visit.place, default: []].append(visit.time.milliseconds)
        }
        let together = rows.friendships.filter { _, tie in
            (times[tie.first] ?? [:]).contains { place, own in
                (times[tie.second]?[place] ?? []).contains { theirs in own.contains { abs($0 - theirs) < 900_000 } }
            }
        }
        #expect(together.count > rows.friendships.count / 5, "\(together.count) of \(rows.friendships.count)")
    }

    @Test func gatheringsStandWhereAndWhenTheirPlacesDo() throws {
        let places = Dictionary(rows.places.map { ($0.place.id, $0.place) }, uniquingKeysWith: { first, _ in first })
        let gatherings = rows.gatherings.map(\.gathering)
        #expect(gatherings.count > 60 && Set(gatherings.map(\.id)).count == gatherings.count)
        for gathering in gatherings {
            let place = try #require(places[gathering.place])
            #expect(gathering.city == place.city && gathering.fineTags == place.fineTags)
            #expect(Int(gathering.start.slot.number) == Int(place.typicalSlot))
            if let host = gathering.host { #expect(people[host]?.homeCity == gathering.city) }
            let end = try #require(gathering.end)
            let isOver = end.milliseconds <= 1_767_571_200_000 + Int64(26) * 7 * 86_400_000
            #expect(gathering.status == .cancelled || (gathering.status == .finished) == isOver)
        }
        for status in Gathering.Status.allCases { #expect(gatherings.contains { $0.status == status }) }
        for kind in Gathering.Kind.allCases { #expect(gatherings.contains { $0.kind == kind }) }
    }
}
