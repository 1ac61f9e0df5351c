// The links that lead to active vertices, chosen anew for each step: the gradient starts at those alone, so the first
// product of the way back sums few of the rows that the others sum.

import Basics
import Linalg

/// For each vertex the slots of its active neighbors, in the order of its links.
///
/// SAFETY (@unchecked Sendable): written by `choose` alone, where each piece writes what belongs to its vertices.
final class ActiveLinks: @unchecked Sendable {
    private let starts: UnsafeMutablePointer<UInt32>
    private let ends: UnsafeMutablePointer<UInt32>
    private let slots: UnsafeMutablePointer<UInt32>

    /// Room for all links.
    init(_ links: VertexLinks) {
        func numbers(_ count: Int) -> UnsafeMutablePointer<UInt32> {
            let memory = UnsafeMutablePointer<UInt32>.allocate(capacity: count)
            memory.initialize(repeating: 0, count: count)
            return memory
        }
        (starts, ends) = (numbers(links.vertexCount), numbers(links.vertexCount))
        slots = numbers(links.neighbors.count)
    }

    deinit {
        starts.deallocate()
        ends.deallocate()
        slots.deallocate()
    }

    /// Slots of a table with a row for each active vertex. What is read ahead may be a slot of an earlier step, so the
    /// table must not have become smaller.
    var lists: RowLists { RowLists(starts: starts, ends: ends, rows: slots) }

    /// O(links).
    func choose(_ links: VertexLinks, _ active: ActiveRows, _ pool: ComputePool) {
        links.withLists { all in
            pool.forEachPiece(of: links.vertexCount) { piece in
                active.slots.withUnsafeBufferPointer { buffer in
                    guard let activeSlots = buffer.baseAddress else { return }
                    // A piece has as much room as it has links.
                    var next = Int(links.offsets[piece.lowerBound])
                    for vertex in piece {
                        let (first, count) = all.list(vertex)
                        starts[vertex] = UInt32(next)
                        next += keepSlots(first, count: count, activeSlots, into: slots + next)
                        ends[vertex] = UInt32(next)
                    }
                }
            }
        }
    }
}
