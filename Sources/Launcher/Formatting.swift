/// A duration as people say it: `0.8 s`, `12 min 4 s`, `3 h 12 min`.
func elapsed(_ duration: Duration) -> String {
  let seconds = duration.components.seconds
  if seconds < 60 {
    let tenths = Int(duration / .milliseconds(100))
    return "\(tenths / 10).\(tenths % 10) s"
  }
  return seconds < 3600
    ? "\(seconds / 60) min \(seconds % 60) s" : "\(seconds / 3600) h \(seconds / 60 % 60) min"
}

/// A number of things: `1 worker`, `8 workers`.
func counted(_ count: Int, _ noun: String) -> String {
  count == 1 ? "1 \(noun)" : "\(count) \(noun)s"
}

/// A number with so many digits behind the point; a dash for one that is none, or beyond all measure.
func decimal(_ value: Double, _ digits: Int) -> String {
  let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
  guard let units = Int(exactly: (value * scale).rounded()) else { return "-" }
  let (whole, rest) = units.quotientAndRemainder(dividingBy: Int(scale))
  guard digits > 0 else { return "\(whole)" }
  let tail = String(rest.magnitude)
  return "\(whole)." + String(repeating: "0", count: digits - tail.count) + tail
}

/// The arguments as a shell reads them back.
func shellQuoted(_ arguments: [String]) -> String {
  arguments.map(shellQuoted).joined(separator: " ")
}

private func shellQuoted(_ argument: String) -> String {
  let isPlain = argument.allSatisfy { $0.isLetter || $0.isNumber || "-_=./,:+@%".contains($0) }
  if isPlain, !argument.isEmpty { return argument }
  let parts = argument.split(separator: "'", omittingEmptySubsequences: false)
  return "'" + parts.joined(separator: #"'\''"#) + "'"
}
