import Foundation
import Training

/// The lines that the reference prints to standard output, word for word, since scripts parse them.
///
/// Format: Twins `utils.py` (`MetricLogger`) with the Ascend port's `fps:` field. Memory is in MB of 2²⁰
/// bytes: the card's, or on a CPU the process's.
enum ReferenceLines {
  /// `Epoch: [0]  [  30/1251]  eta: 0:50:00  lr: …  loss: … (…)  time: …  fps:…  data: …  max mem: …`
  static func step(
    header: String, index: Int, of total: Int, meters: [String], timing: Timing, fps: Double? = nil,
    peakMegabytes: Double
  ) -> String {
    let width = String(total).count
    let position = String(repeating: " ", count: width - String(index).count) + "\(index)/\(total)"
    var fields = [
      header, "[\(position)]", "eta: \(duration(timing.step.globalAverage * Double(total - index)))",
    ]
    fields += meters
    fields.append(String(format: "time: %.4f", timing.step.average))
    if let fps { fields.append(String(format: "fps:%.4f", fps)) }
    fields.append(String(format: "data: %.4f", timing.data.average))
    fields.append(String(format: "max mem: %.0f", peakMegabytes))
    return fields.joined(separator: "  ")
  }

  /// `loss: 6.9167 (6.9167)`
  static func meter(_ name: String, _ value: SmoothedValue) -> String {
    String(format: "%@: %.4f (%.4f)", name, value.median, value.globalAverage)
  }

  /// `Epoch: [0] Total time: 0:10:00 (0.4800 s / it)`
  static func total(header: String, seconds: Double, steps: Int) -> String {
    String(
      format: "%@ Total time: %@ (%.4f s / it)", header, duration(seconds), seconds / Double(max(1, steps)))
  }

  /// Whole seconds as Python's `timedelta` prints them: `0:10:00`, `1 day, 2:03:04`.
  static func duration(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded(.down))
    let (days, rest) = whole.quotientAndRemainder(dividingBy: 86_400)
    let clock = String(format: "%d:%02d:%02d", rest / 3600, rest / 60 % 60, rest % 60)
    switch days {
    case 0: return clock
    case 1: return "1 day, " + clock
    default: return "\(days) days, " + clock
    }
  }
}

/// How long steps take, and how much of that is spent waiting for images.
struct Timing {
  var step = SmoothedValue()
  var data = SmoothedValue()

  /// The reference's figure: images of all ranks over the mean time of the last twenty steps; 0 for the first
  /// 25.
  func fps(images: Int) -> Double {
    step.count > 25 ? Double(images) / step.average : 0
  }
}

/// A number with a fixed number of decimals.
func fixed(_ value: Double, _ decimals: Int) -> String { String(format: "%.\(decimals)f", value) }
