// Greedy where money or communities limit the choice, or where the sets lie in several places. The person with the
// greatest gain (with costs: gain per unit of cost) who still fits is taken, again and again; gains only fall and
// allowances only shrink, so old promises in a heap suffice. With costs greedy alone may be arbitrarily bad (one cheap
// person keeps out a dear one who brings everybody), so a second run begins with the best single person wherever
// that person alone meets more than all of the first.
//
// The upper bound is that of `greedyCover` with the allowance in place of the number: no choice can meet more than what
// is met plus the greatest sum of remaining gains that the whole allowance permits.

/// Where sets lie and how many of them people meet.
protocol CoverField {
    associatedtype Failure: Error
    /// All sets.
    var sets: Int { get }
    /// How many sets each person meets. From here on none is met.
    mutating func gains() throws(Failure) -> [Int32]
    /// The person's sets are met: gains fall.
    mutating func take(_ person: UInt32, _ gains: inout [Int32]) throws(Failure)
}

/// What greedy chooses within an allowance. `hits` sets are met already by those whom the allowance has taken and
/// `excluded` names, with everybody else who cannot be chosen. Ties by lower vertex.
/// O(vertices · log choices + members + chosen · log).
func limitedCover<Field: CoverField>(
    _ field: inout Field, hits: Int, allowance: Allowance, excluding excluded: Set<UInt32>
) throws(Field.Failure) -> GreedyCover {
    let gains = try field.gains()
    var isOpen = [Bool](repeating: true, count: gains.count)
    for person in excluded { isOpen[Int(person)] = false }
    var greedy = LimitedGreedy(gains, isOpen: isOpen, allowance: allowance, sets: field.sets, hits: hits)
    try greedy.run(on: &field)
    guard !allowance.isNumber else { return greedy.cover }
    // Who meets most sets of all who fit, ties by lower vertex.
    let fitting = gains.indices.filter { isOpen[$0] && allowance.allows(UInt32($0)) }
    guard let single = fitting.max(by: { (gains[$0], $1) < (gains[$1], $0) }),
        Int(gains[single]) > greedy.cover.covered
    else { return greedy.cover }
    var other = LimitedGreedy(
        try field.gains(), isOpen: isOpen, allowance: allowance, sets: field.sets, hits: hits)
    try other.take(UInt32(single), on: &field)
    try other.run(on: &field)
    other.cover.upperBound = min(other.cover.upperBound, greedy.cover.upperBound)
    return other.cover
}

/// One run of greedy.
private struct LimitedGreedy {
    private var gains: [Int32]
    private var isOpen: [Bool]
    private let whole: Allowance
    private var left: Allowance
    private var covered: Int
    private var heap: MaxHeap<Promise>
    private var nextBound = 0
    var cover = GreedyCover()

    init(_ gains: [Int32], isOpen: [Bool], allowance: Allowance, sets: Int, hits: Int) {
        self.gains = gains
        self.isOpen = isOpen
        (whole, left) = (allowance, allowance)
        covered = hits
        heap = MaxHeap(
            gains.indices.filter { isOpen[$0] }.map {
                Promise(gain: allowance.worth(Int(gains[$0]), of: UInt32($0)), vertex: UInt32($0))
            })
        cover.upperBound = sets
        bound()
    }

    /// What nobody can beat. By number alone it costs little and is looked at after every choice.
    private mutating func bound() {
        cover.upperBound = min(cover.upperBound, covered + whole.greatestSum(gains, among: isOpen))
        nextBound = cover.seeds.count + 1 + (whole.isNumber ? 0 : cover.seeds.count / 8)
    }

    mutating func take<Field: CoverField>(_ person: UInt32, on field: inout Field) throws(Field.Failure) {
        let gain = Int(gains[Int(person)])
        try field.take(person, &gains)
        cover.seeds.append(person)
        cover.gains.append(gain)
        covered += gain
        left.take(person)
        isOpen[Int(person)] = false
        if cover.seeds.count >= nextBound { bound() }
    }

    mutating func run<Field: CoverField>(on field: inout Field) throws(Field.Failure) {
        while !left.isUsedUp, let top = heap.pop() {
            guard isOpen[Int(top.vertex)], left.allows(top.vertex) else { continue }
            let worth = left.worth(Int(gains[Int(top.vertex)]), of: top.vertex)
            if worth == top.gain {
                try take(top.vertex, on: &field)
            } else {
                heap.push(Promise(gain: worth, vertex: top.vertex))
            }
        }
        bound()
    }
}

/// Sets that lie here, all of them.
struct CollectionField: CoverField {
    let collection: RRCollection
    private var isCovered: [Bool] = []

    init(_ collection: RRCollection) { self.collection = collection }

    var sets: Int { collection.count }

    mutating func gains() -> [Int32] {
        isCovered = [Bool](repeating: false, count: collection.count)
        return (0..<UInt32(collection.vertices)).map { Int32(collection.sets(holding: $0).count) }
    }

    mutating func take(_ person: UInt32, _ gains: inout [Int32]) {
        for set in collection.sets(holding: person) where !isCovered[Int(set)] {
            isCovered[Int(set)] = true
            for member in collection.members(of: Int(set)) { gains[Int(member)] -= 1 }
        }
    }
}
