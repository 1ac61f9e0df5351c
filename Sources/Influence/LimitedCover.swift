// Greedy where money or communities limit the choice. The person with the greatest gain (with costs: gain per unit of
// cost) who still fits is taken, again and again; gains only fall and allowances only shrink, so old promises in a heap
// suffice. With costs greedy alone may be arbitrarily bad (one cheap person keeps out a dear one who brings
// everybody), so a second run begins with the best single person wherever that person alone meets more than all of
// the first.
//
// The upper bound is that of `greedyCover` with the allowance in place of the number: no choice can meet more than what
// is met plus the greatest sum of remaining gains that the whole allowance permits.

/// What greedy chooses within an allowance. The pool's hits are met already by those whom the allowance has taken and
/// `excluded` names, with everybody else who cannot be chosen. O(vertices · log choices + members + chosen · log).
func limitedCover(
    _ sets: RRCollection, hits: Int, allowance: Allowance, excluding excluded: Set<UInt32>
) -> GreedyCover {
    var isOpen = [Bool](repeating: true, count: sets.vertices)
    for person in excluded { isOpen[Int(person)] = false }
    let state = LimitedState(sets, hits: hits, allowance: allowance, isOpen: isOpen)
    let cover = state.choose(startingWith: nil)
    guard let single = state.bestSingle, single.gain > cover.covered else { return cover }
    var other = state.choose(startingWith: single.vertex)
    other.upperBound = min(other.upperBound, cover.upperBound)
    return other
}

/// Where greedy begins.
private struct LimitedState {
    private let sets: RRCollection
    private let hits: Int
    private let allowance: Allowance
    private let isOpen: [Bool]
    private let gains: [Int32]

    init(_ sets: RRCollection, hits: Int, allowance: Allowance, isOpen: [Bool]) {
        self.sets = sets
        self.hits = hits
        self.allowance = allowance
        self.isOpen = isOpen
        gains = (0..<sets.vertices).map { Int32(sets.holderOffsets[$0 + 1] - sets.holderOffsets[$0]) }
    }

    /// Who meets most sets of all who fit, ties by lower vertex.
    var bestSingle: (vertex: UInt32, gain: Int)? {
        let fitting = gains.indices.filter { isOpen[$0] && allowance.allows(UInt32($0)) }
        return fitting.max { (gains[$0], $1) < (gains[$1], $0) }.map { (UInt32($0), Int(gains[$0])) }
    }

    func choose(startingWith first: UInt32?) -> GreedyCover {
        var (left, gains, isOpen) = (allowance, gains, isOpen)
        var isCovered = [Bool](repeating: false, count: sets.count)
        var heap = MaxHeap(
            gains.indices.filter { isOpen[$0] }.map {
                Promise(gain: left.worth(Int(gains[$0]), of: UInt32($0)), vertex: UInt32($0))
            })
        var cover = GreedyCover(), covered = hits, nextBound = 0
        cover.upperBound = sets.count
        func bound() {
            cover.upperBound = min(cover.upperBound, covered + allowance.greatestSum(gains, among: isOpen))
            nextBound = cover.seeds.count + 1 + cover.seeds.count / 8
        }
        func take(_ person: UInt32) {
            cover.seeds.append(person)
            cover.gains.append(Int(gains[Int(person)]))
            covered += Int(gains[Int(person)])
            left.take(person)
            isOpen[Int(person)] = false
            for set in sets.sets(holding: person) where !isCovered[Int(set)] {
                isCovered[Int(set)] = true
                for member in sets.members(of: Int(set)) { gains[Int(member)] -= 1 }
            }
            if cover.seeds.count >= nextBound { bound() }
        }
        bound()
        if let first { take(first) }
        while !left.isUsedUp, let top = heap.pop() {
            guard isOpen[Int(top.vertex)], left.allows(top.vertex) else { continue }
            let worth = left.worth(Int(gains[Int(top.vertex)]), of: top.vertex)
            if worth == top.gain {
                take(top.vertex)
            } else {
                heap.push(Promise(gain: worth, vertex: top.vertex))
            }
        }
        bound()
        return cover
    }
}
