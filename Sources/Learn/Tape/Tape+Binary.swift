import Linalg

extension Tape {
    /// Binary cross-entropy of logits [n, 1]: the mean of log(1 + e^x) - label · x over those that have a label, times
    /// `weight`; leaves its gradient on `logits`. A label is 0 or 1, or negative where nothing is known. Zero without
    /// labels. Summed in Double.
    mutating func binaryLoss(_ logits: Value, labels: [Int8], weight: Number) -> Double {
        let from = node(logits)
        precondition(from.count == labels.count, "one label per logit")
        guard let gradient = gradientToAdd(logits) else { preconditionFailure("logits depend on parameters") }
        let known = labels.count { $0 >= 0 }
        if known == 0 { return 0 }
        let share = weight / Number(known)
        var total = 0.0
        for (row, label) in labels.enumerated() where label >= 0 {
            let x = from.value[row]
            // log(1 + e^x), without overflow on either side.
            let small = Number.exponential(-abs(x))
            total += Double((x > 0 ? x : 0) + Number.logOnePlus(small)) - (label == 1 ? Double(x) : 0)
            let chance = (x > 0 ? 1 : small) / (1 + small)
            gradient[row] += share * (chance - Number(label))
        }
        return Double(weight) * total / Double(known)
    }
}
