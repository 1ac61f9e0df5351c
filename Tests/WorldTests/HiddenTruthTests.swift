import Basics
import Testing
import World

@Suite struct HiddenTruthTests {
    private static let configuration = SyntheticConfiguration(people: 300, places: 240, cities: 2, seed: 11)

    private func truth() throws -> HiddenTruth { try HiddenTruth(Self.configuration, pool: ComputePool(threads: 1)) }

    @Test func theTruthOfAWorldIsTheTruthOfItsConfiguration() throws {
        let world = try SyntheticWorld(
            Self.configuration, cities: [CityID(7), CityID(3)], search: .plain, pool: ComputePool(threads: 2))
        let (one, other) = (HiddenTruth(of: world), try truth())
        for number in 0..<50 {
            let (person, place) = (PersonID(UInt64(number)), PlaceID(UInt64(number * 3)))
            #expect(one.utility(person, place) == other.utility(person, place))
            for slot in 0..<UInt8(TimeSlot.count) {
                let time = TimeSlot(number: slot)
                #expect(
                    one.comes(person, place, time, askedBy: PersonID(99))
                        == other.comes(person, place, time, askedBy: PersonID(99)))
            }
        }
    }

    @Test func theUtilitiesOfACityAreThoseOfItsPlaces() throws {
        let truth = try truth()
        for number in [0, 120, 299] {
            let person = PersonID(UInt64(number))
            let (first, values) = truth.utilities(of: person)
            for (index, value) in values.enumerated() {
                #expect(value == truth.utility(person, PlaceID(first.number + UInt64(index))))
            }
        }
    }

    @Test func peopleGoWhereTheirUtilityIsHigh() throws {
        let truth = try truth()
        let rows = try Rows(SyntheticDataSet(Self.configuration))
        let homes = Dictionary(
            rows.people.map { ($0.person.id, $0.person.homeCity) }, uniquingKeysWith: { first, _ in first })
        var (above, all) = (0, 0)
        for (city, visit) in rows.visits where homes[visit.person] == city {
            let (first, values) = truth.utilities(of: visit.person)
            let own = values[Int(visit.place.number - first.number)]
            let median = values.sorted()[values.count / 2]
            above += own > median ? 1 : 0
            all += 1
        }
        #expect(Double(above) > 0.85 * Double(all), "\(above) of \(all) visits go to the better half of the places")
    }

    @Test func whoLikesAPlaceIsAskedByAFriendOrMeetsTheirSlotComesRather() throws {
        let truth = try truth()
        var (best, worst, alone, asked) = (0.0, 0.0, 0.0, 0.0)
        for number in 0..<200 {
            let person = PersonID(UInt64(number))
            let (first, values) = truth.utilities(of: person)
            let order = values.indices.sorted { values[$0] > values[$1] }
            let slot = TimeSlot(number: 2)
            let liked = PlaceID(first.number + UInt64(order[0]))
            best += truth.comes(person, liked, slot, askedBy: nil) / 200
            worst +=
                truth.comes(person, PlaceID(first.number + UInt64(order[order.count - 1])), slot, askedBy: nil) / 200
            let other = PlaceID(first.number + UInt64(order[order.count / 4]))
            alone += truth.comes(person, other, slot, askedBy: nil) / 200
            asked += truth.comes(person, other, slot, askedBy: PersonID(UInt64(number) + 1)) / 200
        }
        #expect(best > 5 * worst && best < 0.95, "\(best) at the best place, \(worst) at the worst")
        #expect(asked > 1.2 * alone && asked < 0.9, "\(alone) of their own accord, \(asked) with a friend")
        let slots = (0..<UInt8(TimeSlot.count)).map {
            truth.comes(PersonID(5), PlaceID(9), TimeSlot(number: $0), askedBy: nil)
        }
        #expect(Set(slots).count == TimeSlot.count, "every slot has its own chance: \(slots)")
    }
}
