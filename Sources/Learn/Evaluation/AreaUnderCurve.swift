/// The area under the ROC curve: the chance that a positive scores above a negative, ties counting half (Mann and
/// Whitney). None without both kinds. A score that is no number counts as the lowest. O(n log n).
package func areaUnderROC(scores: [Float], isPositive: [Bool]) -> Double? {
    precondition(scores.count == isPositive.count, "one label per score")
    let positives = isPositive.count { $0 }
    let negatives = isPositive.count - positives
    if positives == 0 || negatives == 0 { return nil }
    let comparable = scores.map { $0.isNaN ? -Float.infinity : $0 }
    let order = comparable.indices.sorted { comparable[$0] < comparable[$1] }
    var (rankSum, start) = (0.0, 0)
    while start < order.count {
        var end = start
        var tied = 0
        while end < order.count, comparable[order[end]] == comparable[order[start]] {
            tied += isPositive[order[end]] ? 1 : 0
            end += 1
        }
        // Ranks count from 1; those that tie share their mean.
        rankSum += Double(tied) * Double(start + 1 + end) / 2
        start = end
    }
    let (p, n) = (Double(positives), Double(negatives))
    return (rankSum - p * (p + 1) / 2) / (p * n)
}
