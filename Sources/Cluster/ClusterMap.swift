// Who owns which city. This is the memory of the cluster: it is written before anybody hears of a change,
// and only here are numbers given to names. Workers may be away; their cities stay theirs, since their
// rows lie on their disks. Only a city that never had an owner is given one; one that has changes it by a move
// (`CityMove.swift`), at somebody's word.
//
// Placement is "longest processing time first" (Graham 1969): the heaviest city goes first, each onto the
// worker that carries least. The worst worker then carries at most 4/3 of what the best placement would give it.

package import Basics

/// One city's place in the cluster.
package struct CityPlacement: Equatable, Sendable {
    /// Its number, for ever.
    package let city: CityID
    /// Its name.
    package let name: String
    /// nil until it is placed for the first time.
    package fileprivate(set) var worker: WorkerID?
    /// Rises by one with each change of owner; 0 while it had none.
    package fileprivate(set) var epoch: Epoch
    /// What it costs to host, in any one unit (visits, say); 0: not known yet.
    package fileprivate(set) var load: UInt64
}

/// The durable part of the cluster: names, numbers and owners.
package struct ClusterMap: Equatable, Sendable {
    /// Names by number. Numbers start at 1, so that 0 can mean nobody.
    package private(set) var workers: [WorkerID: String] = [:]
    /// Numbers start at 0, in order of first sight.
    package private(set) var cities: [CityID: CityPlacement] = [:]
    private var workersByName: [String: WorkerID] = [:]
    private var citiesByName: [String: CityID] = [:]

    /// A cluster of nobody and nothing.
    package init() {}

    /// All placements, ascending by number. O(cities log cities).
    package var placements: [CityPlacement] { cities.values.sorted { $0.city < $1.city } }

    /// The number of a registered name. O(1).
    package func worker(named name: String) -> WorkerID? { workersByName[name] }

    /// The number of a registered name. O(1).
    package func city(named name: String) -> CityID? { citiesByName[name] }

    /// What a worker owns, ascending by number. O(cities).
    package func placements(of worker: WorkerID) -> [CityPlacement] { placements.filter { $0.worker == worker } }

    /// The number of a worker's name; a new name gets the next number.
    package mutating func register(worker name: String) -> WorkerID {
        if let known = workersByName[name] { return known }
        let worker = WorkerID(UInt32(workers.count + 1))
        workers[worker] = name
        workersByName[name] = worker
        return worker
    }

    /// The numbers of cities' names, in the order given; new names get the next numbers, and no owner yet.
    package mutating func register(cities names: [String]) -> [CityID] {
        names.map { name in
            if let known = citiesByName[name] { return known }
            let city = CityID(UInt32(cities.count))
            cities[city] = CityPlacement(city: city, name: name, worker: nil, epoch: Epoch(0), load: 0)
            citiesByName[name] = city
            return city
        }
    }

    /// Notes what a city costs, for placements to come. An unknown city is ignored: reports may outlive a cluster.
    package mutating func setLoad(_ load: UInt64, of city: CityID) { cities[city]?.load = load }

    /// Gives every city without an owner one of the workers here, and returns those cities, ascending.
    /// Cities with an owner stay, and count as its load. Ties: fewer cities, then the lower number.
    /// The order of `alive` does not matter. O(cities (log cities + workers)).
    package mutating func place(alive: [WorkerID]) -> [CityID] {
        guard !alive.isEmpty else { return [] }
        precondition(alive.allSatisfy { workers[$0] != nil }, "placing onto a worker that was never registered")
        var carriers = carriers(Set(alive))
        let homeless = cities.values.filter { $0.worker == nil }
        for placement in homeless.sorted(by: { ($1.load, $0.city) < ($0.load, $1.city) }) {
            var least = 0
            for index in carriers.indices where carriers[index] < carriers[least] { least = index }
            carriers[least].take(placement)
            cities[placement.city]?.worker = carriers[least].worker
            cities[placement.city]?.epoch = Epoch(placement.epoch.number + 1)
        }
        return homeless.map(\.city).sorted()
    }

    /// Makes a city that has an owner another one's, under the next epoch.
    package mutating func move(_ city: CityID, to worker: WorkerID) {
        guard let placement = cities[city], let owner = placement.worker, owner != worker, workers[worker] != nil else {
            preconditionFailure("a move of a city that has no owner, or to where it cannot go")
        }
        cities[city]?.worker = worker
        cities[city]?.epoch = Epoch(placement.epoch.number + 1)
    }

    /// Which of these workers would carry least with the city, it not counted where it is now; nil: there is none but
    /// its owner. Ties as in placing.
    package func leastLoaded(of alive: [WorkerID], for city: CityID) -> WorkerID? {
        carriers(Set(alive).subtracting([cities[city]?.worker].compactMap { $0 })).min { $0 < $1 }?.worker
    }

    /// These workers with the cities that they have.
    private func carriers(_ workers: Set<WorkerID>) -> [Carrier] {
        var carriers = workers.sorted().map { Carrier(worker: $0) }
        for placement in cities.values {
            guard let carrier = carriers.firstIndex(where: { $0.worker == placement.worker }) else { continue }
            carriers[carrier].take(placement)
        }
        return carriers
    }
}

/// A worker while cities are being handed out.
private struct Carrier {
    let worker: WorkerID
    private var load: UInt64 = 0
    private var count = 0

    init(worker: WorkerID) { self.worker = worker }

    /// A city of unknown load weighs one, so that new cities spread evenly. Sums stop at the largest number.
    mutating func take(_ placement: CityPlacement) {
        let (sum, overflow) = load.addingReportingOverflow(max(1, placement.load))
        load = overflow ? .max : sum
        count += 1
    }

    static func < (left: Carrier, right: Carrier) -> Bool {
        (left.load, left.count, left.worker) < (right.load, right.count, right.worker)
    }
}

extension ClusterMap {
    private static let format: UInt8 = 1

    /// The durable bytes, little-endian.
    ///
    /// | what    | bytes                                                                                       |
    /// | ---     | ---                                                                                         |
    /// | format  | u8, 1                                                                                       |
    /// | workers | u32 count, then per worker, from number 1 on: name                                          |
    /// | cities  | u32 count, then per city, from number 0 on: name, owner u32 (0: none), epoch u64, load u64  |
    ///
    /// Equal maps have equal bytes.
    package func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.put(Self.format)
        writer.put(UInt32(workers.count))
        for worker in workers.keys.sorted() { writer.put(workers[worker] ?? "") }
        writer.put(UInt32(cities.count))
        for placement in placements {
            writer.put(placement.name)
            writer.put(placement.worker?.number ?? 0)
            writer.put(placement.epoch.number)
            writer.put(placement.load)
        }
        return writer.bytes
    }

    /// Reads what `encoded` wrote. A name twice, an owner who is not there or an epoch that does not fit is an error.
    package init(decoding bytes: [UInt8]) throws(ByteError) {
        var reader = ByteReader(bytes)
        try reader.checkFormat(Self.format, of: "cluster map")
        let workerCount = try reader.get(UInt32.self)
        for number in 0..<workerCount {
            let worker = register(worker: try reader.getString())
            guard worker.number == number + 1 else { throw .invalid("the worker name \(worker) twice") }
        }
        let cityCount = try reader.get(UInt32.self)
        for number in 0..<cityCount {
            let city = register(cities: [try reader.getString()])[0]
            guard city.number == number else { throw .invalid("the city name \(city) twice") }
            let owner = try reader.get(UInt32.self)
            guard owner <= workerCount else { throw .invalid("city \(city) is owned by the unknown worker \(owner)") }
            let epoch = Epoch(try reader.get())
            guard (owner == 0) == (epoch.number == 0) else { throw .invalid("city \(city) has epoch \(epoch)") }
            cities[city]?.worker = owner == 0 ? nil : WorkerID(owner)
            cities[city]?.epoch = epoch
            cities[city]?.load = try reader.get()
        }
        try reader.finish()
    }
}
