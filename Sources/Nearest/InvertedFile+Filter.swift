import Linalg

// What a filter does to a search through lists: where it keeps few rows, more lists are looked at; where it keeps very
// few, no list is, and its rows are scored in full.

extension InvertedFile {
    /// A row that is scored in full costs as much as so many that are scanned.
    private static let fullRowCost = 24
    private static let narrowFilter = 64
    /// Memory is asked for so many rows at once.
    private static let rowsAtOnce = 16

    /// A filter that keeps few rows leaves few in each list: more of them are looked at.
    func probes(_ probes: Int, _ allowed: AllowedRows) -> Int {
        guard let mask = allowed.mask else { return probes }
        let share = Double(max(mask.count, 1)) / Double(count)
        return Int((Double(probes) / share.squareRoot()).rounded(.up))
    }

    /// Lists hold too little of what a narrow filter keeps: below one row of 64, its rows are looked at one by one, and
    /// nothing is missed. Above, where that is cheaper.
    func isWorthGathering(_ mask: RowMask, probes: Int) -> Bool {
        let kept = mask.count
        return kept <= count / Self.narrowFilter
            || Self.fullRowCost * kept <= lists.count + probes * count / lists.count
    }

    /// Scores all rows of a filter in full, but for those `excluded`, which ascend.
    func gather(_ query: Span<Float>, _ mask: RowMask, _ excluded: [UInt32], into best: inout BestNeighbors) {
        typealias Found = (row: UInt32, vector: UnsafePointer<Float>)
        withUnsafeTemporaryAllocation(of: Found.self, capacity: Self.rowsAtOnce) { block in
            var (waiting, next) = (0, 0)
            func score(_ best: inout BestNeighbors) {
                for (row, vector) in block[..<waiting] {
                    best.offer(row, score: dot(Span(_unsafeStart: vector, count: dimensions), query))
                }
                waiting = 0
            }
            for index in mask.words.indices {
                var word = mask.words[index]
                while word != 0 {
                    let row = UInt32(index * 64 + word.trailingZeroBitCount)
                    word &= word - 1
                    while next < excluded.count, excluded[next] < row { next += 1 }
                    if next < excluded.count, excluded[next] == row { continue }
                    guard let vector = vector(of: Int(row)) else { continue }
                    prefetchRow(vector, columns: dimensions)
                    block[waiting] = (row, vector)
                    waiting += 1
                    if waiting == block.count { score(&best) }
                }
            }
            score(&best)
        }
    }

    /// Where a row's numbers lie, as long as this index does; nil when it was removed.
    private func vector(of row: Int) -> UnsafePointer<Float>? {
        guard let place = place(of: row) else { return nil }
        return lists[Int(listOfRow[row])].vectorStart + place * dimensions
    }
}
