// Plots as SVG text, drawn with the few shapes that they need: bars or a line, two axes, ticks with round
// numbers, a title. A logarithmic axis shows the powers of ten.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A plot of points, to be looked at in a browser.
package struct Plot: Sendable {
    /// How the points are drawn.
    package enum Form: Sendable { case bars, line, dots }

    package var title: String
    package var horizontal: String
    package var vertical: String
    package var points: [(x: Double, y: Double)]
    package var form: Form
    /// Both axes logarithmic; points that are not positive are then left out.
    package var isLogarithmic: Bool
    /// What stands below the horizontal axis, and where; empty: round numbers.
    package var marks: [(x: Double, label: String)]

    package init(
        title: String, horizontal: String, vertical: String, points: [(x: Double, y: Double)], form: Form = .bars,
        isLogarithmic: Bool = false, marks: [(x: Double, label: String)] = []
    ) {
        self.marks = marks
        self.title = title
        self.horizontal = horizontal
        self.vertical = vertical
        self.points = isLogarithmic ? points.filter { $0.x > 0 && $0.y > 0 } : points
        self.form = form
        self.isLogarithmic = isLogarithmic
    }

    private static let (width, height) = (640.0, 400.0)
    private static let (left, right, top, bottom) = (96.0, 616.0, 44.0, 344.0)
    private static let color = "steelblue"

    /// The whole picture. The same points give the same text.
    package var svg: String {
        let (horizontalAxis, verticalAxis) = axes
        var shapes: [String] = []
        for tick in verticalAxis.ticks {
            let y = text(Self.bottom - verticalAxis.share(of: tick) * (Self.bottom - Self.top))
            shapes.append(
                #"<line x1="\#(text(Self.left))" y1="\#(y)" x2="\#(text(Self.right))" y2="\#(y)" stroke="silver"/>"#)
            shapes.append(label(grouped(tick), x: text(Self.left - 8), y: y, anchor: "end", shift: "0.35em"))
        }
        let marks = marks.isEmpty ? horizontalAxis.ticks.map { (x: $0, label: grouped($0)) } : marks
        for mark in marks {
            let x = text(Self.left + horizontalAxis.share(of: mark.x) * (Self.right - Self.left))
            shapes.append(label(mark.label, x: x, y: text(Self.bottom + 18), anchor: "middle", shift: "0"))
        }
        let placed = points.map { point in
            (
                x: Self.left + horizontalAxis.share(of: point.x) * (Self.right - Self.left),
                y: Self.bottom - verticalAxis.share(of: point.y) * (Self.bottom - Self.top)
            )
        }
        shapes += drawn(placed)
        let middle = text((Self.left + Self.right) / 2)
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(text(Self.width)) \(text(Self.height))" \
            font-family="sans-serif" font-size="12">
            <rect width="100%" height="100%" fill="white"/>
            <text x="\(middle)" y="24" text-anchor="middle" font-size="15">\(escaped(title))</text>
            \(shapes.joined(separator: "\n"))
            <line x1="\(text(Self.left))" y1="344" x2="616" y2="344" stroke="black"/>
            <text x="\(middle)" y="386" text-anchor="middle">\(escaped(horizontal))</text>
            <text x="16" y="194" text-anchor="middle" transform="rotate(-90 16 194)">\(escaped(vertical))</text>
            </svg>

            """
    }

    private var axes: (Axis, Axis) {
        let (xs, ys) = (points.map(\.x), points.map(\.y))
        if isLogarithmic { return (Axis(logarithmic: xs), Axis(logarithmic: ys)) }
        var reach = xs
        if form == .bars, points.count > 1 {
            let step = (xs[1] - xs[0]) / 2
            reach += [xs[0] - step, xs[xs.count - 1] + step]
        }
        var vertical = Axis(ys + [0])
        vertical.endAtTick()
        return (Axis(reach), vertical)
    }

    private func drawn(_ placed: [(x: Double, y: Double)]) -> [String] {
        switch form {
        case .bars:
            let step = placed.count > 1 ? placed[1].x - placed[0].x : 20
            return placed.map { point in
                #"<rect x="\#(text(point.x - step * 0.45))" y="\#(text(point.y))" width="\#(text(step * 0.9))" "#
                    + #"height="\#(text(Self.bottom - point.y))" fill="\#(Self.color)"/>"#
            }
        case .line:
            let path = placed.map { "\(text($0.x)),\(text($0.y))" }.joined(separator: " ")
            return [#"<polyline points="\#(path)" fill="none" stroke="\#(Self.color)" stroke-width="2"/>"#]
        case .dots:
            return placed.map { #"<circle cx="\#(text($0.x))" cy="\#(text($0.y))" r="3" fill="\#(Self.color)"/>"# }
        }
    }

    private func label(_ words: String, x: String, y: String, anchor: String, shift: String) -> String {
        #"<text x="\#(x)" y="\#(y)" dy="\#(shift)" text-anchor="\#(anchor)" fill="dimgray">\#(escaped(words))</text>"#
    }

    /// As `text`, with the thousands apart.
    private func grouped(_ value: Double) -> String {
        let plain = text(value)
        guard abs(value) >= 1000, !plain.contains(".") else { return plain }
        var grouped = ""
        for (offset, digit) in plain.reversed().enumerated() {
            if offset > 0, offset.isMultiple(of: 3), digit != "-" { grouped.append(",") }
            grouped.append(digit)
        }
        return String(grouped.reversed())
    }

    /// Up to three decimals, none where it is whole.
    private func text(_ value: Double) -> String {
        let rounded = (value * 1000).rounded() / 1000
        return rounded == rounded.rounded() && abs(rounded) < 1e15 ? String(Int(rounded)) : String(rounded)
    }

    private func escaped(_ words: String) -> String {
        words.map { letter in
            switch letter {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            default: String(letter)
            }
        }.joined()
    }
}

/// One axis: from where to where, and where its numbers stand.
private struct Axis {
    var isLogarithmic = false
    var least: Double
    var greatest: Double
    var ticks: [Double] = []

    /// From the least to the greatest value, with ticks at 1, 2 or 5 times a power of ten.
    init(_ values: [Double]) {
        least = values.min() ?? 0
        greatest = values.max() ?? 1
        if greatest <= least { greatest = least + 1 }
        let rough = (greatest - least) / 6
        let power = pow(10, floor(log10(rough)))
        let step = power * ([1, 2, 5].first { $0 * power >= rough } ?? 10)
        var tick = (least / step).rounded(.up) * step
        while tick <= greatest + step * 1e-9 {
            ticks.append(tick)
            tick += step
        }
    }

    /// Reaches up to the next tick, so that nothing drawn ends above the last number.
    mutating func endAtTick() {
        guard ticks.count > 1, let last = ticks.last, last < greatest else { return }
        greatest = last + (ticks[1] - ticks[0])
        ticks.append(greatest)
    }

    /// From a power of ten to a power of ten.
    init(logarithmic values: [Double]) {
        isLogarithmic = true
        let low = floor(log10(values.min() ?? 1))
        let high = max(ceil(log10(values.max() ?? 10)), low + 1)
        (least, greatest) = (low, high)
        for exponent in Int(low)...Int(high) { ticks.append(pow(10, Double(exponent))) }
    }

    func share(of value: Double) -> Double {
        ((isLogarithmic ? log10(value) : value) - least) / (greatest - least)
    }
}
