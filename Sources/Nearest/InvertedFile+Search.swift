package import Basics
import Linalg

// One query after the other, each through the lists that promise most. What a search needs besides is taken once for a
// block of queries (`ListScan`), so that a query allocates nothing but its answer. A filter that keeps so few rows that
// all of them are scored in full needs nothing of it.

extension InvertedFile {
    /// Queries that one thread answers with the same scratch memory.
    private static let queriesPerBlock = 60

    /// Probably the best `k` rows of every query, best first, ties by lower row. `probes` lists are looked at, more
    /// where a filter keeps few rows; otherwise as `ExactIndex.search`.
    package func search(
        queries: Span<Float>, count k: Int, probes: Int, excluding: (Int) -> [UInt32] = { _ in [] },
        keeping: (Int) -> RowMask? = { _ in nil }, pool: ComputePool
    ) -> [[Neighbor]] {
        precondition(
            queries.count % dimensions == 0, "the queries are no matrix of \(dimensions) columns")
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
                    var scan: ListScan?
                    var best = BestNeighbors(count: min(k, count))
                    for query in block * Self.queriesPerBlock..<min((block + 1) * Self.queriesPerBlock, total) {
                        let vector = Span(
                            _unsafeStart: queries.baseAddress! + query * dimensions, count: dimensions)
                        let own = min(self.probes(probes, allowed[query]), lists.count)
                        if let mask = allowed[query].mask, isWorthGathering(mask, probes: own) {
                            gather(vector, mask, allowed[query].excluded, into: &best)
                        } else {
                            if scan == nil { scan = ListScan(self, count: min(k, count)) }
                            scan?.look(for: vector, in: self, probes: own, allowed[query], into: &best)
                        }
                        answers[query] = best.take()
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

    /// As many of the best by bytes are scored in full.
    private let kept: Int
    private var entries: [Int8]
    private var sums: [Int32]
    private var passing: [UInt64]
    /// Filled up to whole registers with scores that nothing is worse than.
    private var centerScores: [Float]
    private var selection: [Float]
    private var order: [UInt32] = []
    private var orderScores: [Float] = []
    private var scores: [Float]
    private var places: [Place]
    private var found = 0
    private var limit = ScoreLimit(offset: 0, scale: 1, errorShare: 0, lengthShare: 0)

    /// Candidates before the list is cut down.
    private static let roomMin = 256
    private static let lanes = 16

    init(_ index: InvertedFile, count: Int) {
        kept = max(2 * count, count + 16)
        let layouts = ([index.centers] + index.lists).map(\.quantized.layout)
        let tiles = layouts.reduce(0) { max($0, $1.tiles) }
        entries = [Int8](repeating: 0, count: layouts[0].bytesOfQuery)
        sums = [Int32](repeating: 0, count: tiles * ByteLayout.rowsOfTile)
        passing = [UInt64](repeating: 0, count: tiles)
        centerScores = [Float](repeating: -.infinity, count: layouts[0].tiles * ByteLayout.rowsOfTile)
        let room = max(4 * kept, Self.roomMin)
        selection = [Float](repeating: 0, count: room)
        scores = [Float](repeating: 0, count: room)
        places = [Place](repeating: Place(list: 0, place: 0), count: room)
    }

    /// Offers the best rows of `probes` lists.
    mutating func look(
        for query: Span<Float>, in index: InvertedFile, probes: Int, _ allowed: AllowedRows,
        into best: inout BestNeighbors
    ) {
        guard let quantized = Quantization(query, into: &entries) else { return }
        limit.offset = quantized.sum * Int32(ByteLayout.zero)
        limit.scale = quantized.scale
        limit.threshold = -.infinity
        found = 0
        rankLists(index, probes: probes)
        for list in order { look(at: Int(list), index, allowed) }
        cut()
        scoreInFull(query, index, into: &best)
    }

    /// Puts the `probes` lists with the largest inner products into `order`, the best first.
    private mutating func rankLists(_ index: InvertedFile, probes: Int) {
        let count = index.lists.count
        multiply(index.centers)
        let limit = limit
        centerScores.withUnsafeMutableBufferPointer { scores in
            sums.withUnsafeBufferPointer { sums in
                let scales = index.centers.scanned.scales
                for list in 0..<count { scores[list] = limit.score(sums[list], rowScale: scales[list]) }
            }
        }
        order.removeAll(keepingCapacity: true)
        orderScores.removeAll(keepingCapacity: true)
        if probes * 8 > count {
            let scores = centerScores
            order += (0..<UInt32(count)).sorted { scores[Int($0)] > scores[Int($1)] }.prefix(probes)
            return
        }
        var worst = -Float.infinity
        centerScores.withUnsafeBufferPointer { scores in
            for first in stride(from: 0, to: count, by: Self.lanes) {
                let lanes = UnsafeRawPointer(scores.baseAddress! + first).loadUnaligned(
                    as: SIMD16<Float>.self)
                if order.count == probes, lanes.max() <= worst { continue }
                for list in first..<min(first + Self.lanes, count)
                where order.count < probes || scores[list] > worst {
                    if order.count == probes {
                        order.removeLast()
                        orderScores.removeLast()
                    }
                    var place = order.count
                    while place > 0, orderScores[place - 1] < scores[list] { place -= 1 }
                    order.insert(UInt32(list), at: place)
                    orderScores.insert(scores[list], at: place)
                    worst = orderScores[orderScores.count - 1]
                }
            }
        }
    }

    /// `sums` of all rows of a list for the query.
    private mutating func multiply(_ list: RowList) {
        let layout = list.quantized.layout
        entries.withUnsafeBufferPointer { entries in
            sums.withUnsafeMutableBufferPointer { sums in
                // SAFETY: the tiles lie in the list's bytes, and the sums have room for the largest list.
                multiplyByteRows(
                    layout, list.scanned.bytes, tiles: layout.tiles, entries.baseAddress!, queries: 1,
                    into: sums.baseAddress!, stride: sums.count)
            }
        }
    }

    private mutating func look(at number: Int, _ index: InvertedFile, _ allowed: AllowedRows) {
        let list = index.lists[number]
        let tiles = list.quantized.layout.tiles
        if tiles == 0 { return }
        multiply(list)
        let (scales, bounds, isFiltering) = (
            list.scanned.scales, list.scanned.bounds, allowed.isFiltering
        )
        sums.withUnsafeBufferPointer { sums in
            passing.withUnsafeMutableBufferPointer { passing in
                // SAFETY: all arrays have what belongs to so many tiles.
                findPassingRows(
                    limit, sums.baseAddress!, scales: scales, bounds: bounds, tiles: tiles,
                    into: passing.baseAddress!)
            }
        }
        for tile in 0..<tiles {
            var word = passing[tile]
            while word != 0 {
                let place = tile * ByteLayout.rowsOfTile + word.trailingZeroBitCount
                word &= word - 1
                if isFiltering, !allowed.allows(list.rowStart[place]) { continue }
                if found == scores.count { cut() }
                scores[found] = limit.score(sums[place], rowScale: scales[place])
                places[found] = Place(list: UInt32(number), place: UInt32(place))
                found += 1
            }
        }
        if found > 2 * kept { cut() }
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

    private func scoreInFull(_ query: Span<Float>, _ index: InvertedFile, into best: inout BestNeighbors) {
        for candidate in 0..<found { Self.prefetch(places[candidate], index) }
        for candidate in 0..<found {
            let place = places[candidate]
            let list = index.lists[Int(place.list)]
            let start = list.vectorStart + Int(place.place) * index.dimensions
            best.offer(
                list.rowStart[Int(place.place)], score: dot(Span(_unsafeStart: start, count: index.dimensions), query))
        }
    }

    private static func prefetch(_ place: Place, _ index: InvertedFile) {
        prefetchRow(
            index.lists[Int(place.list)].vectorStart + Int(place.place) * index.dimensions,
            columns: index.dimensions)
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
