import Glibc

/// A duration as people say it: `0.8 s`, `12 min 4 s`, `3 h 12 min`.
package func elapsed(_ duration: Duration) -> String {
  let seconds = duration.components.seconds
  if seconds < 60 {
    let tenths = Int(duration / .milliseconds(100))
    return "\(tenths / 10).\(tenths % 10) s"
  }
  return seconds < 3600
    ? "\(seconds / 60) min \(seconds % 60) s" : "\(seconds / 3600) h \(seconds / 60 % 60) min"
}

/// Seconds with one decimal, however many.
package func inSeconds(_ time: Duration) -> String { "\(decimal(time / .seconds(1), 1)) s" }

/// A number with `digits` decimals; a dash if it is not finite or far too large.
package func decimal(_ value: Double, _ digits: Int) -> String {
  let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
  guard let units = Int(exactly: (value * scale).rounded()) else { return "-" }
  let (whole, rest) = units.quotientAndRemainder(dividingBy: Int(scale))
  guard digits > 0 else { return "\(whole)" }
  let tail = String(rest.magnitude)
  return "\(whole)." + String(repeating: "0", count: digits - tail.count) + tail
}

/// Quotes arguments for a shell.
package func shellQuoted(_ arguments: [String]) -> String {
  arguments.map(shellQuoted).joined(separator: " ")
}

private func shellQuoted(_ argument: String) -> String {
  let isPlain = argument.allSatisfy { $0.isLetter || $0.isNumber || "-_=./,:+@%".contains($0) }
  if isPlain, !argument.isEmpty { return argument }
  let parts = argument.split(separator: "'", omittingEmptySubsequences: false)
  return "'" + parts.joined(separator: #"'\''"#) + "'"
}

/// A time in seconds since 1970 as local time, such as `2026-11-30 14:05`, optionally with seconds.
package func localTime(_ moment: Double, seconds: Bool = true) -> String {
  guard moment.magnitude < 1e11 else { return "" }
  var whole = time_t(moment)
  var local = tm()
  localtime_r(&whole, &local)
  var buffer = [CChar](repeating: 0, count: 32)
  let count = strftime(&buffer, buffer.count, seconds ? "%Y-%m-%d %H:%M:%S" : "%Y-%m-%d %H:%M", &local)
  return String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
}

/// An integer with digits in groups of three: `1,757,450`.
package func grouped(_ number: Int) -> String {
  let digits = Array(String(number.magnitude))
  let groups = digits.enumerated().map { index, digit in
    index > 0 && (digits.count - index).isMultiple(of: 3) ? ",\(digit)" : "\(digit)"
  }
  return (number < 0 ? "-" : "") + groups.joined()
}

/// Cells aligned in columns, one line per row, with two spaces between and none at the end.
package func columns(_ rows: [[String]], rightAligned: Set<Int> = []) -> [String] {
  let widths = (0..<(rows.map(\.count).max() ?? 0)).map { column in
    rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
  }
  return rows.map { row in
    let cells = row.enumerated().map { column, cell in
      let space = String(repeating: " ", count: widths[column] - cell.count)
      return rightAligned.contains(column) ? space + cell : cell + space
    }
    return String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
  }
}

/// Wraps a line between words to `width`, and its continuation to `next`.
package func wrapped(_ line: Substring, to width: Int, then next: Int) -> [Substring] {
  var rest = line
  var pieces: [Substring] = []
  while case let width = pieces.isEmpty ? width : next, rest.count > width {
    // A word longer than a line stays whole, so that paths can be copied.
    guard let end = rest.prefix(width + 1).lastIndex(of: " ") ?? rest.firstIndex(of: " "),
      rest[..<end].contains(where: { $0 != " " })
    else { break }
    pieces.append(rest[..<end])
    rest = rest[rest.index(after: end)...]
  }
  return pieces + [rest]
}

/// Scientific notation with three significant digits, as for learning rates: `4.20e-4`; or with `digits`
/// decimals.
package func scientific(_ value: Double, digits: Int = 2) -> String {
  guard value != 0, value.isFinite else { return "\(value)" }
  var (mantissa, exponent) = (value, 0)
  while abs(mantissa) < 1 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
  // The smallest number that rounds up to ten at this precision.
  let ten = 10 - 0.5 / (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
  while abs(mantissa) >= ten { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
  return "\(decimal(mantissa, digits))e\(exponent)"
}

/// As many digits as distinguish it from similar figures: `1373`, `65.6`, `2.271`, `4.20e-4`.
package func significant(_ value: Double) -> String {
  switch abs(value) {
  case 0: "0"
  case ..<0.01: scientific(value)
  case ..<10: decimal(value, 3)
  case ..<100: decimal(value, 1)
  default: decimal(value, 0)
  }
}

/// `1:02:05`
package func clockTime(seconds: Int) -> String {
  let two = { (number: Int) in (number < 10 ? "0" : "") + "\(number)" }
  return "\(seconds / 3600):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
}
