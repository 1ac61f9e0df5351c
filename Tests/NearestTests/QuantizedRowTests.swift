import Basics
import Glibc
import Testing

@testable import Nearest

@Suite struct QuantizedRowTests {
    @Test(arguments: [1, 7, 64, 129])
    func noProductIsFartherOffThanItsBound(dimensions: Int) {
        var random = SeededRandom(seed: UInt64(dimensions))
        func draw() -> [Float] {
            let size = Float(exp2(Double(random.below(40) - 20)))
            return (0..<dimensions).map { _ in random.below(5) == 0 ? 0 : Float(random.normal()) * size }
        }
        var entries = [[Int8]](repeating: [Int8](repeating: 0, count: dimensions + 3), count: 2)
        for _ in 0..<500 {
            let (row, query) = (draw(), draw())
            guard let x = Quantization(row.span, into: &entries[0]), let q = Quantization(query.span, into: &entries[1])
            else {
                Issue.record("finite vectors have a scale")
                continue
            }
            var (exact, rounded) = (0.0, 0.0)
            for column in 0..<dimensions {
                exact += Double(row[column]) * Double(query[column])
                rounded += Double(entries[0][column]) * Double(entries[1][column])
            }
            let bound = Double(q.length) * Double(x.error) + Double(q.error) * Double(x.roundedLength)
            let off = abs(Double(x.scale) * Double(q.scale) * rounded - exact)
            #expect(off <= bound + 1e-5 * Double(q.length) * Double(x.length))
            #expect(x.sum == (0..<dimensions).reduce(Int32(0)) { $0 + Int32(entries[0][$1]) })
        }
    }

    @Test func aMiddleLeavesOutWhatColumnsHaveInCommon() {
        var random = SeededRandom(seed: 4)
        let (rows, dimensions) = (1000, 20)
        var vectors: [Float] = []
        for row in 0..<rows {
            for column in 0..<dimensions - 2 { vectors.append(random.below(column + 1) == 0 ? 1 : 0) }
            vectors += [Float(5 + random.normal()), row == 7 ? .nan : 3]
        }
        let middle = QuantizedRows.middle(of: vectors, dimensions: dimensions)
        #expect(middle[0] == 1)
        #expect(middle[2..<dimensions - 2].allSatisfy { $0 == 0 })
        #expect(abs(middle[dimensions - 2] - 5) < 0.2 && middle[dimensions - 1] == 3)
        let plain = QuantizedRows(vectors, dimensions: dimensions)
        let centered = QuantizedRows(vectors, dimensions: dimensions, middle: middle)
        #expect(plain.irregular == [7] && centered.irregular == [7])
        let error = { (quantized: QuantizedRows) in
            stride(from: 0, to: quantized.bounds.count, by: 2).reduce(Float(0)) { $0 + quantized.bounds[$1] }
        }
        #expect(error(centered) < error(plain) / 1.5)
    }

    @Test func theBestOfferedAreThoseOfASort() {
        var random = SeededRandom(seed: 12)
        for (offered, count) in [(0, 3), (2, 3), (500, 1), (500, 10), (1000, 200)] {
            var best = BestNeighbors(count: count)
            for _ in 0..<2 {
                let all = (0..<offered).map { row in
                    Neighbor(row: UInt32(row), score: row % 50 == 3 ? .nan : Float(random.below(90) - 45))
                }
                for neighbor in all { best.offer(neighbor.row, score: neighbor.score) }
                let sorted = all.filter { !$0.score.isNaN }.sorted { ($0.score, $1.row) > ($1.score, $0.row) }
                #expect(best.take() == Array(sorted.prefix(count)))
            }
        }
    }

    @Test func whatHasNoFiniteLengthHasNoScale() {
        var entries = [Int8](repeating: 0, count: 4)
        for vector in [[Float.nan, 1], [.infinity, 0], [3e38, 3e38], [Float.leastNonzeroMagnitude, 0]] {
            #expect(Quantization(vector.span, into: &entries) == nil)
        }
        let zero: [Float] = [0, 0]
        #expect(Quantization(zero.span, into: &entries)?.error == 0)
    }

    @Test func theKthGreatestIsThatOfASort() {
        var random = SeededRandom(seed: 6)
        for count in [1, 2, 3, 10, 64, 501] {
            for kinds in [1, 3, 1000] {
                var values = (0..<count).map { _ in Float(random.below(kinds)) }
                let sorted = values.sorted(by: >)
                for k in Set([1, (count + 1) / 2, count]) {
                    #expect(values.withUnsafeMutableBufferPointer { greatest(k, of: $0) } == sorted[k - 1])
                }
            }
        }
    }
}
