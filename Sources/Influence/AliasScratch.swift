// Alias tables (Walker 1977, built as Vose 1991 does): any distribution over d outcomes as d slots of equal chance
// with at most two outcomes each, so that one draw and one look decide.

/// Collects the outcomes of one table and writes its slots. Reused from row to row.
struct AliasScratch {
    private var outcomes: [UInt32] = []
    private var weights: [Double] = []
    private var poor: [Int] = []
    private var rich: [Int] = []
    private(set) var total = 0.0

    var count: Int { outcomes.count }

    private static let unit = Double(1 << 24)

    mutating func clear() {
        outcomes.removeAll(keepingCapacity: true)
        weights.removeAll(keepingCapacity: true)
        total = 0
    }

    /// `weight` is positive.
    mutating func add(_ outcome: UInt32, weight: Double) {
        outcomes.append(outcome)
        weights.append(weight)
        total += weight
    }

    /// Appends one slot per outcome. Chances are exact to 2^-24 of a slot. O(count).
    mutating func build(into slots: inout [EdgeSlot]) {
        let scale = Double(count) / total
        poor.removeAll(keepingCapacity: true)
        rich.removeAll(keepingCapacity: true)
        let start = slots.count
        for index in outcomes.indices {
            weights[index] *= scale
            if weights[index] < 1 { poor.append(index) } else { rich.append(index) }
            slots.append(EdgeSlot(source: outcomes[index], other: outcomes[index], keep: UInt32(Self.unit)))
        }
        while let small = poor.last, let large = rich.last {
            poor.removeLast()
            slots[start + small].keep = UInt32((weights[small] * Self.unit).rounded())
            slots[start + small].other = outcomes[large]
            weights[large] -= 1 - weights[small]
            if weights[large] < 1 {
                rich.removeLast()
                poor.append(large)
            }
        }
    }
}
