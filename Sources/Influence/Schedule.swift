// The sizes that the search for a certificate goes through, and what it may claim at each.
//
// After OPIM-C (Tang et al. 2018, section 5), with two changes. Its bounds are those of martingales with a chosen
// variance; roots are drawn independently, so the number of sets met is binomial, and the exact tail of the
// binomial (Clopper and Pearson 1934) claims more from the same sets. And sizes grow by half instead of doubling.

struct Schedule {
    let vertices: Int
    /// What everybody together is worth: the number of vertices, or the sum of their values.
    let worth: Double
    /// Whether everyone is worth 1.
    let isPlain: Bool
    let budget: Int
    let failure: Double
    /// Sets of the choosing pool, round by round: whole chunks. With the last of them the ratio 1 - 1/e - epsilon holds
    /// without a look at the instance.
    let sizes: [Int]
    /// ln of the chance of failure that one bound may use up: a third of all for the last size, a third for the upper
    /// and a third for the lower bounds of all rounds.
    private let price: Double

    /// Where sets are short, the first round has so many times more than the least that could do. Drawing them costs
    /// less than choosing among too few, twice; and more sets choose better people than the certificate asks for.
    private static let head = 8

    init(vertices: Int, values: RootTable?, budget: Int, options: InfluenceOptions) {
        self.vertices = vertices
        worth = values?.total ?? Double(vertices)
        isPlain = values == nil
        self.budget = budget
        failure = options.failure ?? 1 / Double(max(vertices, 2))
        let sure = naturalLogarithm(6 / failure)
        let ways = logarithmOfBinomial(vertices, budget)
        let root = greedyRatio * sure.squareRoot() + (greedyRatio * (ways + sure)).squareRoot()
        let start = 2 * root * root
        // The best choice is worth at least what `budget` of `vertices` people are on average.
        let worst = start * Double(vertices) / (options.epsilon * options.epsilon * Double(budget))
        let enough = worst < 1e15 ? Int(worst) + 1 : Int(1e15)
        var sizes: [Int] = []
        var size = max(Int(start), 4 * setsPerChunk)
        repeat {
            size = (size + setsPerChunk - 1) / setsPerChunk * setsPerChunk
            sizes.append(size)
            size += size / 2
        } while sizes[sizes.count - 1] < enough
        self.sizes = sizes
        // One round more than there are sizes: the one in which sentinels are dismissed judges twice.
        price = -naturalLogarithm(3 * Double(sizes.count + 1) / failure)
    }

    /// The round to begin with.
    func firstRound(setsAreLong: Bool) -> Int {
        setsAreLong ? 0 : sizes.firstIndex { $0 >= Self.head * sizes[0] } ?? sizes.count - 1
    }

    /// With the price paid, the chosen meet at least this share of all sets: they met `hits` of `sets` fresh ones.
    func lowestShare(hits: Int, of sets: Int) -> Double {
        if hits == 0 { return 0 }
        let share = Double(hits) / Double(sets)
        return bisect(from: 0, to: share) { chance in
            logarithmOfUpperTail(hits: Double(hits), trials: Double(sets), chance: chance) <= price
        }
    }

    /// With the price paid, no choice of as many meets more than this share: none meets more than `hits` of `sets`.
    func greatestShare(hits: Int, of sets: Int) -> Double {
        if hits >= sets { return 1 }
        let misses = Double(sets - hits)
        return 1
            - bisect(from: 0, to: misses / Double(sets)) { chance in
                logarithmOfUpperTail(hits: misses, trials: Double(sets), chance: chance) <= price
            }
    }

    /// Lower bound of what the chosen are worth over upper bound of what any choice is, both helped by what needs no
    /// sampling where everyone is worth 1: k people reach at least k; nobody reaches more than everyone.
    func ratio(lowest: Double, greatest: Double, chosen: Int) -> Double {
        let lower = max(lowest * worth, isPlain ? Double(chosen) : 0)
        return min(lower / min(greatest * worth, worth), 1)
    }

    /// The greatest chance in the interval at which `isRare` holds; it holds below, and not above. Errs downwards.
    private func bisect(from low: Double, to high: Double, _ isRare: (Double) -> Bool) -> Double {
        var low = low, high = high
        for _ in 0..<40 {
            let middle = (low + high) / 2
            if isRare(middle) { low = middle } else { high = middle }
        }
        return low
    }
}
