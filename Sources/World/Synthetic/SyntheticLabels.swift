// What is known of pairs: who gets on, and who comes when asked together. Compatible are pairs whose record
// shows much in common, or who were at the same places; incompatible are strangers of one city, drawn by
// chance, of whom neither is true. Between the two a pair has no label.

import Basics

/// Makes friend labels; the same ones whoever asks.
struct SyntheticLabels: Sendable {
    private let people: SyntheticPeople
    private let random: SeededRandom

    /// How many of the people most like somebody are looked at beside their friends.
    private static let strangersAsked = 3
    /// How many strangers are drawn until one is unlike enough.
    private static let drawsMost = 12

    init(_ people: SyntheticPeople, _ random: SeededRandom) {
        self.people = people
        self.random = random
    }

    /// The labels within a city, ascending: of its friendships, of people very much alike, and as many of
    /// strangers as of compatible people where there are.
    func labels(
        in city: Int, friendships: [Friendship], similar: [[UInt32]], attended: AttendedPlaces, _ pool: ComputePool
    ) -> [FriendLabel] {
        let residents = people.residents(of: city)
        let friends = friendships.map { pairKey(Int($0.first.number), Int($0.second.number)) }
        let alike = similar.enumerated().flatMap { row, others in
            others.prefix(Self.strangersAsked).map { pairKey(residents.lowerBound + row, Int($0)) }
        }
        let candidates = ascending(friends + alike)
        let positive = pool.map(candidates.count, chunks: 16) { index -> FriendLabel? in
            let (first, second) = pair(of: candidates[index])
            return compatible(
                first, second, overlap: people.statedOverlap(first, second),
                coAttendance: attended.common(first, second))
        }.compactMap { $0 }
        let negative = strangers(residents, positive, attended, pool)
        return (positive + negative).sorted { ($0.first, $0.second) < ($1.first, $1.second) }
    }

    /// The label of a friendship between cities, where it has one.
    func label(of friendship: Friendship) -> FriendLabel? {
        compatible(
            Int(friendship.first.number), Int(friendship.second.number), overlap: friendship.interestOverlap,
            coAttendance: friendship.coAttendance)
    }

    private func compatible(_ first: Int, _ second: Int, overlap: Float, coAttendance: UInt32) -> FriendLabel? {
        guard FriendLabel.compatibility(interestOverlap: overlap, coAttendance: coAttendance) == true else {
            return nil
        }
        var random = random.child("attends", UInt64(first), UInt64(second))
        let chance = FriendLabel.attendanceChance(interestOverlap: overlap, coAttendance: coAttendance)
        return FriendLabel(
            first: PersonID(UInt64(first)), second: PersonID(UInt64(second)), isCompatible: true,
            attends: random.uniform() < chance)
    }

    /// For each compatible pair, a stranger for its first person.
    private func strangers(
        _ residents: Range<Int>, _ positive: [FriendLabel], _ attended: AttendedPlaces, _ pool: ComputePool
    ) -> [FriendLabel] {
        let drawn = pool.map(positive.count, chunks: 16) { index -> UInt64? in
            let person = Int(positive[index].first.number)
            var random = random.child("strangers", positive[index].first.number, positive[index].second.number)
            for _ in 0..<Self.drawsMost {
                let other = residents.lowerBound + random.below(residents.count)
                if other == person { continue }
                let verdict = FriendLabel.compatibility(
                    interestOverlap: people.statedOverlap(person, other), coAttendance: attended.common(person, other))
                if verdict == false { return pairKey(person, other) }
            }
            return nil
        }
        return ascending(drawn.compactMap { $0 }).map { key in
            let (first, second) = pair(of: key)
            return FriendLabel(
                first: PersonID(UInt64(first)), second: PersonID(UInt64(second)), isCompatible: false, attends: false)
        }
    }
}

/// Where some of the people have been, by number; the others have been nowhere.
struct AttendedPlaces: Sendable {
    private let firstPerson: Int
    private let places: [[UInt32]]

    /// What friends did together is counted for so many weeks. Models are judged by what people do at the end of
    /// the time told of, and must not read it off their friendships.
    static let weeksCounted = 22

    /// The visits of people from `firstPerson` on.
    init(_ visits: [[SyntheticVisit]], firstPerson: Int, _ pool: ComputePool) {
        self.firstPerson = firstPerson
        let end = SyntheticCalendar.start + Int64(Self.weeksCounted) * SyntheticCalendar.weekMilliseconds
        places = pool.map(visits.count) { row in
            ascending(visits[row].lazy.filter { $0.attended && $0.time < end }.map(\.place))
        }
    }

    /// The places of all people, who were given in parts that follow one another.
    init(joining parts: [AttendedPlaces]) {
        firstPerson = parts.first?.firstPerson ?? 0
        places = parts.flatMap(\.places)
    }

    /// The same of the people for whom `isKept` says so; the others have been nowhere.
    func keeping(where isKept: (Int) -> Bool) -> AttendedPlaces {
        AttendedPlaces(
            firstPerson: firstPerson, places: places.enumerated().map { isKept(firstPerson + $0) ? $1 : [] })
    }

    private init(firstPerson: Int, places: [[UInt32]]) {
        self.firstPerson = firstPerson
        self.places = places
    }

    /// At how many places both have been.
    func common(_ one: Int, _ other: Int) -> UInt32 {
        let (left, right) = (places[one - firstPerson], places[other - firstPerson])
        var (first, second, count) = (0, 0, UInt32(0))
        while first < left.count && second < right.count {
            if left[first] == right[second] {
                count += 1
                first += 1
                second += 1
            } else if left[first] < right[second] {
                first += 1
            } else {
                second += 1
            }
        }
        return count
    }
}
