extension ComputePool {
    /// The results of `body` for 0..<count, in order, computed on all threads of the pool in about `chunks` pieces
    /// a thread. The order of calls is left to chance; the order of results is not.
    package func map<Result: Sendable>(
        _ count: Int, chunks: Int = 4, _ body: @Sendable (Int) -> Result
    ) -> [Result] {
        [Result](unsafeUninitializedCapacity: count) { buffer, initialized in
            // SAFETY: each index is written exactly once, by the one range that holds it, and read after forEach.
            nonisolated(unsafe) let base = buffer.baseAddress
            forEachRange(of: count, pieces: chunks * threads) { range in
                for index in range { (base! + index).initialize(to: body(index)) }
            }
            initialized = count
        }
    }
}
