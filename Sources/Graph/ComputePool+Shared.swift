// Threads that fill one array side by side where a row of fixed width will not do: rows of different lengths, and
// scattering by counted positions. Whoever writes says why no two threads write one position.

import Basics

/// An array under construction, in the hands of several threads.
///
/// SAFETY (@unchecked Sendable): the threads write disjoint positions, read none that another writes, and are done
/// before `filled` returns. Positions are within the array; that is the writer's promise.
struct SharedArray<Element: BitwiseCopyable>: @unchecked Sendable {
    fileprivate let elements: UnsafeMutablePointer<Element>

    subscript(position: Int) -> Element {
        @inline(__always) get { elements[position] }
        @inline(__always) nonmutating set { elements[position] = newValue }
    }

    /// Sets positions to zero.
    func clear(_ range: Range<Int>) where Element: ExpressibleByIntegerLiteral {
        (elements + range.lowerBound).initialize(repeating: 0, count: range.count)
    }

    /// Copies `source[range]` to `position...`.
    func copy(_ source: [Element], _ range: Range<Int>, to position: Int) {
        precondition(range.upperBound <= source.count, "the row ends behind its array")
        source.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress, !range.isEmpty else { return }
            (elements + position).update(from: base + range.lowerBound, count: range.count)
        }
    }
}

extension Array where Element: BitwiseCopyable & Sendable {
    /// Lets `body` fill the array from several threads, as `SharedArray` says.
    mutating func fill(_ body: (SharedArray<Element>) -> Void) {
        withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            body(SharedArray(elements: base))
        }
    }
}

extension ComputePool {
    /// An array of zeros. For large ones the price is the memory's first touch, which the threads share.
    func zeros<Element: BitwiseCopyable & Sendable & ExpressibleByIntegerLiteral>(
        _ count: Int, of _: Element.Type = Element.self
    ) -> [Element] {
        [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
            initialized = count
            guard let base = buffer.baseAddress else { return }
            let shared = SharedArray(elements: base)
            // Each range is set by whoever takes it.
            forEachRange(of: count, pieces: threads * 4) { shared.clear($0) }
        }
    }
}
