internal import Glibc

/// The accelerator cards of one maker that a program may use, in the order in which it numbers them.
///
/// Told by the driver's files and the user's variable alone. No driver is asked, so it costs nothing, and neither nvidia-smi
/// nor npu-smi need be there.
public struct Cards: Equatable, Sendable {
  /// Who made a card.
  public enum Maker: String, CaseIterable, Sendable {
    case nvidia = "NVIDIA"
    case ascend = "Ascend"

    /// The variable by which a user hides cards, or puts them in another order.
    public var variable: String {
      switch self {
      case .nvidia: "CUDA_VISIBLE_DEVICES"
      case .ascend: "ASCEND_RT_VISIBLE_DEVICES"
      }
    }

    /// What the driver calls a card's file, less its number.
    public var file: String {
      switch self {
      case .nvidia: "nvidia"
      case .ascend: "davinci"
      }
    }
  }

  /// Whose they are.
  public let maker: Maker
  /// Cards of this machine or container, hidden or not.
  public let present: Int
  /// What the user's variable, or else the driver, calls each that a program may use.
  public let names: [String]
  /// What of the user's variable cannot be meant, as a sentence; nil where all of it counts, or is to hide cards.
  public let fault: String?
  private let isChosen: Bool

  /// How many a program may use.
  public var count: Int { names.count }

  /// - Parameter files: Names of the folder /dev; `nvidiactl` and `davinci_manager` are no cards.
  public init(of maker: Maker, files: [String], environment: [String: String]) {
    self.maker = maker
    present = files.count { $0.hasPrefix(maker.file) && Self.isNumber($0.dropFirst(maker.file.count)) }
    let value = environment[maker.variable]
    let choice = value.map { [present] in CardChoice($0, of: present) }
    isChosen = choice != nil
    names = choice?.names ?? (0..<present).map { "\($0)" }
    fault = choice?.fault.map { "\(maker.variable)=\(masked(value ?? "")): \($0)" }
  }

  /// Those of this machine, by maker.
  public static func ofThisMachine(environment: [String: String], folder: String = "/dev") -> [Cards] {
    let files = Folders.names(in: folder)
    return Maker.allCases.map { Cards(of: $0, files: files, environment: environment) }
  }

  /// What the user calls the card of that number in a program; nil where the variable says nothing of it.
  public func userName(of number: Int) -> String? {
    isChosen && names.indices.contains(number) ? "\(names[number]) of \(maker.variable)" : nil
  }

  private static func isNumber(_ text: Substring) -> Bool {
    !text.isEmpty && text.allSatisfy { $0.isASCII && $0.isNumber }
  }
}
