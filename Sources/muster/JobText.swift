import Wire

/// A job, for people.
struct JobText {
    private let row: JobRow
    /// With what it costs.
    private let isDetailed: Bool

    init(_ row: JobRow, isDetailed: Bool = false) {
        self.row = row
        self.isDetailed = isDetailed
    }

    func text() -> String { row.kind == JobRow.training ? training() : planning() }

    private func training() -> String {
        var table = TextTable([
            ("city", .left), ("people", .right), ("Recall@10", .right), ("NDCG@10", .right),
            ("popularity R@10", .right), ("popularity N@10", .right),
        ])
        for report in row.reports where report.values.count == 5 {
            table.add([report.name, fixed(report.values[0], 0)] + report.values[1...].map { fixed($0, 4) })
        }
        var lines = ["job \(row.job) \(row.state): \(row.rounds) rounds in \(row.cities) cities"]
        if let first = row.losses.first, let last = row.losses.last {
            lines.append("loss \(sparkline(row.losses))  \(fixed(first, 4)) to \(fixed(last, 4))")
        }
        if row.best > 0, row.best <= row.validations.count {
            let score = fixed(row.validations[Int(row.best) - 1], 4)
            let end = row.round < row.rounds ? " (training ended there after \(row.round), none being better)" : ""
            lines.append("live: the weights after round \(row.best), NDCG@10 \(score) on kept-back visits\(end)")
        }
        if isDetailed || row.reports.isEmpty { lines += ["", TrainingView(row).text()] }
        if !row.reports.isEmpty {
            lines += ["", table.text(), "", "People with held-out visits, ranked over all places new to them."]
        }
        return lines.joined(separator: "\n")
    }

    private func planning() -> String {
        var table = TextTable([("city", .left), ("seeds", .right), ("new", .right)])
        for report in row.reports where report.values.count == 2 {
            table.add([report.name, fixed(report.values[0], 0), fixed(report.values[1], 0)])
        }
        return "job \(row.job) \(row.state)\n\n\(table.text())"
    }
}

/// A curve in one line of text.
func sparkline(_ values: [Double]) -> String {
    let blocks = Array("▁▂▃▄▅▆▇█")
    guard let low = values.min(), let high = values.max() else { return "" }
    return String(
        values.map { value in
            high > low ? blocks[Int((value - low) / (high - low) * 7)] : blocks[0]
        })
}
