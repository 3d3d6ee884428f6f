import Drawing
import System

/// What will fail or be slow on this machine, why, and how to fix it; computed from the machine's facts
/// alone.
struct Diagnosis: Sendable {
  /// The findings, failures first, then what is slow.
  let findings: [Finding]

  /// A problem of the machine.
  struct Finding: Codable, Equatable, Sendable {
    let severity: Severity
    let what: String
    let why: String
    /// A command line, or an instruction in words.
    let mend: String

    init(_ severity: Severity, _ what: String, why: String, mend: String) {
      (self.severity, self.what, self.why, self.mend) = (severity, what, why, mend)
    }
  }

  enum Severity: String, Codable, Sendable {
    case fails
    case slow
    /// Of no effect that a user would notice.
    case note
  }

  /// Whether something will fail.
  var isFatal: Bool { findings.contains { $0.severity == .fails } }

  init(_ facts: MachineFacts) {
    let all = (facts.compute + facts.room + facts.storage + facts.surroundings).compactMap(\.self)
    let order: [Severity] = [.fails, .slow, .note]
    findings = order.flatMap { severity in all.filter { $0.severity == severity } }
  }
}

/// Facts that could not be read count as sound.
extension MachineFacts {
  typealias Finding = Diagnosis.Finding

  fileprivate var surroundings: [Finding?] { [unsetClock, slowClock, plainTerminal] }

  /// 2025-01-01: a clock that shows an earlier time was never set.
  private static let leastMoment = 1_735_689_600.0

  private var unsetClock: Finding? {
    guard now < Self.leastMoment else { return nil }
    return Finding(
      .note, "the clock is not set", why: "it says \(localTime(now)), and so will names of runs",
      mend: "timedatectl set-ntp true")
  }

  private var slowClock: Finding? {
    guard let clockSource, ["hpet", "acpi_pm", "jiffies"].contains(clockSource) else { return nil }
    return Finding(
      .slow, "a look at the clock is slow", why: "the kernel reads it from \(clockSource)",
      mend: "dmesg | grep -i tsc says why it does not take the processor's own")
  }

  private var plainTerminal: Finding? {
    guard !Canvas.standardOutput(environment).isUnicode else { return nil }
    return Finding(
      .note, "curves are drawn in ASCII", why: "the locale or TERM does not promise UTF-8",
      mend: "export LANG=C.UTF-8")
  }
}

/// Writes a number of bytes in the largest unit that leaves a number above 1.
func size(_ bytes: Int) -> String {
  let units = ["bytes", "KiB", "MiB", "GiB", "TiB"]
  var (value, unit) = (Double(bytes), 0)
  while value >= 1024, unit + 1 < units.count { (value, unit) = (value / 1024, unit + 1) }
  return "\(decimal(value, unit < 2 || value >= 100 ? 0 : 1)) \(units[unit])"
}
