// Where benches get their cities: a folder in one of the layouts that World reads, or a made-up world.

import Basics
import FoundationEssentials
import World

/// A data set with its cities numbered in its own order.
struct Cities {
    let dataSet: any DataSet
    let names: [String]

    private init(_ dataSet: any DataSet) throws {
        self.dataSet = dataSet
        names = try dataSet.cityNames()
    }

    /// A made-up world.
    init(made configuration: SyntheticConfiguration, pool: ComputePool = ComputePool(threads: 1)) throws {
        try self.init(SyntheticDataSet(configuration, search: .products, pool: pool))
    }

    /// Opens what `--data` names, or makes up what the other options say, and tells `run` what it is.
    init(_ run: Run) throws {
        if let folder = run.settings.path("data") {
            try self.init(Self.dataSet(in: folder))
            run.data = folder.split(separator: "/").last.map(String.init) ?? folder
        } else {
            let configuration = Self.synthetic(run)
            try self.init(made: configuration)
            run.data = Self.name(of: configuration)
        }
    }

    /// The city of that name; the first one when the name is empty.
    func city(named name: String) throws -> CityID {
        if name.isEmpty, !names.isEmpty { return CityID(0) }
        guard let index = names.firstIndex(of: name) else {
            let hint = suggestion(for: name, among: names).map { "; did you mean '\($0)'?" } ?? ""
            throw OptionError("there is no city '\(name)'\(hint)")
        }
        return CityID(UInt32(index))
    }

    func name(of city: CityID) -> String { names[Int(city.number)] }

    /// Streams every row, each to its city.
    func read(emit: (CityID, Record) throws -> Void, reject: (Reject) throws -> Void = { _ in }) throws {
        let numbers = names.indices.map { CityID(UInt32($0)) }
        try dataSet.read(
            cities: Dictionary(uniqueKeysWithValues: zip(names, numbers)), emit: emit, reject: reject,
            progress: { _ in })
    }

    /// Streams the rows as encoded blocks, as `muster import` sends them, each with its number of rows.
    func readBlocks(
        reject: (Reject) throws -> Void = { _ in }, deliver: (CityID, [UInt8], Int) throws -> Void
    ) throws {
        var writers = names.indices.map { RecordBlockWriter(city: CityID(UInt32($0))) }
        func launch(_ index: Int) throws {
            let rows = writers[index].rows
            if let block = writers[index].take() { try deliver(writers[index].city, block, rows) }
        }
        try read(
            emit: { city, record in
                let index = Int(city.number)
                writers[index].append(record)
                if writers[index].isFull { try launch(index) }
            }, reject: reject)
        for index in names.indices { try launch(index) }
    }

    /// The layout is known by the files it alone has.
    private static func dataSet(in folder: String) throws -> any DataSet {
        let files = FileManager.default
        if files.fileExists(atPath: folder + "/venues.tsv") { return FoursquareDataSet(directory: folder) }
        if files.fileExists(atPath: folder + "/poi_city.tsv") { return GowallaDataSet(directory: folder) }
        throw BenchError("\(folder) holds neither Foursquare's venues.tsv nor Gowalla's poi_city.tsv")
    }
}

extension Cities {
    /// Options of a made-up world.
    static func settings(people: Int, places: Int, cities: Int, visits: Int) -> [Setting] {
        func count(_ name: String, _ help: String, _ range: ClosedRange<Int>, _ standard: Int) -> Setting {
            Setting(name, help, .integer(range), default: "\(standard)", scope: .call)
        }
        return [
            count("people", "people of the made-up world", 1...10_000_000, people),
            count("places", "places of the made-up world", 1...10_000_000, places),
            count("cities", "cities of the made-up world", 1...1000, cities),
            count("visits-per-person", "visits of each of them", 0...10_000, visits),
        ]
    }

    static func synthetic(_ run: Run) -> SyntheticConfiguration {
        SyntheticConfiguration(
            people: run.settings.integer("people"), places: run.settings.integer("places"),
            cities: run.settings.integer("cities"), visitsPerPerson: run.settings.integer("visits-per-person"),
            seed: run.seed)
    }

    static func name(of world: SyntheticConfiguration) -> String {
        "synthetic \(world.people) people, \(world.places) places, \(world.cities) cities, "
            + "\(world.visitsPerPerson) visits each"
    }
}
