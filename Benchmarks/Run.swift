// The clock of a bench. `loading` and `working` are told apart, so that parsing a file is never sold as, or hidden
// in, the work: loads add up to `load_seconds` of wall time, works to `cpu_seconds` and `wall_seconds`. The CPU
// time is the process's on all its threads, those of RocksDB included. What stands between the two (checking an
// answer against a slow twin) counts nowhere.

import Basics
import FoundationEssentials
import Glibc

/// What a piece of work cost.
struct Cost {
    var cpu = 0.0
    var wall = 0.0

    static func += (total: inout Cost, more: Cost) {
        total.cpu += more.cpu
        total.wall += more.wall
    }
}

/// One run of one bench. Belongs to the main thread.
final class Run {
    let bench: String
    let settings: Settings
    let pool: ComputePool
    let seed: UInt64
    /// What the work was done on, in words that mean the same on another machine.
    var data = "synthetic"
    private(set) var work = Cost()
    private var loadSeconds = 0.0
    private var hasWorked = false

    init(bench: String, settings: Settings, threads: Int) {
        self.bench = bench
        self.settings = settings
        pool = ComputePool(threads: threads)
        seed = UInt64(settings.integer("seed"))
    }

    /// Gets the input ready.
    func loading<Result>(_ body: () throws -> Result) rethrows -> Result {
        let start = monotonicSeconds()
        defer { loadSeconds += monotonicSeconds() - start }
        return try body()
    }

    /// Does a part of what is measured. The first part forgets the memory peak of loading.
    func working<Result>(_ body: () throws -> Result) rethrows -> (result: Result, cost: Cost) {
        if !hasWorked { forgetPeakMemory() }
        hasWorked = true
        let (wall, cpu) = (monotonicSeconds(), processCPUSeconds())
        let result = try body()
        let cost = Cost(cpu: processCPUSeconds() - cpu, wall: monotonicSeconds() - wall)
        work += cost
        return (result, cost)
    }

    /// What `body` costs, beside the work that counts.
    func timing<Result>(_ body: () throws -> Result) rethrows -> (result: Result, cost: Cost) {
        let (wall, cpu) = (monotonicSeconds(), processCPUSeconds())
        let result = try body()
        return (result, Cost(cpu: processCPUSeconds() - cpu, wall: monotonicSeconds() - wall))
    }

    /// Does the same work some times over; the run with the median CPU time counts.
    func median<Result>(of repeats: Int, _ body: () throws -> Result) rethrows -> (result: Result, cost: Cost) {
        let (first, once) = try working(body)
        var costs = [once]
        for _ in 1..<max(repeats, 1) { costs.append(try timing(body).cost) }
        costs.sort { $0.cpu < $1.cpu }
        work = costs[costs.count / 2]
        return (first, work)
    }

    /// Prints one line with all that was measured so far, under another name where it is about something else.
    func report(_ metrics: [String: Figure], as name: String? = nil) throws {
        let line = ResultLine(
            name: name ?? bench, data: data, threads: pool.threads, seed: seed, cpuSeconds: work.cpu,
            wallSeconds: work.wall,
            loadSeconds: loadSeconds, peakBytes: peakMemory(), metrics: metrics)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(line), as: UTF8.self))
        fflush(nil)
    }
}

/// `count` in `seconds`, per second; 0 when there was nothing to time.
func rate(_ count: Int, in seconds: Double) -> Figure { .real(seconds > 0 ? Double(count) / seconds : 0) }

/// Six significant digits.
func sixDigits(_ value: Double) -> Double {
    guard value.isFinite, value != 0 else { return value }
    let digits = 5 - Int(log10(abs(value)).rounded(.down))
    if digits <= 0 { return value.rounded() }
    let scale = pow(10, Double(digits))
    return (value * scale).rounded() / scale
}

/// Sets the kernel's mark of the most memory back to what is in use now; where it may not, the mark stays.
private func forgetPeakMemory() {
    let file = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    _ = write(file, "5", 1)
    close(file)
}

/// The most bytes of memory this process held at once since the mark was set back.
private func peakMemory() -> Int {
    if let status = try? readSmallFile("/proc/self/status") {
        for line in String(decoding: status, as: UTF8.self).split(separator: "\n") where line.hasPrefix("VmHWM:") {
            let words = line.split(whereSeparator: \.isWhitespace)
            if words.count == 3, let kilobytes = Int(words[1]) { return kilobytes << 10 }
        }
    }
    var usage = rusage()
    getrusage(numericCast(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss << 10
}
