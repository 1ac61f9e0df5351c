// A stream of pieces, worked on by several threads and taken in its own order: whoever reads the stream and whoever
// takes the results is one thread, the caller's, so neither needs a lock, and the outcome does not depend on how many
// threads there are. What is under way is bounded: a caller that is slow to take lets everybody wait.

/// Work on the pieces of a stream in parallel.
package enum OrderedPipeline {
    /// More than any piece takes; a wait needs some number. 31 years.
    private static let forever = 1_000_000_000_000

    /// Calls `next` until it gives nil, `work` on each piece, on one of `threads` threads, and `take` with each result
    /// in the order of the pieces. `next` and `take` run on the calling thread; what they throw ends everything, and
    /// pieces under way are forgotten. With one thread all of it runs on the caller's. At most two pieces a thread,
    /// and one more, are under way. Costs some microseconds a piece, so pieces should cost much more.
    package static func run<Piece: Sendable, Made: Sendable>(
        threads: Int, next: () throws -> Piece?, work: @escaping @Sendable (Piece) -> Made,
        take: (Made) throws -> Void
    ) throws {
        guard threads > 1 else {
            while let piece = try next() { try take(work(piece)) }
            return
        }
        let window = 2 * threads + 1
        let floor = Monitor(Floor<Piece, Made>(window: window))
        defer { floor.withLock { floor, wake in floor.close(wake) } }
        for _ in 0..<threads { startThread { serve(floor, work) } }
        var (given, taken, isOver) = (0, 0, false)
        while true {
            while !isOver, given - taken < window {
                guard let piece = try next() else {
                    isOver = true
                    break
                }
                let place = given
                floor.withLock { floor, wake in
                    floor.waiting.append((place, piece))
                    wake()
                }
                given += 1
            }
            if taken == given { return }
            let slot = taken % window
            let made = floor.wait(milliseconds: forever) { floor -> Monitor<Floor<Piece, Made>>.Progress<Made> in
                guard let made = floor.done[slot] else { return .notYet }
                floor.done[slot] = nil
                return .done(made)
            }
            guard let made else { preconditionFailure("a piece was worked on for 31 years") }
            taken += 1
            try take(made)
        }
    }

    private struct Floor<Piece, Made> {
        /// Pieces nobody works on yet, oldest first, with their places in the stream.
        var waiting: [(place: Int, piece: Piece)] = []
        /// Results by place modulo the window.
        var done: [Made?]
        var isClosed = false

        init(window: Int) { done = Array(repeating: nil, count: window) }

        mutating func close(_ wake: () -> Void) {
            isClosed = true
            waiting = []
            wake()
        }
    }

    private static func serve<Piece, Made>(_ floor: Monitor<Floor<Piece, Made>>, _ work: (Piece) -> Made) {
        while true {
            let order = floor.wait(milliseconds: forever) {
                floor -> Monitor<Floor<Piece, Made>>.Progress<(Int, Piece)?> in
                if floor.isClosed { return .done(nil) }
                return floor.waiting.isEmpty ? .notYet : .done(floor.waiting.removeFirst())
            }
            guard case let (place, piece)?? = order else { return }
            let made = work(piece)
            floor.withLock { floor, wake in
                floor.done[place % floor.done.count] = made
                wake()
            }
        }
    }
}
