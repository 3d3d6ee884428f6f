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
  private let isChosen: Bool

  /// How many a program may use.
  public var count: Int { names.count }

  /// - Parameter files: Names of the folder /dev; `nvidiactl` and `davinci_manager` are no cards.
  public init(of maker: Maker, files: [String], environment: [String: String]) {
    self.maker = maker
    present = files.count { $0.hasPrefix(maker.file) && Self.isNumber($0.dropFirst(maker.file.count)) }
    let value = environment[maker.variable]
    isChosen = value != nil
    names = value.map { [present] in Self.chosen(by: $0, of: present) } ?? (0..<present).map { "\($0)" }
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

  /// What a value leaves of so many cards, as the driver reads it (and PyTorch, in `torch.cuda._parse_visible_devices`).
  ///
  /// Numbers, or UUIDs that may be cut short, or names of parts of a card (MIG), of which a program gets the first alone.
  /// What cannot be meant, -1 above all, ends the list; what is said twice leaves none.
  private static func chosen(by value: String, of present: Int) -> [String] {
    let words = value.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    for prefix in ["GPU-", "MIG-"] where value.hasPrefix(prefix) {
      let named = Array(words.prefix { $0.hasPrefix(prefix) })
      guard Set(named).count == named.count else { return [] }
      return Array(named.prefix(prefix == "MIG-" ? min(1, present) : present))
    }
    let numbers = words.map(leadingNumber).prefix { $0 != nil }.compactMap(\.self)
    guard Set(numbers).count == numbers.count else { return [] }
    return numbers.prefix { $0 < present }.map { "\($0)" }
  }

  /// The number at the start of a word, as C's strtoul reads it; nil where there is none, or one below 0.
  private static func leadingNumber(_ word: String) -> Int? {
    let text = word.drop { $0 == " " }
    let sign = text.prefix { $0 == "+" || $0 == "-" }.prefix(1)
    let digits = text.dropFirst(sign.count).prefix { $0.isASCII && $0.isNumber }
    guard let number = Int(digits), sign != "-" || number == 0 else { return nil }
    return number
  }

  private static func isNumber(_ text: Substring) -> Bool {
    !text.isEmpty && text.allSatisfy { $0.isASCII && $0.isNumber }
  }
}
