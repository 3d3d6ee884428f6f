extension Recipe {
  /// Which parts of a pretrained network learn, and how fast.
  public struct Tuning: Codable, Equatable, Sendable {
    /// The frozen parts, in the syntax of `Frozen`; empty for none.
    public var frozen = ""
    /// The epoch in which they are unfrozen; nil for never.
    @ExplicitNull public var unfreezeEpoch: Int? = nil
    /// The rate of a layer relative to the layer after it.
    public var layerDecay = 1.0
    /// A separate rate for the head, given like `schedule.rate`.
    @ExplicitNull public var headRate: Double? = nil

    /// Makes values with which everything learns alike.
    public init() {}
  }

  /// Which parts of a network are frozen.
  public enum Frozen: Equatable, Sendable {
    /// All but the head.
    case backbone
    /// Consecutive stages, from 0: their embeddings, blocks and positional encodings.
    case stages(ClosedRange<Int>)
    /// Parts by prefixes of their parameters' names, which end at a dot or with the name.
    case parts([String])

    /// Parses `backbone`, `stages:0-2`, `stages:1` or a comma-separated list of names; nil for anything else.
    public init?(_ text: String) {
      let prefix = "stages:"
      if text == "backbone" {
        self = .backbone
      } else if text.hasPrefix(prefix) {
        let ends = text.dropFirst(prefix.count).split(separator: "-", omittingEmptySubsequences: false).map {
          $0.count < 3 ? UInt8($0) : nil
        }
        guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count < 3, first <= last else {
          return nil
        }
        self = .stages(Int(first)...Int(last))
      } else {
        let names = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard names.allSatisfy({ !$0.isEmpty && !$0.contains { ":* ".contains($0) } }) else { return nil }
        self = .parts(names)
      }
    }
  }
}
