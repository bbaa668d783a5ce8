// The picture: how long until a poller has a change, and what pollers cost. SVG by hand, on no ground of its own, in colours that can be
// read on white and on black.

struct Chart {
    let curves: [Curve]

    private static let width = 340.0
    private static let height = 300.0
    private static let colours = ["#2f81f7", "#e3702a", "#1f9d55", "#a35be8"]

    /// Nil if there is nothing to draw.
    var svg: String? {
        let panels = Curve.Panel.allCases.compactMap { kind in
            let some = curves.filter { $0.panel == kind && !$0.points.isEmpty }
            return some.isEmpty ? nil : Plot(kind, some)
        }
        guard !panels.isEmpty else { return nil }
        let drawn = panels.enumerated().map { index, plot in
            #"<g transform="translate(\#(Double(index) * Self.width),0)">"# + draw(plot) + "</g>"
        }
        let all = Double(panels.count) * Self.width
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(all.plain) \(Self.height.plain)" \
            width="\(all.plain)" height="\(Self.height.plain)" font-family="system-ui,sans-serif" font-size="11">
            <style>text{fill:#57606a}.title{fill:#24292f;font-size:13px;font-weight:600}.grid{stroke:#8c959f;stroke-opacity:.3}\
            @media(prefers-color-scheme:dark){text{fill:#9da7b3}.title{fill:#e6edf3}}</style>
            \(drawn.joined(separator: "\n"))
            </svg>

            """
    }

    // MARK: One panel

    private static let left = 46.0
    private static let right = width - 14
    private static let top = 62.0
    private static let bottom = height - 42

    private func draw(_ plot: Plot) -> String {
        var parts = [
            text(plot.title, x: Self.left, y: 18, anchor: "start", style: "title"),
            text(plot.abscissa, x: (Self.left + Self.right) / 2, y: Self.height - 8),
        ]
        for tick in plot.x.ticks {
            parts.append(text(tick.label, x: horizontal(tick.at), y: Self.bottom + 16))
        }
        for tick in plot.y.ticks {
            let y = vertical(tick.at)
            parts.append(
                #"<line class="grid" x1="\#(Self.left)" x2="\#(Self.right)" y1="\#(y.plain)" y2="\#(y.plain)"/>"#)
            parts.append(text(tick.label, x: Self.left - 6, y: y + 4, anchor: "end"))
        }
        var legend = Self.left
        for (curve, colour) in zip(plot.curves, Self.colours) {
            let points = curve.points.map {
                (x: horizontal(plot.x.place($0.x)).plain, y: vertical(plot.y.place($0.y)).plain)
            }
            let line = points.map { "\($0.x),\($0.y)" }.joined(separator: " ")
            parts.append(#"<polyline points="\#(line)" fill="none" stroke="\#(colour)" stroke-width="2"/>"#)
            parts += points.map { #"<circle cx="\#($0.x)" cy="\#($0.y)" r="3" fill="\#(colour)"/>"# }
            parts.append(#"<circle cx="\#((legend + 4).plain)" cy="40" r="4" fill="\#(colour)"/>"#)
            parts.append(text(curve.name, x: legend + 12, y: 44, anchor: "start"))
            legend += 24 + Double(curve.name.count) * 6
        }
        return parts.joined()
    }

    private func horizontal(_ part: Double) -> Double { Self.left + part * (Self.right - Self.left) }
    private func vertical(_ part: Double) -> Double { Self.bottom - part * (Self.bottom - Self.top) }

    private func text(_ text: String, x: Double, y: Double, anchor: String = "middle", style: String = "") -> String {
        let escaped = text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
        let kind = style.isEmpty ? "" : #" class="\#(style)""#
        return #"<text x="\#(x.plain)" y="\#(y.plain)" text-anchor="\#(anchor)"\#(kind)>\#(escaped)</text>"#
    }
}

extension Double {
    /// With one decimal at most, as SVG wants it.
    fileprivate var plain: String {
        let rounded = (self * 10).rounded() / 10
        return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
    }
}
