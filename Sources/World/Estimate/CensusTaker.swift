import Basics

// The parts of a census that both ways of taking one share: widths of records, and what encoding costs.

/// Mean widths of the records of a data set, and the time that encoding and decoding takes, from some of them.
struct RecordSample {
    /// Enough of each kind.
    static let countMax = 20_000

    private var records: [TableKind: [Record]] = [:]

    /// Takes in a record, unless there are enough of its kind.
    mutating func add(_ record: Record) {
        let kind = TableKind(record)
        if records[kind, default: []].count < Self.countMax { records[kind, default: []].append(record) }
    }

    /// Bytes of a record of a kind, on average; 0 when none was seen.
    func meanBytes(_ kind: TableKind) -> Double {
        guard let records = records[kind], !records.isEmpty else { return 0 }
        var writer = ByteWriter()
        for record in records { record.encode(into: &writer) }
        return Double(writer.count) / Double(records.count)
    }

    /// CPU seconds for one record of a kind to be encoded into a block, decoded and judged.
    func codecSeconds(_ kind: TableKind, clock: () -> Double) -> Double {
        guard let records = records[kind], !records.isEmpty else { return 0 }
        let start = clock()
        var done = 0
        // Long enough for the clock.
        while done < Self.countMax {
            var writer = RecordBlockWriter(city: CityID(0))
            for record in records { writer.append(record) }
            guard let block = writer.take(), (try? CheckedBlock(decoding: block)) != nil else { return 0 }
            done += records.count
        }
        return (clock() - start) / Double(done)
    }

    /// Writes widths into every city, and sums up the time.
    func finish(_ census: inout WorldCensus, clock: () -> Double) {
        for index in census.cities.indices {
            census.cities[index].personBytes = meanBytes(.people)
            census.cities[index].placeBytes = meanBytes(.places)
            census.cities[index].gatheringBytes = meanBytes(.gatherings)
        }
        for kind in TableKind.allCases {
            let rows = census.cities.reduce(0) { $0 + $1.count(kind) }
            census.codecSeconds += rows * codecSeconds(kind, clock: clock)
        }
    }
}

extension TableKind {
    /// The table that a record is a row of.
    init(_ record: Record) {
        switch record {
        case .person: self = .people
        case .place: self = .places
        case .visit: self = .visits
        case .friendship: self = .friendships
        case .friendLabel: self = .friendLabels
        case .gathering: self = .gatherings
        }
    }
}

extension CityCensus {
    /// Rows of a table, copies included.
    func count(_ kind: TableKind) -> Double {
        switch kind {
        case .people: people + halo
        case .places: places
        case .visits: visits
        case .friendships: friendships
        case .friendLabels: friendLabels
        case .gatherings: gatherings
        }
    }
}

extension WorldCensus {
    /// Counts every row of a data set. `clock` tells CPU seconds. Costs what reading it costs.
    package static func counting(_ data: some DataSet, clock: () -> Double) throws -> WorldCensus {
        let names = try data.outline().map(\.name)
        var census = WorldCensus()
        census.cities = names.map { CityCensus(name: $0) }
        var visits = [VisitSample](repeating: VisitSample(), count: names.count)
        var residents = [Set<PersonID>](repeating: [], count: names.count)
        var sample = RecordSample()
        var turn = 0
        let numbers = Dictionary(uniqueKeysWithValues: names.indices.map { (names[$0], CityID(UInt32($0))) })
        let start = clock()
        try data.read(
            cities: numbers,
            emit: { city, record in
                let index = Int(city.number)
                census.cities[index].add(record, in: city)
                if case .person(let person) = record, person.homeCity == city { residents[index].insert(person.id) }
                if case .visit(let visit) = record {
                    visits[index].add(visit, isResident: residents[index].contains(visit.person))
                }
                turn += 1
                if turn % 16 == 0 { sample.add(record) }
            }, reject: { _ in }, progress: { _ in })
        census.readSeconds = clock() - start
        for index in names.indices {
            let perVisitor = census.cities[index].visits / Double(max(1, visits[index].people))
            census.cities[index].visitShape = visits[index].shape(visitsPerVisitor: perVisitor)
        }
        sample.finish(&census, clock: clock)
        return census
    }
}

extension CityCensus {
    /// Counts a row.
    fileprivate mutating func add(_ record: Record, in city: CityID) {
        switch record {
        case .person(let person): if person.homeCity == city { people += 1 } else { halo += 1 }
        case .place: places += 1
        case .visit: visits += 1
        case .friendship: friendships += 1
        case .friendLabel: friendLabels += 1
        case .gathering: gatherings += 1
        }
    }
}
