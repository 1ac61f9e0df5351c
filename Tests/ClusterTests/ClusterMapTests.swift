import Basics
import Testing

@testable import Cluster

@Suite struct ClusterMapTests {
    private func map(loads: [UInt64], workers: Int) -> ClusterMap {
        var map = ClusterMap()
        for number in 0..<workers { _ = map.register(worker: "w\(number)") }
        for (number, load) in loads.enumerated() {
            map.setLoad(load, of: map.register(cities: ["c\(number)"])[0])
        }
        return map
    }

    private func carried(_ map: ClusterMap, by worker: WorkerID) -> UInt64 {
        map.placements(of: worker).reduce(0) { $0 + $1.load }
    }

    /// Graham's bound against a lower bound of the best placement: the mean, the longest city, and the two cities
    /// that must share a worker.
    @Test func noWorkerCarriesMoreThanFourThirdsOfTheBest() {
        for seed in 0..<UInt64(200) {
            var random = SeededRandom(seed: seed)
            let workers = 1 + random.below(4)
            let loads = (0..<random.below(12)).map { _ in 1 + UInt64(random.below(100)) }
            var map = map(loads: loads, workers: workers)
            let alive = (1...workers).map { WorkerID(UInt32($0)) }
            #expect(map.place(alive: alive).count == loads.count)
            let worst = alive.map { carried(map, by: $0) }.max() ?? 0
            #expect(3 * worst <= 4 * best(loads, workers), "seed \(seed)")
        }
    }

    /// The best placement by trying all: every city on every worker, symmetric ones left out.
    private func best(_ loads: [UInt64], _ workers: Int) -> UInt64 {
        var carried = [UInt64](repeating: 0, count: workers)
        var least = loads.reduce(0, +)
        func put(_ city: Int) {
            guard city < loads.count else { return least = min(least, carried.max() ?? 0) }
            for worker in 0..<workers where carried[worker] + loads[city] <= least {
                carried[worker] += loads[city]
                put(city + 1)
                carried[worker] -= loads[city]
                if carried[worker] == 0 { break }
            }
        }
        put(0)
        return least
    }

    @Test func theOrderOfTheWorkersDoesNotMatter() {
        var one = map(loads: [5, 5, 3, 3, 0, 0], workers: 3)
        var other = one
        _ = one.place(alive: [WorkerID(1), WorkerID(2), WorkerID(3)])
        _ = other.place(alive: [WorkerID(3), WorkerID(1), WorkerID(2), WorkerID(3)])
        #expect(one == other)
    }

    @Test func loadsTooLargeToAddDoNotTrap() {
        var map = map(loads: [.max, .max, .max], workers: 2)
        #expect(map.place(alive: [WorkerID(1), WorkerID(2)]).count == 3)
    }

    @Test func namesFindTheirNumbers() {
        let map = map(loads: [1, 2], workers: 1)
        #expect(map.city(named: "c1") == CityID(1) && map.city(named: "x") == nil)
        #expect(map.worker(named: "w0") == WorkerID(1) && map.worker(named: "x") == nil)
    }

    @Test func placingOntoAStrangerIsOurOwnFault() async {
        await #expect(processExitsWith: .failure) {
            var map = ClusterMap()
            _ = map.place(alive: [WorkerID(9)])
        }
    }
}
