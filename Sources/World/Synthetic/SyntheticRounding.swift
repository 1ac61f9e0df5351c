// All numbers of a made-up world have few decimals, so that what is written as text is exactly what
// was made: a number of k decimals, printed with k decimals and read again, is the same number.

/// The nearest number with so many hundredths, thousandths ...: `scale` is 100, 1000, ...
func rounded(_ value: Float, to scale: Float) -> Float { (value * scale).rounded() / scale }

/// How weights of a distribution are counted.
let weightScale: Float = 1_000_000

/// Weights as shares of their sum, in whole millionths that sum to one: the greatest takes up what rounding
/// leaves. Shares below `leastShare` are dropped first (but never the greatest); weights that are all zero
/// become one weight on the first.
func shares(of weights: [Double], leastShare: Double = 0) -> [Float] {
    let total = weights.reduce(0, +)
    var greatest = 0
    for index in weights.indices where weights[index] > weights[greatest] { greatest = index }
    var counts = [Int](repeating: 0, count: weights.count)
    let scale = Int(weightScale)
    guard total > 0 else {
        counts[0] = scale
        return counts.map { Float($0) / weightScale }
    }
    let least = min(total * leastShare, weights[greatest])
    let kept = weights.reduce(0) { $0 + ($1 < least ? 0 : $1) }
    for index in weights.indices where weights[index] >= least {
        counts[index] = Int((weights[index] / kept * Double(scale)).rounded())
    }
    counts[greatest] += scale - counts.reduce(0, +)
    return counts.map { Float($0) / weightScale }
}
