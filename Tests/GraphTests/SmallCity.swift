import Basics
import Graph
import World

/// Records for graphs small enough to be checked by hand.
enum Small {
    static let city = CityID(7)
    /// Monday 2012-04-02 00:00 UTC.
    static let monday: Int64 = 1_333_324_800_000

    static func person(_ id: UInt64, home: UInt32 = 7, fine: [Float] = []) -> Record {
        .person(Person(id: PersonID(id), homeCity: CityID(home), finePreference: fine))
    }

    /// A place of one category and one fine tag.
    static func place(_ id: UInt64, neighborhood: UInt16 = 0, category: Int = 0, tag: Int = 0) -> Record {
        .place(
            Place(
                id: PlaceID(id), city: city, neighborhood: neighborhood, categories: one(category, of: 6),
                fineTags: one(tag, of: 100)))
    }

    /// A visit `hour` hours after Monday midnight.
    static func visit(
        _ person: UInt64, _ place: UInt64, hour: Int64, attended: Bool = true, likes: UInt16 = 0
    ) -> Record {
        .visit(
            Visit(
                person: PersonID(person), place: PlaceID(place),
                time: Timestamp(milliseconds: monday + hour * 3_600_000),
                likes: likes, attended: attended))
    }

    static func friends(_ first: UInt64, _ second: UInt64, overlap: Float = 0, together: UInt32 = 0) -> Record {
        .friendship(
            Friendship(
                first: PersonID(first), second: PersonID(second), interestOverlap: overlap, coAttendance: together))
    }

    static func label(_ first: UInt64, _ second: UInt64, compatible: Bool, attends: Bool = false) -> Record {
        .friendLabel(
            FriendLabel(
                first: PersonID(first), second: PersonID(second), isCompatible: compatible, attends: attends))
    }

    static func one(_ index: Int, of count: Int) -> [Float] {
        (0..<count).map { $0 == index ? 1 : 0 }
    }

    static func graph(_ records: [Record], heldOut: Double = 0.1, threads: Int = 1) -> CityGraph {
        var builder = CityGraphBuilder(city: city, heldOutShare: heldOut)
        for record in records { builder.add(record) }
        return builder.build(pool: ComputePool(threads: threads))
    }

    /// A city with hubs, loners, halo people, repeated visits and friends, from one seed.
    static func randomRecords(people: Int, places: Int, visits: Int, friendships: Int, seed: UInt64) -> [Record] {
        var random = SeededRandom(seed: seed)
        var records: [Record] = []
        for id in 0..<people { records.append(person(UInt64(id) * 3 + 5, home: id % 10 == 9 ? 8 : 7)) }
        for id in 0..<places {
            records.append(
                place(
                    UInt64(id) * 7 + 2, neighborhood: UInt16(id % 4), category: id % 6, tag: random.below(100)))
        }
        for _ in 0..<visits {
            let person = random.below(people)
            let place = Int(Double(places) * random.uniform() * random.uniform())
            records.append(
                visit(
                    UInt64(person) * 3 + 5, UInt64(place) * 7 + 2, hour: Int64(random.below(2000)),
                    attended: random.below(2) == 0, likes: UInt16(random.below(5))))
        }
        for _ in 0..<friendships {
            let (one, other) = (random.below(people), random.below(people))
            if one == other { continue }
            let (first, second) = (UInt64(min(one, other)) * 3 + 5, UInt64(max(one, other)) * 3 + 5)
            records.append(friends(first, second))
            let isCompatible = first % 2 == 0
            records.append(label(first, second, compatible: isCompatible, attends: isCompatible && second % 4 == 0))
        }
        return records
    }
}

/// All that two equal graphs have in common.
func sameGraph(_ a: CityGraph, _ b: CityGraph) -> Bool { a.differences(from: b).isEmpty }
