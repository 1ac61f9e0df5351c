// The randomness of the sets, as a function and not as a sequence: set i's coins at vertex v are a hash of the
// stream, i and v. So a set does not depend on which thread draws it, on what is drawn beside it, or on the order in
// which its vertices are met; a machine that holds a part of the graph tosses the same coins as one that holds it all.

package import Basics

/// From whom the sets start.
package enum RootRule: Sendable {
    /// Each root is drawn uniformly: shares of sets are unbiased, and the bounds of OPIM-C hold.
    case uniform
    /// Set i starts at vertex i modulo the number of vertices: everyone equally often, which takes the
    /// choice of roots out of the estimate's noise. For small groups where each person's chance is wanted.
    case inTurn
    /// In proportion to what it is worth that each comes.
    case weighted(RootTable)
}

/// An endless row of sets, by number.
struct SetStream: Sendable {
    private let seed: UInt64
    private let vertices: Int
    private let rule: RootRule

    /// Odd, with bits all over: keeps the keys of neighbours apart before they are mixed.
    static let stride: UInt64 = 0x9E37_79B9_7F4A_7C15

    init(seed: UInt64, purpose: String, round: Int = 0, vertices: Int, roots: RootRule) {
        var random = SeededRandom(seed: seed).child(purpose, UInt64(round))
        self.seed = random.next()
        if case .weighted(let table) = roots { precondition(table.vertices == vertices, "one value per vertex") }
        self.vertices = vertices
        rule = roots
    }

    /// What the coins of one set have in common.
    @inline(__always)
    func key(of set: Int) -> UInt64 { SeededRandom.mix(seed ^ UInt64(truncatingIfNeeded: set) &* Self.stride) }

    /// Whom a set with this key starts at.
    @inline(__always)
    func root(of set: Int, key: UInt64) -> UInt32 {
        let random = SeededRandom.mix(~key)
        switch rule {
        case .uniform: return UInt32(truncatingIfNeeded: random.multipliedFullWidth(by: UInt64(vertices)).high)
        case .inTurn: return UInt32(truncatingIfNeeded: set % vertices)
        case .weighted(let table): return table.root(random)
        }
    }

    /// 64 random bits for the coins that a set with this key tosses at a vertex.
    @inline(__always)
    static func coins(key: UInt64, vertex: UInt32) -> UInt64 {
        SeededRandom.mix(key &+ UInt64(vertex) &* stride)
    }

    /// 31 bits to hold against a threshold of 0...2^31: the upper ones.
    @inline(__always)
    static func draw(_ random: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: random >> 33) }

    /// Further numbers from the first, for choosing edges: their high bits depend on all bits of the first.
    @inline(__always)
    static func choice(_ coins: UInt64) -> UInt64 { (coins ^ (coins >> 31)) &* 0xA24B_AED4_963E_E407 }
    @inline(__always)
    static func secondChoice(_ coins: UInt64) -> UInt64 { (coins ^ (coins >> 29)) &* 0xD6E8_FEB8_6659_FD93 }
    @inline(__always)
    static func thirdChoice(_ coins: UInt64) -> UInt64 { (coins ^ (coins >> 33)) &* 0xC2B2_AE3D_27D4_EB4F }
}

/// Draws people in proportion to a value each.
package struct RootTable: Sendable {
    private let slots: [EdgeSlot]
    /// How many values there were.
    let vertices: Int
    /// Sum of all values.
    package let total: Double

    /// Errors: `InfluenceError` where a value is negative or not finite, or where all are zero.
    package init(values: [Float]) throws(InfluenceError) {
        var alias = AliasScratch()
        alias.clear()
        for (vertex, value) in values.enumerated() {
            guard value >= 0, value < .infinity else { throw .value(vertex: vertex, value: Double(value)) }
            if value > 0 { alias.add(UInt32(vertex), weight: Double(value)) }
        }
        guard alias.count > 0 else { throw .value(vertex: 0, value: 0) }
        var slots: [EdgeSlot] = []
        slots.reserveCapacity(alias.count)
        vertices = values.count
        total = alias.total
        alias.build(into: &slots)
        self.slots = slots
    }

    /// One person.
    package func draw(_ random: inout SeededRandom) -> UInt32 { root(random.next()) }

    @inline(__always)
    func root(_ random: UInt64) -> UInt32 {
        let (slot, rest) = random.multipliedFullWidth(by: UInt64(slots.count))
        let chosen = slots[Int(slot)]
        return UInt32(truncatingIfNeeded: rest >> 40) < chosen.keep ? chosen.source : chosen.other
    }
}
