// The one place of this module where threads write side by side into one array. Everything else sees a
// row at a time, as a span or a buffer of its own.

import Basics

extension ComputePool {
    /// Calls `body` for every row of `elements`, [rows, columns], with the row's number and its entries.
    /// A row is visited exactly once, on any thread; what it holds must depend on its number alone.
    func forEachRow<Element: BitwiseCopyable>(
        of elements: inout [Element], columns: Int,
        _ body: @Sendable (Int, inout MutableSpan<Element>) -> Void
    ) {
        precondition(columns > 0 && elements.count % columns == 0, "the array is no matrix of \(columns) columns")
        let rows = elements.count / columns
        elements.withUnsafeMutableBufferPointer { buffer in
            // SAFETY: ranges of rows are disjoint, and the loop ends before the buffer's scope does.
            nonisolated(unsafe) let all = buffer
            forEachRange(of: rows, pieces: threads * 4) { range in
                for row in range {
                    let entries = UnsafeMutableBufferPointer(rebasing: all[row * columns..<(row + 1) * columns])
                    var span = MutableSpan(_unsafeElements: entries)
                    body(row, &span)
                }
            }
        }
    }

    /// Sorts every group of `elements`; group g is at `offsets[g]..<offsets[g + 1]`. `areInOrder` must tell
    /// any two elements of a group apart, so that there is one result.
    func sortGroups<Element: BitwiseCopyable>(
        of elements: inout [Element], offsets: [UInt32],
        by areInOrder: @Sendable (Element, Element) -> Bool
    ) {
        precondition(Int(offsets.last ?? 0) <= elements.count, "the groups end behind the array")
        elements.withUnsafeMutableBufferPointer { buffer in
            // SAFETY: groups are disjoint, and the loop ends before the buffer's scope does.
            nonisolated(unsafe) let all = buffer
            forEachRange(of: offsets.count - 1, pieces: threads * 4) { range in
                for group in range {
                    let part = Int(offsets[group])..<Int(offsets[group + 1])
                    if part.count < 2 { continue }
                    var entries = UnsafeMutableBufferPointer(rebasing: all[part])
                    entries.sort(by: areInOrder)
                }
            }
        }
    }
}
