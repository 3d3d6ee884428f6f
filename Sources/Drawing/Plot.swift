import System

/// Curves in a frame with scales: in braille dots, eight to a character, or in letters if dots cannot be
/// shown or distinguished.
package struct Plot: Sendable {
  /// A curve, with the letter that names it in the frame.
  package struct Series: Sendable {
    package let letter: Character
    package let points: [CurvePoint]

    package init(letter: Character, points: [CurvePoint]) { (self.letter, self.points) = (letter, points) }
  }

  package let title: String
  private let series: [Series]
  private let x: ClosedRange<Double>
  private let y: ClosedRange<Double>

  /// Nil if no curve has a finite point.
  package init?(_ title: String, _ series: [Series]) {
    self.title = title
    self.series = series.map { curve in
      Series(letter: curve.letter, points: curve.points.filter { $0.x.isFinite && $0.y.isFinite })
    }
    let points = self.series.flatMap(\.points)
    guard let right = points.map(\.x).max(), let low = points.map(\.y).min(), let high = points.map(\.y).max()
    else { return nil }
    x = 0...max(right, .leastNonzeroMagnitude)
    // A flat curve is drawn in the middle.
    let margin = high > low ? 0 : max(1e-3, abs(high) / 10)
    y = (low - margin)...(high + margin)
  }

  /// A horizontal axis other than epochs: its name, and the labels at its ends.
  package struct Axis: Sendable {
    let name: String
    let left: String
    let right: String

    package init(name: String, left: String, right: String) {
      (self.name, self.left, self.right) = (name, left, right)
    }
  }

  /// The lines: title, frame, and the scale below.
  package func lines(on canvas: Canvas, height: Int, across axis: Axis? = nil) -> [String] {
    let labels = scale(height)
    let margin = labels.map(\.count).max() ?? 0
    let width = max(10, canvas.width - margin - 3)
    let rows = isInDots(canvas) ? dots(width, height, canvas) : letters(width, height)
    let bar = canvas.isUnicode ? "│" : "|"
    let frame = zip(labels, rows).map { label, row in
      String(repeating: " ", count: margin - label.count) + "\(label) \(bar)\(row)"
    }
    let axis = axis ?? epochs
    let gap = width - axis.left.count - axis.right.count - axis.name.count - 1
    let below =
      String(repeating: " ", count: margin + 2) + axis.left + String(repeating: " ", count: max(1, gap))
      + "\(axis.name) \(axis.right)"
    return [title] + frame + [below]
  }

  private var epochs: Axis {
    let digits = x.upperBound < 10 && x.upperBound.rounded() != x.upperBound ? 1 : 0
    return Axis(name: "epochs", left: "0", right: decimal(x.upperBound, digits))
  }

  /// Whether dots are used: those of several curves differ only in colour.
  private func isInDots(_ canvas: Canvas) -> Bool {
    canvas.isUnicode && (series.count == 1 || canvas.isColoured)
  }

  /// The labels of the greatest value at the top, the least at the bottom, and the middle between.
  private func scale(_ height: Int) -> [String] {
    let span = y.upperBound - y.lowerBound
    let digits = span >= 20 ? 0 : span >= 2 ? 1 : span >= 0.05 ? 2 : 4
    return (0..<height).map { row in
      guard row == 0 || row == height - 1 || row == height / 2 else { return "" }
      return decimal(y.upperBound - span * Double(row) / Double(max(1, height - 1)), digits)
    }
  }

  /// Each curve's row at every column; nil before its first value.
  private func rows(of curve: Series, columns: Int, rows: Int) -> [Int?] {
    var values = [(sum: Double, count: Int)](repeating: (0, 0), count: columns)
    for point in curve.points {
      let column = min(columns - 1, Int(point.x / x.upperBound * Double(columns - 1) + 0.5))
      values[column] = (values[column].sum + point.y, values[column].count + 1)
    }
    let known = values.indices.filter { values[$0].count > 0 }
    return values.indices.map { column in
      guard let before = known.last(where: { $0 <= column }), let after = known.first(where: { $0 >= column })
      else { return nil }
      let (low, high) = (
        values[before].sum / Double(values[before].count), values[after].sum / Double(values[after].count)
      )
      let part = after > before ? Double(column - before) / Double(after - before) : 0
      let value = low + (high - low) * part
      let height = (y.upperBound - value) / (y.upperBound - y.lowerBound)
      return min(rows - 1, max(0, Int(height * Double(rows - 1) + 0.5)))
    }
  }

  private func letters(_ width: Int, _ height: Int) -> [String] {
    var grid = [[Character]](repeating: [Character](repeating: " ", count: width), count: height)
    for curve in series {
      for (column, row) in rows(of: curve, columns: width, rows: height).enumerated() {
        guard let row else { continue }
        grid[row][column] = grid[row][column] == " " ? curve.letter : "*"
      }
    }
    return grid.map { String($0.reversed().drop { $0 == " " }.reversed()) }
  }

  private func dots(_ width: Int, _ height: Int, _ canvas: Canvas) -> [String] {
    var cells = [[(bits: UInt32, curve: Int)]](
      repeating: [(UInt32, Int)](repeating: (0, 0), count: width), count: height)
    for (number, curve) in series.enumerated() {
      var before: Int?
      for (column, row) in rows(of: curve, columns: 2 * width, rows: 4 * height).enumerated() {
        guard let row else { continue }
        // A steep part is drawn as a line.
        let last = before ?? row
        let span = last < row ? (last + 1)...row : last > row ? row...(last - 1) : row...row
        for dot in span {
          cells[dot / 4][column / 2].bits |= Self.bit(column: column % 2, row: dot % 4)
          cells[dot / 4][column / 2].curve = number
        }
        before = row
      }
    }
    return cells.map { line(of: $0, isColoured: canvas.isColoured && series.count > 1) }
  }

  private func line(of cells: [(bits: UInt32, curve: Int)], isColoured: Bool) -> String {
    let used = cells.prefix((cells.lastIndex { $0.bits != 0 } ?? -1) + 1)
    return used.map { cell in
      guard cell.bits != 0, let scalar = Unicode.Scalar(0x2800 + cell.bits) else { return " " }
      return isColoured ? Self.coloured("\(scalar)", cell.curve) : "\(scalar)"
    }.joined()
  }

  /// The bit of a dot in a braille character, whose dots are numbered down the left column, then the right,
  /// then the lowest two.
  private static func bit(column: Int, row: Int) -> UInt32 {
    row == 3 ? 1 << (6 + UInt32(column)) : 1 << UInt32(row + 3 * column)
  }

  /// A text in a curve's colour.
  package static func coloured(_ text: String, _ curve: Int) -> String {
    "\u{1b}[3\([4, 1, 2, 5, 6, 3][curve % 6])m\(text)\u{1b}[0m"
  }
}
