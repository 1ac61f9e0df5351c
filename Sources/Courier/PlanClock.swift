import Basics
package import Shard

/// One thread that lets time pass for the seeds of all cities of this worker.
package final class PlanClock: Sendable {
    private let cities: @Sendable () -> [CityShard]
    private let thread = StoppableThread()
    private static let secondsBetweenTicks = 10.0

    package init(cities: @escaping @Sendable () -> [CityShard]) { self.cities = cities }

    package func start() {
        thread.start { [self] in
            while !thread.isStopping {
                for shard in cities() where shard.epoch.number > 0 && !thread.isStopping {
                    do { try shard.tick(now: millisecondsNow()) } catch {
                        Log.warn("a city's seeds wait for their time", ["city": shard.name, "reason": "\(error)"])
                    }
                }
                thread.sleep(seconds: Self.secondsBetweenTicks)
            }
        }
    }

    /// Returns when the thread has ended.
    package func stop() { thread.stop() }
}
