import System

/// Curves in a frame with scales, as SVG that needs no script.
package struct Chart {
  /// A named curve.
  package struct Series {
    package let name: String
    package let points: [CurvePoint]
    /// Whether it is another run's, drawn faintly for comparison.
    package var isFaint = false

    package init(name: String, points: [CurvePoint], isFaint: Bool = false) {
      (self.name, self.points, self.isFaint) = (name, points, isFaint)
    }
  }

  private let title: String
  private let series: [Series]
  private let x: Scale
  private let y: Scale
  /// The name of the horizontal axis.
  private let name: String
  /// Labels at places on the horizontal axis, if these are not its values.
  private let labels: [(at: Double, label: String)]?

  private static let (width, height, left, right, top, bottom) = (640.0, 280.0, 68.0, 14.0, 12.0, 46.0)
  /// More points of a curve would fall on the same pixels.
  private static let mostPoints = 600

  /// Nil if no curve has a finite point.
  ///
  /// - Parameters:
  /// - limits: The limits of this kind of figure.
  /// - across: The name of the horizontal axis.
  package init?(
    _ title: String, _ series: [Series], within limits: ClosedRange<Double> = 0...Double.infinity,
    across name: String = "epochs done", ticks: [(at: Double, label: String)]? = nil
  ) {
    (self.title, self.name, labels) = (title, name, ticks)
    self.series = series.map { curve in
      let points = curve.points.filter { $0.x.isFinite && $0.y.isFinite }
      return Series(name: curve.name, points: Self.thinned(points), isFaint: curve.isFaint)
    }.filter { !$0.points.isEmpty }
    let points = self.series.flatMap(\.points)
    guard let last = points.map(\.x).max(), let low = points.map(\.y).min(), let high = points.map(\.y).max()
    else { return nil }
    x = Scale(upTo: max(last, 1e-9))
    y = Scale(around: low...high, within: limits)
  }

  private static func thinned(_ points: [CurvePoint]) -> [CurvePoint] {
    guard points.count > mostPoints else { return points }
    return (0..<mostPoints).map { points[$0 * (points.count - 1) / (mostPoints - 1)] }
  }

  /// A figure element with the chart and its legend.
  package var html: String {
    let curves = series.enumerated().map { number, curve in
      let path = curve.points.map { "\(decimal(across($0.x), 1)),\(decimal(down($0.y), 1))" }.joined(
        separator: " ")
      return curve.points.count == 1
        ? "<circle class=\"c\(number)\" cx=\"\(decimal(across(curve.points[0].x), 1))\" "
          + "cy=\"\(decimal(down(curve.points[0].y), 1))\" r=\"3\"/>"
        : "<polyline class=\"c\(number)\(curve.isFaint ? " faint" : "")\" points=\"\(path)\"/>"
    }
    let names = series.enumerated().map { number, curve in
      let last = curve.points.last.map { " \(significant($0.y))" } ?? ""
      return "<span class=\"k\(number)\(curve.isFaint ? " faint" : "")\">\(escaped(curve.name))\(last)</span>"
    }
    return """
      <figure><figcaption>\(escaped(title)) \(names.joined(separator: " "))</figcaption>
      <svg viewBox="0 0 \(Int(Self.width)) \(Int(Self.height))" role="img" aria-label="\(escaped(title))">
      \(frame)\(curves.joined(separator: "\n"))
      </svg></figure>
      """
  }

  private var frame: String {
    let lines = y.ticks.map { value in
      let height = decimal(down(value), 1)
      return
        "<line class=\"g\" x1=\"\(Int(Self.left))\" x2=\"\(Int(Self.width - Self.right))\" y1=\"\(height)\" "
        + "y2=\"\(height)\"/><text x=\"\(Int(Self.left - 6))\" y=\"\(height)\" class=\"y\">\(y.label(value))</text>"
    }
    let columns = (labels ?? x.ticks.map { ($0, x.label($0)) }).map { value, label in
      text(label, at: across(value), up: 28)
    }
    let middle = (Self.left + Self.width - Self.right) / 2
    return (lines + columns + [text(name, at: middle, up: 8)]).joined(separator: "\n") + "\n"
  }

  /// A text below the curves.
  private func text(_ text: String, at place: Double, up: Double) -> String {
    "<text x=\"\(decimal(place, 1))\" y=\"\(Int(Self.height - up))\" class=\"x\">\(escaped(text))</text>"
  }

  private func across(_ value: Double) -> Double {
    Self.left + (value - x.range.lowerBound) / (x.range.upperBound - x.range.lowerBound)
      * (Self.width - Self.left - Self.right)
  }

  private func down(_ value: Double) -> Double {
    let part = (value - y.range.lowerBound) / (y.range.upperBound - y.range.lowerBound)
    return Self.height - Self.bottom - part * (Self.height - Self.top - Self.bottom)
  }
}
