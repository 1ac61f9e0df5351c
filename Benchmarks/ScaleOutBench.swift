// What parameter averaging costs in quality and saves in time. The same model is trained three ways on the same number
// of samples:
//
// - `synchronous`: one process that steps on one city after the other, with one set of weights and one optimizer;
// - `city`: every city takes some steps by itself, then the weights are averaged, as a cluster does (`Cluster`);
// - `random`: the same, but people and places are dealt to as many parts at random (RandomTMA), so that parts are
//   alike and most edges are cut.
//
// All are judged alike: every city ranks, with its whole graph, what its residents did next; once by what it knows
// alone, and once with rows exchanged between layers, as a version goes live. `city` is trained once more without the
// halo, with correction steps, and with DiLoCo's outer step, so that each shows what it is worth. `-across` rows hear
// in steps (of turns, where there are turns) what people do in other cities: what no worker has.
//
// Times: every part's steps are measured in CPU seconds, one after the other on one thread; the critical path of so
// many workers follows from them, with parts placed longest first and the wire at stated figures (`RoundSimulation`).

import Basics
import Cluster
import Graph
import Learn
import Shard
import World

extension Bench {
    static let scaleOut = Bench(
        name: "scale-out",
        summary: "train by averaging over cities and over random parts, beside one process, on as many samples",
        readsCities: true,
        settings: [
            Setting("workers", "workers that the critical path is for", .integer(1...1024), default: "8", scope: .call),
            Setting("rounds", "rounds", .integer(1...10_000), default: "10", scope: .call),
            Setting("steps", "local steps of each city in a round", .integer(1...10_000), default: "15", scope: .call),
            Setting(
                "rows", "which ways: all, or some of \(ScaleOutRow.words)", .text, default: "all", scope: .call),
            Setting(
                "corrections", "steps on one city after the other that follow each round of city-corrected",
                .integer(0...10_000), default: "1", scope: .call),
            Setting(
                "outer-rate", "rate of the outer step, but for city-nesterov", .number(0...16), default: "1",
                scope: .call),
            Setting(
                "balance", "power of a city's size in its share of the steps", .number(0...1), default: "0",
                scope: .call),
            Setting("gigabits", "bandwidth of each machine", .number(0.001...1000), default: "10", scope: .call),
            Setting("latency", "milliseconds from machine to machine", .number(0...1000), default: "0.5", scope: .call),
        ] + Cities.settings(people: 6_000, places: 6_000, cities: 8, visits: 100)
    ) { run in
        let world = try ScaleOutWorld(run)
        let words = run.settings.text("rows").split(separator: ",").map(String.init)
        let rows = words == ["all"] ? ScaleOutRow.allCases : words.compactMap { ScaleOutRow(rawValue: $0) }
        if rows.isEmpty || words != ["all"] && rows.count < words.count {
            throw OptionError("--rows is all, or some of \(ScaleOutRow.words)")
        }
        for row in rows { try ScaleOutTrial(run, world, row).report() }
    }
}

/// A way to train.
enum ScaleOutRow: String, CaseIterable {
    case synchronous
    case city
    case random
    case cityWithoutHalo = "city-without-halo"
    case cityCorrected = "city-corrected"
    case cityNesterov = "city-nesterov"
    case cityCorrectedAcross = "city-corrected-across"
    case synchronousAcross = "synchronous-across"

    static var words: String { allCases.map(\.rawValue).joined(separator: ", ") }

    var isSynchronous: Bool { self == .synchronous || self == .synchronousAcross }
    var isCorrected: Bool { self == .cityCorrected || self == .cityCorrectedAcross }
    var hearsAcross: Bool { self == .cityCorrectedAcross || self == .synchronousAcross }
    /// Whether other graphs train than those that are judged.
    var isCutOtherwise: Bool { self == .random || self == .cityWithoutHalo }

    /// The word of the benchmark language for how the world is cut.
    var partition: String {
        switch self {
        case .synchronous, .synchronousAcross: "synchronous"
        case .random: "random"
        case .city, .cityWithoutHalo, .cityCorrected, .cityCorrectedAcross, .cityNesterov: "city"
        }
    }
}

/// The cities, and what each row needs of them.
struct ScaleOutWorld {
    let names: [String]
    let graphs: [CityGraph]
    private let records: [[Record]]
    private let pool: ComputePool

    init(_ run: Run) throws {
        let cities = try run.loading { try Cities(run) }
        var records = [[Record]](repeating: [], count: cities.names.count)
        try run.loading { try cities.read(emit: { city, record in records[Int(city.number)].append(record) }) }
        (self.records, pool, names) = (records, run.pool, cities.names)
        graphs = run.loading {
            records.indices.map { number in
                Self.graph(of: records[number], CityID(UInt32(number)), pool: run.pool)
            }
        }
    }

    private static func graph(
        of records: [Record], _ city: CityID, heldOutShare: Double = CityGraph.heldOutShareUsual, cut: CityCut? = nil,
        pool: ComputePool
    ) -> CityGraph {
        var builder = CityGraphBuilder(city: city, heldOutShare: heldOutShare, cut: cut)
        for record in records { builder.add(record) }
        return builder.build(pool: pool)
    }

    /// Every city as if nobody came from elsewhere.
    func withoutHalo() -> [CityGraph] {
        records.indices.map { number in
            let residents = records[number].filter { record in
                if case .person(let person) = record { return person.homeCity.number == UInt32(number) }
                return true
            }
            return Self.graph(of: residents, CityID(UInt32(number)), pool: pool)
        }
    }

    /// As many parts as cities, people and places dealt out by their numbers. What cities hold out is left out.
    func randomParts(seed: UInt64) -> [CityGraph] {
        let parts = UInt64(records.count)
        let deal = SeededRandom(seed: seed).child("parts")
        @Sendable func part(_ word: String, _ number: UInt64) -> UInt64 { deal.child(word, number).state % parts }
        let all = records.enumerated().flatMap { number, records in trained(records, in: graphs[number]) }
        return (0..<parts).map { number in
            let cut = CityCut(
                hasPerson: { part("person", $0.id.number) == number },
                hasPlace: { part("place", $0.id.number) == number })
            return Self.graph(of: all, CityID(UInt32(number)), heldOutShare: 0, cut: cut, pool: pool)
        }
    }

    /// All records but visits that are held out.
    private func trained(_ records: [Record], in graph: CityGraph) -> [Record] {
        records.filter { record in
            guard case .visit(let visit) = record, let person = graph.localPerson(visit.person),
                Int(person) < graph.residents, let place = graph.localPlace(visit.place)
            else { return true }
            return !graph.heldOutPlaces[graph.heldOut(of: person)].contains(place)
        }
    }
}
