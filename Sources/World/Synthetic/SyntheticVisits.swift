// Where people go by themselves: mostly at home, one visit in twenty-five while travelling.

import Basics

/// One visit of a made-up world, without its person.
struct SyntheticVisit: Sendable {
    var place: UInt32
    var city: UInt32
    var time: Int64
    var dwellSeconds: Float = 0
    var likes: UInt8 = 0
    var saves: UInt8 = 0
    var shares: UInt8 = 0
    var attended = false
}

/// Makes visits; the same ones whoever asks.
struct SyntheticVisits: Sendable {
    let configuration: SyntheticConfiguration
    let score: SyntheticScore
    let calendar = SyntheticCalendar()
    private let random: SeededRandom

    /// The share of visits made while travelling.
    static let travelShare = 0.04
    /// The share of visits that people make alone; the rest are outings with friends.
    static let soloShare: Float = 0.9
    /// Places weighed against one another: at home, and where one travels to.
    private static let candidatesAtHome = 4096
    private static let candidatesAway = 256
    /// People whose visits are made in one go on one thread.
    private static let peoplePerPiece = 32

    init(_ configuration: SyntheticConfiguration, _ score: SyntheticScore, _ random: SeededRandom) {
        self.configuration = configuration
        self.score = score
        self.random = random
    }

    /// The visits that each of a city's people makes alone, in no order.
    func solo(residents: Range<Int>, _ pool: ComputePool) -> [[SyntheticVisit]] {
        let pieces = (residents.count + Self.peoplePerPiece - 1) / Self.peoplePerPiece
        let made = pool.map(pieces, chunks: pieces) { piece in
            let start = residents.lowerBound + piece * Self.peoplePerPiece
            var home = PlaceChances(neighborhoodsCount: configuration.neighborhoodsPerCity)
            var away = home
            return (start..<min(start + Self.peoplePerPiece, residents.upperBound)).map { solo($0, &home, &away) }
        }
        return Array(made.joined())
    }

    private func solo(_ person: Int, _ home: inout PlaceChances, _ away: inout PlaceChances) -> [SyntheticVisit] {
        var random = random.child("visits", UInt64(person))
        let somebody = score.people.persons[person]
        let wanted = Float(configuration.visitsPerPerson) * somebody.activity * Self.soloShare
        let count = configuration.visitsPerPerson == 0 ? 0 : max(1, Int(wanted + random.uniformFloat()))
        guard count > 0 else { return [] }
        home.prepare(person, score, city: Int(somebody.home), most: Self.candidatesAtHome, &random)
        var awayCity: Int?
        var visits: [SyntheticVisit] = []
        visits.reserveCapacity(count + count / 4)
        for _ in 0..<count {
            guard configuration.cities > 1, random.uniform() < Self.travelShare / Double(Self.soloShare) else {
                visits.append(visit(person, somebody, home.draw(&random), Int(somebody.home), &random))
                continue
            }
            let city = awayCity ?? score.people.anotherCity(than: Int(somebody.home), &random)
            if awayCity == nil { away.prepare(person, score, city: city, most: Self.candidatesAway, &random) }
            awayCity = city
            visits.append(visit(person, somebody, away.draw(&random), city, &random))
        }
        return visits
    }

    private func visit(
        _ person: Int, _ somebody: SyntheticPerson, _ place: Int, _ city: Int, _ random: inout SeededRandom
    ) -> SyntheticVisit {
        var visit = SyntheticVisit(
            place: UInt32(place), city: UInt32(city),
            time: calendar.time(typicalSlot: Int(score.places.slots[place]), habits: somebody.habits, &random))
        addSignals(&visit, affinity: score.affinity(person, place), &random)
        return visit
    }

    /// What somebody does at a place they like as much as `affinity` says: hardly more than a look at what
    /// leaves them cold; what pleases them they look at longer, like, save, share, and go there.
    func addSignals(_ visit: inout SyntheticVisit, affinity: Float, _ random: inout SeededRandom) {
        let joy = SyntheticScore.joy(ofAffinity: affinity)
        visit.dwellSeconds = rounded((15 + 200 * joy) * (0.5 + random.uniformFloat()), to: 100)
        visit.likes = random.uniformFloat() < 0.1 + 0.6 * joy ? 1 : 0
        if random.uniformFloat() < 0.2 * joy { visit.likes += 1 }
        visit.saves = random.uniformFloat() < 0.4 * joy * joy ? 1 : 0
        visit.shares = random.uniformFloat() < 0.15 * joy ? 1 : 0
        visit.attended = random.uniformFloat() < 0.1 + 0.55 * joy
    }
}

/// Puts one person's visits in order of time and makes the times differ.
func putInOrder(_ visits: inout [SyntheticVisit]) {
    visits.sort { ($0.time, $0.place) < ($1.time, $1.place) }
    for index in visits.indices.dropFirst() where visits[index].time <= visits[index - 1].time {
        visits[index].time = visits[index - 1].time + 1
    }
}
