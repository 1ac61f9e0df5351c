// The census of a folder of tables. People and places are read row by row, as every import does before it sends
// anything: who lives where decides what is a guest. Of visits, ties and gatherings, which are many, some rows stand
// for all (`TableSample`).
//
// How many guests a city has cannot be scaled up: one more visit of a known guest makes no guest. Where a person's rows
// stand together, the part has all rows of some people, and guests scale like rows. Where rows are scattered, as in a
// file sorted by time, the part has some rows of all people: a guest with r rows among all is missed with probability
// (1 - f)^r, f being the share of rows taken. Which of the two it is, the number of different visitors tells.

import Basics

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The taking of one census of tables. Used once, by one thread.
struct TableCensus {
    private let data: TableDataSet
    private let sampleBytes: Int
    private let clock: () -> Double
    private var census = WorldCensus()
    private var numbers: [String: CityID] = [:]
    private var sample = RecordSample()
    private var people = NumberIndex()
    private var homes: [UInt32] = []
    private var places = NumberIndex()
    private var placeCities: [UInt32] = []
    private var visits: [VisitSample] = []
    /// Everybody who made one of the visits that were looked at.
    private var visitors: Set<UInt64> = []
    private var guests: [GuestCount] = []

    /// Every so many people and places, one is read as a record.
    private static let recordStep = 16

    init(_ data: TableDataSet, sampleBytes: Int, clock: @escaping () -> Double) throws(ImportError) {
        (self.data, self.sampleBytes, self.clock) = (data, sampleBytes, clock)
        census.isExact = false
        for (index, city) in try data.outline().enumerated() {
            numbers[city.name] = CityID(UInt32(index))
            census.cities.append(CityCensus(name: city.name))
        }
        visits = [VisitSample](repeating: VisitSample(), count: census.cities.count)
        guests = [GuestCount](repeating: GuestCount(), count: census.cities.count)
    }

    mutating func take() throws(ImportError) -> WorldCensus {
        try readVertices(.people)
        try readVertices(.places)
        try readVisits()
        try readTies(.friendships)
        try readTies(.friendLabels)
        try readGatherings()
        for index in census.cities.indices {
            let perVisitor = visitsPerVisitor(index)
            census.cities[index].visitShape = visits[index].shape(visitsPerVisitor: perVisitor)
            census.cities[index].halo = guests[index].total(
                strangers: Double(homes.count) - census.cities[index].people)
        }
        sample.finish(&census, clock: clock)
        return census
    }

    /// Visits of the city over everybody who is known to have to do with it.
    private func visitsPerVisitor(_ index: Int) -> Double {
        let city = census.cities[index]
        let seen = Double(max(1, visits[index].people))
        let known = city.people + guests[index].found(by: .visits)
        return city.visits / max(seen, min(known, city.visits))
    }

    /// Reads people or places: their city, and of some of them everything.
    private mutating func readVertices(_ kind: TableKind) throws(ImportError) {
        guard let file = data.file(kind) else { return }
        var names = CityNames(numbers, standard: data.city)
        let reader = try data.open(file)
        var (rows, read, seconds) = (0, 0, 0.0)
        while true {
            let step = try reader.next()
            if case .end = step { break }
            guard case .row = step, let number = try? reader.identifier(0), let city = try? names.city(reader, 1)
            else { continue }
            rows += 1
            if rows % Self.recordStep == 1 {
                let start = clock()
                if let record = try? kind == .people
                    ? Record.person(reader.person(home: city)) : .place(reader.place(city: city))
                {
                    sample.add(record)
                }
                seconds += clock() - start
                read += 1
            }
            if kind == .people {
                guard people.insert(number, homes.count) else { continue }
                homes.append(city.number)
                census.cities[Int(city.number)].people += 1
            } else {
                if places.insert(number, placeCities.count) { placeCities.append(city.number) }
                census.cities[Int(city.number)].places += 1
            }
        }
        if read > 0 { census.readSeconds += seconds / Double(read) * Double(rows) }
    }

    /// Reads part of a table; `body` is told of each row. Returns how many rows each stands for.
    private mutating func readPart(
        _ kind: TableKind, _ body: (inout TableCensus, TableReader) throws -> Void
    ) throws(ImportError) -> Double? {
        guard let file = data.file(kind) else { return nil }
        let part = try TableSample(of: file.path, name: file.name, bytesMax: sampleBytes)
        let reader = TableReader(
            try TableChunks(kind, path: part.path, name: file.name, needsCity: data.needsCityColumn(kind)))
        let start = clock()
        while true {
            let step = try reader.next()
            if case .end = step { break }
            // What an import would reject is no row of any city.
            if case .row = step { try? body(&self, reader) }
        }
        census.readSeconds += (clock() - start) * part.scale
        return part.scale
    }

    private mutating func readVisits() throws(ImportError) {
        var names = CityNames(numbers, standard: data.city)
        let hasPlaces = data.file(.places) != nil
        let hasPeople = data.file(.people) != nil
        let scale = try readPart(.visits) { taker, reader in
            let visit = try reader.visit()
            let known = taker.places[visit.place.number]
            if hasPlaces && known == nil { return }
            let index: Int
            if let known, reader.field(2) == nil {
                index = Int(taker.placeCities[known])
            } else {
                index = Int(try names.city(reader, 2).number)
            }
            let person = taker.people[visit.person.number]
            if hasPeople && person == nil { return }
            let isResident = person.map { Int(taker.homes[$0]) == index } ?? true
            taker.visits[index].add(visit, isResident: isResident)
            taker.visitors.insert(visit.person.number)
            taker.census.cities[index].visits += 1
            if let person, !isResident { taker.guests[index].note(person, for: .visits) }
            taker.sample.add(.visit(visit))
        }
        guard let scale else { return }
        let growth = visitorGrowth(rows: visits.reduce(0) { $0 + $1.count }, scale: scale)
        for index in census.cities.indices {
            census.cities[index].visits *= scale
            guests[index].extrapolate(.visits, scale: scale, growth: growth)
        }
    }

    /// By how much whatever each visitor has grows from the part to the whole; nil when the part has rather some visits
    /// of many people than all visits of some. Between rows and people: who was seen may have been seen in part.
    private func visitorGrowth(rows: Int, scale: Double) -> Double? {
        let seen = Double(max(visitors.count, 1))
        let everybody = max(Double(homes.count), seen)
        let together = everybody / scale
        let scattered = everybody * (1 - pow(1 - 1 / scale, Double(rows) * scale / everybody))
        return seen * seen > together * scattered ? nil : (scale * everybody / seen).squareRoot()
    }

    /// Friendships or friend labels: a row at the home of each of the two, and both are known in both homes.
    private mutating func readTies(_ kind: TableKind) throws(ImportError) {
        let hasPeople = data.file(.people) != nil
        let standard = data.city.flatMap { numbers[$0] }.map { Int($0.number) } ?? 0
        var rows = [Double](repeating: 0, count: census.cities.count)
        let scale = try readPart(kind) { taker, reader in
            let record: Record =
                try kind == .friendships ? .friendship(reader.friendship()) : .friendLabel(reader.friendLabel())
            taker.sample.add(record)
            guard hasPeople else {
                rows[standard] += 1
                return
            }
            guard let one = taker.people[try reader.identifier(0)], let other = taker.people[try reader.identifier(1)]
            else { return }
            let (home, away) = (Int(taker.homes[one]), Int(taker.homes[other]))
            rows[home] += 1
            if home == away { return }
            rows[away] += 1
            taker.guests[away].note(one, for: kind)
            taker.guests[home].note(other, for: kind)
        }
        guard let scale else { return }
        for index in rows.indices {
            if kind == .friendships {
                census.cities[index].friendships = rows[index] * scale
            } else {
                census.cities[index].friendLabels = rows[index] * scale
            }
            guests[index].extrapolate(kind, scale: scale, growth: nil)
        }
    }

    private mutating func readGatherings() throws(ImportError) {
        var names = CityNames(numbers, standard: data.city)
        let scale = try readPart(.gatherings) { taker, reader in
            let city = try names.city(reader, 3)
            taker.sample.add(.gathering(try reader.gathering(city: city)))
            taker.census.cities[Int(city.number)].gatherings += 1
        }
        if let scale { for index in census.cities.indices { census.cities[index].gatherings *= scale } }
    }
}

/// The guests of one city: different people in part of the rows, and how many that makes in all.
private struct GuestCount {
    /// The guests that one table makes.
    private struct Source {
        var people: Set<Int> = []
        var rows = 0
        var total = 0.0
    }

    private var sources: [TableKind: Source] = [:]
    private var isWhole = true

    mutating func note(_ person: Int, for table: TableKind) {
        sources[table, default: Source()].rows += 1
        sources[table, default: Source()].people.insert(person)
    }

    /// From the rows that were noted to all rows of a table, each standing for `scale`. Where a person's rows stand
    /// together, guests grow by `growth`; nil where they do not.
    mutating func extrapolate(_ table: TableKind, scale: Double, growth: Double?) {
        if scale > 1 { isWhole = false }
        guard let source = sources[table] else { return }
        let seen = Double(source.people.count)
        sources[table]?.total = growth.map { seen * $0 } ?? Self.total(seen, rows: source.rows, scale: scale)
    }

    /// Guests for the sake of one table.
    func found(by table: TableKind) -> Double { sources[table]?.total ?? 0 }

    /// Everybody who is a guest for any reason, of so many who live elsewhere. Reasons are taken to be independent.
    func total(strangers: Double) -> Double {
        if isWhole {
            return Double(sources.values.reduce(into: Set<Int>()) { $0.formUnion($1.people) }.count)
        }
        if strangers <= 0 { return 0 }
        let missed = TableKind.allCases.reduce(1.0) { $0 * (1 - min(1, found(by: $1) / strangers)) }
        return strangers * (1 - missed)
    }

    /// How many different people stand in all rows when so many stand in part of them.
    private static func total(_ seen: Double, rows: Int, scale: Double) -> Double {
        if scale <= 1 || seen == 0 { return seen }
        // The number D for which D people with all rows / D rows each would show as many as were seen.
        var (low, high) = (seen, Double(rows) * scale)
        for _ in 0..<60 {
            let middle = (low + high) / 2
            let shown = middle * (1 - pow(1 - 1 / scale, Double(rows) * scale / middle))
            if shown < seen { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }
}

extension WorldCensus {
    /// Enough of a table to tell all of it.
    package static let sampleBytesUsual = 16 << 20

    /// The census of tables, from part of their rows. `sampleBytes` of each table of visits, ties and gatherings are
    /// looked at; `clock` tells CPU seconds.
    package static func sampling(
        _ data: TableDataSet, sampleBytes: Int = sampleBytesUsual, clock: @escaping () -> Double
    ) throws(ImportError) -> WorldCensus {
        var census = try TableCensus(data, sampleBytes: sampleBytes, clock: clock)
        return try census.take()
    }
}
