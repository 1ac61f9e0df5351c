package import Basics
import Linalg

// One query after the other, each through the lists that promise most. What a search needs besides is taken once for a
// block of queries (`ListScan`), so that a query allocates nothing but its answer.

extension InvertedFile {
    /// Queries that one thread answers with the same scratch memory.
    private static let queriesPerBlock = 60

    /// Probably the best `k` rows of every query, best first, ties by lower row. `probes` lists are looked at, more where a
    /// filter keeps few rows; otherwise as `ExactIndex.search`.
    package func search(
        queries: Span<Float>, count k: Int, probes: Int, excluding: (Int) -> [UInt32] = { _ in [] },
        keeping: (Int) -> RowMask? = { _ in nil }, pool: ComputePool
    ) -> [[Neighbor]] {
        precondition(queries.count % dimensions == 0, "the queries are no matrix of \(dimensions) columns")
        precondition(probes > 0, "a search looks at one list at least")
        let total = queries.count / dimensions
        var answers = [[Neighbor]](repeating: [], count: total)
        if k <= 0 || count == 0 || total == 0 { return answers }
        let allowed = (0..<total).map { query in
            let mask = keeping(query)
            precondition(mask.map { $0.rows == count } ?? true, "a mask has a bit for each row")
            return AllowedRows(excluded: excluding(query), mask: mask)
        }
        queries.withUnsafeBufferPointer { queries in
            answers.withUnsafeMutableBufferPointer { answers in
                // SAFETY: blocks of queries are disjoint, each writes the answers of its own queries only,
                // and the loop ends before either scope does.
                nonisolated(unsafe) let (queries, answers) = (queries, answers)
                pool.forEach((total + Self.queriesPerBlock - 1) / Self.queriesPerBlock) { block in
                    var scan = ListScan(self, count: min(k, count))
                    for query in block * Self.queriesPerBlock..<min((block + 1) * Self.queriesPerBlock, total) {
                        let vector = Span(_unsafeStart: queries.baseAddress! + query * dimensions, count: dimensions)
                        answers[query] = scan.answer(vector, self, probes: probes, allowed[query])
                    }
                }
            }
        }
        return answers
    }
}

/// The scratch memory of one thread, and the search of one query at a time.
private struct ListScan {
    /// Where a row stands: list, then place in it.
    private struct Place {
        var list: UInt32
        var place: UInt32
    }

    private let wanted: Int
    /// As many of the best by bytes are scored in full.
    private let kept: Int
    private var entries: [Int8]
    private var sums: [Int32]
    private var passing: [UInt64]
    private var centerScores: [Float]
    private var selection: [Float]
    private var order: [UInt32] = []
    private var scores: [Float]
    private var places: [Place]
    private var found = 0
    private var keys: [UInt64] = []
    private var limit = ScoreLimit(offset: 0, scale: 1, errorShare: 0, lengthShare: 0)

    /// Candidates before the list is cut down.
    private static let roomMin = 256

    init(_ index: InvertedFile, count: Int) {
        wanted = count
        kept = max(2 * count, count + 16)
        let tiles = max(index.lists.reduce(0) { max($0, $1.quantized.layout.tiles) }, index.centerRows.layout.tiles)
        entries = [Int8](repeating: 0, count: index.centerRows.layout.bytesOfQuery)
        sums = [Int32](repeating: 0, count: tiles * ByteLayout.rowsOfTile)
        passing = [UInt64](repeating: 0, count: tiles)
        centerScores = [Float](repeating: 0, count: index.lists.count)
        let room = max(4 * kept, Self.roomMin)
        selection = [Float](repeating: 0, count: max(room, index.lists.count))
        scores = [Float](repeating: 0, count: room)
        places = [Place](repeating: Place(list: 0, place: 0), count: room)
    }

    mutating func answer(
        _ query: Span<Float>, _ index: InvertedFile, probes: Int, _ allowed: AllowedRows
    ) -> [Neighbor] {
        guard let quantized = Quantization(query, into: &entries) else { return [] }
        limit.offset = quantized.sum * Int32(ByteLayout.zero)
        limit.scale = quantized.scale
        limit.threshold = -.infinity
        found = 0
        let first = rankLists(index, probes: min(Self.probes(probes, allowed, of: index), index.lists.count))
        for position in 0..<first { look(at: Int(order[position]), index, allowed) }
        return best(query, index)
    }

    /// A filter that keeps few rows leaves few in each list: more of them are looked at.
    private static func probes(_ probes: Int, _ allowed: AllowedRows, of index: InvertedFile) -> Int {
        guard let mask = allowed.mask else { return probes }
        let share = Double(max(mask.count, 1)) / Double(index.count)
        return Int((Double(probes) / share.squareRoot()).rounded(.up))
    }

    /// Puts the `probes` lists with the largest inner products into `order`, the best first.
    private mutating func rankLists(_ index: InvertedFile, probes: Int) -> Int {
        multiply(index.centerRows)
        let count = index.lists.count
        for list in 0..<count {
            centerScores[list] = limit.score(sums[list], rowScale: index.centerRows.scales[list])
            selection[list] = centerScores[list]
        }
        let least = selection.withUnsafeMutableBufferPointer {
            greatest(probes, of: UnsafeMutableBufferPointer(rebasing: $0[..<count]))
        }
        order.removeAll(keepingCapacity: true)
        for list in 0..<count where centerScores[list] >= least { order.append(UInt32(list)) }
        let scores = centerScores
        order.sort { scores[Int($0)] > scores[Int($1)] }
        return min(probes, order.count)
    }

    /// `sums` of all rows for the query.
    private mutating func multiply(_ rows: QuantizedRows) {
        rows.bytes.withUnsafeBufferPointer { bytes in
            entries.withUnsafeBufferPointer { entries in
                sums.withUnsafeMutableBufferPointer { sums in
                    guard let start = bytes.baseAddress else { return }
                    // SAFETY: the tiles lie in the bytes, and the sums have room for the largest list.
                    multiplyByteRows(
                        rows.layout, start, tiles: rows.layout.tiles, entries.baseAddress!, queries: 1,
                        into: sums.baseAddress!, stride: sums.count)
                }
            }
        }
    }

    private mutating func look(at list: Int, _ index: InvertedFile, _ allowed: AllowedRows) {
        let rows = index.lists[list].quantized
        let tiles = rows.layout.tiles
        if tiles == 0 { return }
        multiply(rows)
        rows.scales.withUnsafeBufferPointer { scales in
            rows.bounds.withUnsafeBufferPointer { bounds in
                sums.withUnsafeBufferPointer { sums in
                    passing.withUnsafeMutableBufferPointer { passing in
                        // SAFETY: all arrays have what belongs to so many tiles.
                        findPassingRows(
                            limit, sums.baseAddress!, scales: scales.baseAddress!, bounds: bounds.baseAddress!,
                            tiles: tiles, into: passing.baseAddress!)
                    }
                }
            }
        }
        for tile in 0..<tiles {
            var word = passing[tile]
            while word != 0 {
                let place = tile * ByteLayout.rowsOfTile + word.trailingZeroBitCount
                word &= word - 1
                if allowed.isFiltering, !allowed.allows(index.lists[list].rows[place]) { continue }
                if found == scores.count { cut() }
                scores[found] = limit.score(sums[place], rowScale: rows.scales[place])
                places[found] = Place(list: UInt32(list), place: UInt32(place))
                found += 1
            }
        }
        if found > kept { cut() }
    }

    /// Keeps the best by bytes.
    private mutating func cut() {
        if found <= kept { return }
        for index in 0..<found { selection[index] = scores[index] }
        let least = selection.withUnsafeMutableBufferPointer {
            greatest(kept, of: UnsafeMutableBufferPointer(rebasing: $0[..<found]))
        }
        limit.threshold = max(limit.threshold, least)
        var left = 0
        for index in 0..<found where scores[index] >= least && left < kept {
            (scores[left], places[left]) = (scores[index], places[index])
            left += 1
        }
        found = left
    }

    /// Scores what is left in full.
    private mutating func best(_ query: Span<Float>, _ index: InvertedFile) -> [Neighbor] {
        keys.removeAll(keepingCapacity: true)
        for candidate in 0..<found {
            if candidate + Self.ahead < found { Self.prefetch(places[candidate + Self.ahead], index) }
            let (list, place) = (index.lists[Int(places[candidate].list)], Int(places[candidate].place))
            let start = place * index.dimensions
            let score = dot(list.vectors.span.extracting(start..<start + index.dimensions), query)
            if !score.isNaN { keys.append(~Neighbor(row: list.rows[place], score: score).key) }
        }
        keys.sort()
        return keys.prefix(wanted).map { Neighbor(key: ~$0) }
    }

    private static let ahead = 4

    private static func prefetch(_ place: Place, _ index: InvertedFile) {
        let start = Int(place.place) * index.dimensions
        index.lists[Int(place.list)].vectors.withUnsafeBufferPointer {
            prefetchRow($0.baseAddress! + start, columns: index.dimensions)
        }
    }
}

extension AllowedRows {
    var isFiltering: Bool { mask != nil || !excluded.isEmpty }

    /// Whether a query may be answered with a row. O(log excluded).
    func allows(_ row: UInt32) -> Bool {
        if let mask, !mask.contains(Int(row)) { return false }
        var (low, high) = (0, excluded.count)
        while low < high {
            let middle = (low + high) / 2
            if excluded[middle] < row { low = middle + 1 } else { high = middle }
        }
        return low == excluded.count || excluded[low] != row
    }
}
