import Foundation
import Histogram

/// Lines over seconds, as SVG.
struct LineChart {
    struct Series {
        let name: String
        let color: String
        let values: [Double]
    }

    let series: [Series]
    let unit: String

    static let width = 900.0
    static let height = 240.0
    static let left = 64.0
    static let bottom = 26.0
    static let top = 22.0

    var svg: String {
        let count = max(2, series.map(\.values.count).max() ?? 2)
        let top = LineChart.roundUp(series.flatMap(\.values).max() ?? 1)
        let frame = Frame(columns: count - 1, top: top)
        var parts = (0...4).map { step in
            let value = top * Double(step) / 4
            return frame.horizontal(at: value, label: LineChart.label(value) + unit)
        }
        let step = max(1, count / 10)
        for second in stride(from: 0, to: count, by: step) {
            parts.append(frame.text("\(second) s", x: frame.x(Double(second)), anchor: "middle"))
        }
        for line in series where !line.values.isEmpty {
            let points = line.values.enumerated().map { "\(frame.point(Double($0), $1))" }.joined(separator: " ")
            parts.append("<polyline fill='none' stroke='\(line.color)' stroke-width='2' points='\(points)'/>")
        }
        parts.append(LineChart.legend(series.map { (name: $0.name, color: $0.color) }))
        return Frame.svg(parts)
    }

    static func legend(_ names: [(name: String, color: String)]) -> String {
        var x = LineChart.left
        return names.map { line in
            defer { x += 40 + Double(line.name.count) * 7 }
            return "<rect x='\(x)' y='4' width='12' height='4' fill='\(line.color)'/>"
                + "<text x='\(x + 17)' y='11'>\(line.name)</text>"
        }.joined()
    }

    static func label(_ value: Double) -> String {
        value >= 100 || value == value.rounded() ? String(Int(value)) : String(format: "%.1f", value)
    }

    /// The next round number.
    static func roundUp(_ value: Double) -> Double {
        guard value > 0 else { return 1 }
        let scale = pow(10, floor(log10(value)))
        return ([1, 2, 4, 5, 8, 10].first { $0 * scale >= value } ?? 10) * scale
    }
}

/// Latency by percentile, with the rare ones spread out, in the shape HdrHistogram made familiar.
struct PercentileChart {
    let histogram: Histogram<UInt64>

    var svg: String {
        let marks = [0, 50, 90, 99, 99.9, 99.99]
        let names = ["0 %", "50 %", "90 %", "99 %", "99.9 %", "99.99 %"]
        let top = LineChart.roundUp(Double(histogram.valueAtPercentile(99.99)) / 1000)
        let frame = Frame(columns: marks.count - 1, top: top)
        var parts = (0...4).map { step in
            let value = top * Double(step) / 4
            return frame.horizontal(at: value, label: LineChart.label(value) + " ms")
        }
        for (column, name) in names.enumerated() {
            parts.append(frame.text(name, x: frame.x(Double(column)), anchor: "middle"))
        }
        var points: [String] = []
        for column in 0..<marks.count - 1 {
            for step in 0..<24 {
                let part = Double(step) / 24
                // Between two marks the distance to 100 % shrinks geometrically.
                let rest = (100 - marks[column]) * pow((100 - marks[column + 1]) / (100 - marks[column]), part)
                let value = Double(histogram.valueAtPercentile(100 - rest)) / 1000
                points.append(frame.point(Double(column) + part, min(value, top)))
            }
        }
        parts.append(
            "<polyline fill='none' stroke='var(--blue)' stroke-width='2' points='\(points.joined(separator: " "))'/>")
        return Frame.svg(parts)
    }
}

/// Promised against real, one point each; on the diagonal the promise was right.
struct ScatterChart {
    struct Series {
        let name: String
        let color: String
        let points: [Point]
    }

    struct Point {
        let x: Double
        let y: Double
    }

    let series: [Series]
    let unit: String

    var svg: String {
        let largest = series.flatMap(\.points).map { max($0.x, $0.y) }.max() ?? 1
        let top = max(1, LineChart.roundUp(largest))
        let frame = Frame(columns: Int(top.rounded(.up)), top: top)
        var parts: [String] = []
        for step in 0...4 {
            let value = top * Double(step) / 4
            let label = LineChart.label(value) + unit
            parts.append(frame.horizontal(at: value, label: label))
            parts.append(frame.text(label, x: frame.x(value), anchor: "middle"))
        }
        parts.append("<polyline class='grid' fill='none' points='\(frame.point(0, 0)) \(frame.point(top, top))'/>")
        for line in series {
            for point in line.points {
                let (x, y) = (frame.x(point.x), frame.y(point.y))
                parts.append("<circle cx='\(x)' cy='\(y)' r='2.5' fill='\(line.color)' fill-opacity='0.5'/>")
            }
        }
        parts.append(LineChart.legend(series.map { (name: $0.name, color: $0.color) }))
        return Frame.svg(parts)
    }
}

/// The area a chart draws in.
private struct Frame {
    let columns: Int
    let top: Double

    func x(_ column: Double) -> Double {
        LineChart.left + (LineChart.width - LineChart.left - 24) * column / Double(max(1, columns))
    }

    func y(_ value: Double) -> Double {
        LineChart.height - LineChart.bottom
            - (LineChart.height - LineChart.bottom - LineChart.top) * min(1, value / top)
    }

    func point(_ column: Double, _ value: Double) -> String {
        String(format: "%.1f,%.1f", x(column), y(value))
    }

    func horizontal(at value: Double, label: String) -> String {
        "<line class='grid' x1='\(LineChart.left)' x2='\(LineChart.width - 24)' y1='\(y(value))' y2='\(y(value))'/>"
            + "<text x='\(LineChart.left - 8)' y='\(y(value) + 4)' text-anchor='end'>\(label)</text>"
    }

    func text(_ text: String, x: Double, anchor: String) -> String {
        "<text x='\(x)' y='\(LineChart.height - 8)' text-anchor='\(anchor)'>\(text)</text>"
    }

    static func svg(_ parts: [String]) -> String {
        "<svg viewBox='0 0 \(Int(LineChart.width)) \(Int(LineChart.height))' role='img'>\(parts.joined())</svg>"
    }
}
