import Drawing
import System

/// A card's own readings; missing ones are nil.
package struct CardReading: Codable, Equatable, Sendable {
  package var name: String?
  /// The card's UUID.
  package var identifier: String?
  package var celsius: Int?
  package var watts: Double?
  /// Why its clocks are reduced.
  package var slowdowns: [Slowdown]?
  /// Uncorrectable memory errors since the driver was loaded.
  package var memoryErrors: Int?
  /// NVIDIA's Xid numbers of the faults that the driver has reported since the run began.
  package var xids: [Int] = []

  package init(
    name: String? = nil, identifier: String? = nil, celsius: Int? = nil, watts: Double? = nil,
    slowdowns: [Slowdown]? = nil, memoryErrors: Int? = nil, xids: [Int] = []
  ) {
    (self.name, self.identifier, self.celsius, self.watts) = (name, identifier, celsius, watts)
    (self.slowdowns, self.memoryErrors, self.xids) = (slowdowns, memoryErrors, xids)
  }

  package enum Slowdown: String, CaseIterable, Codable, Sendable {
    case power = "its power limit"
    case hardware = "the hardware"
    case heat
    case powerSupply = "the power supply"
  }

  /// Such as `NVIDIA H100 (GPU-…): 83 °C, 412 W, slowed by heat, 2 uncorrected memory errors, Xid 79`; nil
  /// without readings.
  package var text: String? {
    let slow = (slowdowns ?? []).map(\.rawValue).joined(separator: " and ")
    let figures =
      figureTexts + (slow.isEmpty ? [] : ["slowed by \(slow)"])
      + ((memoryErrors ?? 0) > 0 ? [counted(memoryErrors ?? 0, "uncorrected memory error")] : [])
      + xids.map { "Xid \($0)" }
    let title = [name, identifier.map { "(\($0))" }].compactMap(\.self).joined(separator: " ")
    let parts = [title, figures.joined(separator: ", ")].filter { !$0.isEmpty }
    return parts.isEmpty ? nil : parts.joined(separator: ": ")
  }

  /// Temperature and power, if known.
  var figureTexts: [String] {
    [celsius.map { "\($0) °C" }, watts.map { "\(decimal($0, 0)) W" }].compactMap(\.self)
  }
}
