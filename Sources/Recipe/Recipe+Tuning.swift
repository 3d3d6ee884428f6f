extension Recipe {
  /// What of a network that has learnt something already goes on learning, and how fast.
  public struct Tuning: Codable, Equatable, Sendable {
    /// What does not learn, as `Frozen` reads it; empty for nothing.
    public var frozen = ""
    /// The epoch from which on it does; nil for none.
    @ExplicitNull public var unfreezeEpoch: Int? = nil
    /// What the rate of a layer is of that of the layer after it.
    public var layerDecay = 1.0
    /// The head's rate where that is another than the rest's: as `schedule.rate` is given.
    @ExplicitNull public var headRate: Double? = nil

    /// Everything learns alike.
    public init() {}
  }

  /// Which parts of a network do not learn.
  public enum Frozen: Equatable, Sendable {
    /// All but the head.
    case backbone
    /// Some consecutive stages, counted from 0: their embeddings, blocks and positions.
    case stages(ClosedRange<Int>)
    /// Parts by the beginnings of their parameters' names, which end before a dot or with the name.
    case parts([String])

    /// Reads `backbone`, `stages:0-2`, `stages:1` or names with commas between them; nil where it is none of these.
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
