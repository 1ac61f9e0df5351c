// The two ways in which edges lie in memory, as the search chooses among them.
//
// A landing is a chosen edge on its way to memory, packed into 64 bits: the edge or slot (32), the lane of the set that
// chose it (8), and a coin (24) where an alias slot wants one.

import CInfluence

/// What the search asks of the edges. Rows are `SearchRow`s made for them.
protocol CascadeEdges {
    /// 64 bits to choose a row's first edge by.
    static func firstChoice(_ coins: UInt64) -> UInt64
    /// The landing, lane 0, on one edge of the row, each with its share. The high bits of `random` count most.
    static func landing(_ row: SearchRow, _ random: UInt64) -> UInt64
    func prefetch(_ landing: UInt64)
    func source(_ landing: UInt64) -> UInt32
    /// The chance of one edge of a row of single coins, 1...2^31, given that of the kind of row.
    func chance(_ edge: Int, kind: UInt32) -> UInt32
}

/// Edges whose rows have one chance each: any edge of a row alike.
struct EqualEdges: CascadeEdges {
    let sources: UnsafePointer<UInt32>

    /// The counting of rings used the upper 31 bits; these are the others.
    @inline(__always)
    static func firstChoice(_ coins: UInt64) -> UInt64 { coins << 32 }

    @inline(__always)
    static func landing(_ row: SearchRow, _ random: UInt64) -> UInt64 {
        UInt64(row.edges) &+ ((random >> 32) &* UInt64(row.degree)) >> 32
    }

    @inline(__always)
    func prefetch(_ landing: UInt64) { prefetch_for_reading(sources + Int(UInt32(truncatingIfNeeded: landing))) }

    @inline(__always)
    func source(_ landing: UInt64) -> UInt32 { sources[Int(UInt32(truncatingIfNeeded: landing))] }

    @inline(__always)
    func chance(_ edge: Int, kind: UInt32) -> UInt32 { kind }
}

/// Edges with chances of their own, in alias slots.
struct WeightedEdges: CascadeEdges {
    let slots: UnsafePointer<EdgeSlot>

    @inline(__always)
    static func firstChoice(_ coins: UInt64) -> UInt64 { SetStream.choice(coins) }

    @inline(__always)
    static func landing(_ row: SearchRow, _ random: UInt64) -> UInt64 {
        let (slot, rest) = random.multipliedFullWidth(by: UInt64(row.degree))
        return (UInt64(row.edges) &+ slot) | (rest >> 40) << 40
    }

    @inline(__always)
    func prefetch(_ landing: UInt64) {
        // One slot in eight lies on two lines.
        let slot = UnsafeRawPointer(slots + Int(UInt32(truncatingIfNeeded: landing)))
        prefetch_for_reading(slot)
        prefetch_for_reading(slot + 8)
    }

    @inline(__always)
    func source(_ landing: UInt64) -> UInt32 {
        let slot = slots + Int(UInt32(truncatingIfNeeded: landing))
        return UInt32(truncatingIfNeeded: landing >> 40) < slot.pointee.keep
            ? slot.pointee.source : slot.pointee.other
    }

    @inline(__always)
    func chance(_ edge: Int, kind: UInt32) -> UInt32 { slots[edge].keep }
}
