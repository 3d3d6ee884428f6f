internal import Glibc

/// The accelerator cards of one maker that a program may use, in the order of its numbering.
///
/// Determined from the driver's files and the user's variable only: no driver is asked, and neither
/// nvidia-smi nor npu-smi is needed.
public struct Cards: Equatable, Sendable {
  /// A card's maker.
  public enum Maker: String, CaseIterable, Sendable {
    case nvidia = "NVIDIA"
    case ascend = "Ascend"

    /// The variable with which a user hides or reorders cards.
    public var variable: String {
      switch self {
      case .nvidia: "CUDA_VISIBLE_DEVICES"
      case .ascend: "ASCEND_RT_VISIBLE_DEVICES"
      }
    }

    /// The driver's name for a card's file, without the number.
    public var file: String {
      switch self {
      case .nvidia: "nvidia"
      case .ascend: "davinci"
      }
    }
  }

  /// The cards' maker.
  public let maker: Maker
  /// The number of cards of this machine or container, hidden or not.
  public let present: Int
  /// The name of each usable card, from the user's variable or else the driver.
  public let names: [String]
  /// What is invalid in the user's variable, as a sentence; nil if nothing is, or cards are hidden on
  /// purpose.
  public let fault: String?
  private let isChosen: Bool

  /// The number of usable cards.
  public var count: Int { names.count }

  /// Determines the cards.
  ///
  /// - Parameter files: The names in /dev; `nvidiactl` and `davinci_manager` are no cards.
  public init(of maker: Maker, files: [String], environment: [String: String]) {
    self.maker = maker
    present = files.count { $0.hasPrefix(maker.file) && Self.isNumber($0.dropFirst(maker.file.count)) }
    let value = environment[maker.variable]
    let choice = value.map { [present] in CardChoice($0, of: present) }
    isChosen = choice != nil
    names = choice?.names ?? (0..<present).map { "\($0)" }
    fault = choice?.fault.map { "\(maker.variable)=\(masked(value ?? "")): \($0)" }
  }

  /// The cards of this machine, by maker.
  public static func ofThisMachine(environment: [String: String], folder: String = "/dev") -> [Cards] {
    let files = Folders.names(in: folder)
    return Maker.allCases.map { Cards(of: $0, files: files, environment: environment) }
  }

  /// The user's name for the program's card of that number; nil if the variable does not mention it.
  public func userName(of number: Int) -> String? {
    isChosen && names.indices.contains(number) ? "\(names[number]) of \(maker.variable)" : nil
  }

  private static func isNumber(_ text: Substring) -> Bool {
    !text.isEmpty && text.allSatisfy { $0.isASCII && $0.isNumber }
  }
}
