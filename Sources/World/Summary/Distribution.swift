#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// How a number is spread over people or places: quantiles and moments.
package struct Distribution: Sendable {
    /// Ascending.
    package let values: [Double]
    package let mean: Double
    package let deviation: Double
    /// 0 where low and high values mirror each other.
    package let skewness: Double
    /// 0 for a normal distribution, above where the tails are heavier.
    package let excessKurtosis: Double

    /// O(count log count).
    package init(_ numbers: [Double]) {
        let sorted = numbers.sorted()
        let count = Double(max(sorted.count, 1))
        let mean = sorted.reduce(0, +) / count
        func moment(_ order: Int) -> Double {
            sorted.reduce(0) { sum, value in
                var power = 1.0
                for _ in 0..<order { power *= value - mean }
                return sum + power
            } / count
        }
        let variance = moment(2)
        values = sorted
        self.mean = mean
        deviation = variance.squareRoot()
        skewness = variance > 0 ? moment(3) / (variance * variance.squareRoot()) : 0
        excessKurtosis = variance > 0 ? moment(4) / (variance * variance) - 3 : 0
    }

    /// The value below which a share, 0...1, of all lies; 0 where there are none.
    package func quantile(_ share: Double) -> Double {
        guard !values.isEmpty else { return 0 }
        return values[min(Int(share * Double(values.count)), values.count - 1)]
    }

    /// What share of the sum the greatest hundredth of the values has.
    package var topHundredthShare: Double {
        let total = values.reduce(0, +)
        let top = values.suffix(max(1, values.count / 100)).reduce(0, +)
        return total > 0 ? top / total : 0
    }

    /// How many values lie in each of `bins` equal steps from the least to the greatest, with the middle of each.
    package func histogram(bins: Int) -> [(middle: Double, count: Int)] {
        guard let least = values.first, let greatest = values.last, bins > 0 else { return [] }
        let width = greatest > least ? (greatest - least) / Double(bins) : 1
        var counts = [Int](repeating: 0, count: bins)
        for value in values { counts[min(Int((value - least) / width), bins - 1)] += 1 }
        return counts.enumerated().map { (least + (Double($0) + 0.5) * width, $1) }
    }
}

/// Of a positive number.
func naturalLogarithm(_ value: Double) -> Double { log(value) }
