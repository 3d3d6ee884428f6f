import System

/// Curves in a frame with scales, as SVG that a page shows without a script.
package struct Chart {
  /// A curve and its name.
  package struct Series {
    package let name: String
    package let points: [CurvePoint]
    /// Of another run, to lay this one beside.
    package var isFaint = false

    package init(name: String, points: [CurvePoint], isFaint: Bool = false) {
      (self.name, self.points, self.isFaint) = (name, points, isFaint)
    }
  }

  private let title: String
  private let series: [Series]
  private let x: ClosedRange<Double>
  private let y: ClosedRange<Double>
  /// What stands at places across, where that is no number of epochs.
  private let labels: [(at: Double, label: String)]?

  private static let (width, height, left, right, top, bottom) = (640.0, 260.0, 52.0, 12.0, 12.0, 28.0)
  /// More points than this of a curve fall on the same pixels.
  private static let mostPoints = 600

  /// Nil where no curve has a point: what is not finite is none.
  package init?(_ title: String, _ series: [Series], ticks: [(at: Double, label: String)]? = nil) {
    self.title = title
    labels = ticks
    self.series = series.map { curve in
      let points = curve.points.filter { $0.x.isFinite && $0.y.isFinite }
      return Series(name: curve.name, points: Self.thinned(points), isFaint: curve.isFaint)
    }.filter { !$0.points.isEmpty }
    let points = self.series.flatMap(\.points)
    guard let last = points.map(\.x).max(), let low = points.map(\.y).min(), let high = points.map(\.y).max()
    else { return nil }
    x = 0...max(last, 1e-9)
    // A flat curve lies in the middle.
    let margin = high > low ? (high - low) / 20 : max(1e-3, abs(high) / 10)
    y = (low - margin)...(high + margin)
  }

  private static func thinned(_ points: [CurvePoint]) -> [CurvePoint] {
    guard points.count > mostPoints else { return points }
    return (0..<mostPoints).map { points[$0 * (points.count - 1) / (mostPoints - 1)] }
  }

  /// A figure with the chart and what its curves are called.
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
    let rows = (0...4).map { y.lowerBound + (y.upperBound - y.lowerBound) * Double($0) / 4 }
    let lines = rows.map { value in
      let height = decimal(down(value), 1)
      return
        "<line class=\"g\" x1=\"\(Int(Self.left))\" x2=\"\(Int(Self.width - Self.right))\" y1=\"\(height)\" "
        + "y2=\"\(height)\"/><text x=\"\(Int(Self.left - 6))\" y=\"\(height)\" class=\"y\">\(significant(value))</text>"
    }
    let columns = (labels ?? epochs).map { value, label in
      "<text x=\"\(decimal(across(value), 1))\" y=\"\(Int(Self.height - 8))\" class=\"x\">\(escaped(label))</text>"
    }
    return (lines + columns).joined(separator: "\n") + "\n"
  }

  /// Whole epochs, where there are enough of them.
  private var epochs: [(at: Double, label: String)] {
    let step = x.upperBound < 4 ? x.upperBound / 4 : (x.upperBound / 5).rounded(.up)
    return stride(from: 0, through: x.upperBound, by: step).map {
      ($0, decimal($0, x.upperBound < 4 ? 1 : 0))
    }
  }

  private func across(_ value: Double) -> Double {
    Self.left + (value - x.lowerBound) / (x.upperBound - x.lowerBound) * (Self.width - Self.left - Self.right)
  }

  private func down(_ value: Double) -> Double {
    let part = (value - y.lowerBound) / (y.upperBound - y.lowerBound)
    return Self.height - Self.bottom - part * (Self.height - Self.top - Self.bottom)
  }
}
