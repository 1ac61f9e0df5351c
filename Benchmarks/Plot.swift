// Plots as SVG, drawn with a few lines of text: what a bench measured, beside each other.

import FoundationEssentials

/// Bars of some policies under several measures, one panel each.
struct BarPanels {
    struct Panel {
        var title: String
        var values: [Double]
    }

    var labels: [String]
    var panels: [Panel]

    func svg() -> String {
        let (panelWidth, rowHeight, left) = (300, 22, 170)
        let height = 60 + labels.count * rowHeight
        var parts: [String] = []
        for (row, label) in labels.enumerated() {
            parts.append(text(label, x: left - 8, y: 56 + row * rowHeight, anchor: "end"))
        }
        for (column, panel) in panels.enumerated() {
            let x = left + column * panelWidth
            let greatest = max(panel.values.max() ?? 1, 1e-9)
            parts.append(text(panel.title, x: x, y: 28, anchor: "start"))
            for (row, value) in panel.values.enumerated() {
                let (y, width) = (42 + row * rowHeight, Int(value / greatest * Double(panelWidth - 90)))
                parts.append("<rect x=\"\(x)\" y=\"\(y)\" width=\"\(max(width, 1))\" height=\"16\" fill=\"#3b6ea5\"/>")
                parts.append(
                    text("\(sixDigits((value * 1000).rounded() / 1000))", x: x + width + 6, y: y + 13, anchor: "start"))
            }
        }
        return document(parts, width: left + panels.count * panelWidth, height: height)
    }
}

/// What was said to happen against what happened, one point a bin, as large as the bin is full.
struct ReliabilityPlot {
    var points: [(predicted: Double, observed: Double, count: Int)]
    var title: String

    func svg() -> String {
        let (side, margin) = (300.0, 50.0)
        func x(_ value: Double) -> Int { Int(margin + value * side) }
        func y(_ value: Double) -> Int { Int(margin + (1 - value) * side) }
        let total = Double(max(points.reduce(0) { $0 + $1.count }, 1))
        var parts = [
            "<rect x=\"\(x(0))\" y=\"\(y(1))\" width=\"\(Int(side))\" height=\"\(Int(side))\" fill=\"none\" "
                + "stroke=\"#888\"/>",
            "<line x1=\"\(x(0))\" y1=\"\(y(0))\" x2=\"\(x(1))\" y2=\"\(y(1))\" stroke=\"#bbb\"/>",
            text(title, x: x(0), y: 28, anchor: "start"), text("said", x: x(0.5), y: y(0) + 34, anchor: "middle"),
            text("happened", x: x(0) - 4, y: y(1) - 6, anchor: "start"),
        ]
        for share in [0, 0.5, 1] {
            parts.append(text("\(share)", x: x(share), y: y(0) + 16, anchor: "middle"))
            parts.append(text("\(share)", x: x(0) - 6, y: y(share) + 4, anchor: "end"))
        }
        for point in points where point.count > 0 {
            let radius = 2 + 20 * (Double(point.count) / total).squareRoot()
            parts.append(
                "<circle cx=\"\(x(point.predicted))\" cy=\"\(y(point.observed))\" r=\"\(Int(radius))\" "
                    + "fill=\"#3b6ea5\" fill-opacity=\"0.6\"/>")
        }
        return document(parts, width: Int(side + 2 * margin), height: Int(side + 2 * margin))
    }
}

private func text(_ words: String, x: Int, y: Int, anchor: String) -> String {
    "<text x=\"\(x)\" y=\"\(y)\" text-anchor=\"\(anchor)\">\(words)</text>"
}

private func document(_ parts: [String], width: Int, height: Int) -> String {
    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(width)\" height=\"\(height)\" "
        + "font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
        + parts.joined(separator: "\n") + "\n</svg>\n"
}

extension String {
    /// Writes a plot, whole or not at all.
    func writePlot(to path: String) throws { try write(toFile: path, atomically: true, encoding: .utf8) }
}
