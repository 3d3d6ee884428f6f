/// The sizes of one member of the Twins family.
public struct TwinsConfiguration: Equatable, Sendable {
  /// One stage: its width, blocks and attention.
  public struct Stage: Equatable, Sendable {
    /// Side of the patches into which the stage cuts its input.
    public let patch: Int
    /// Channels of a token.
    public let channels: Int
    /// Attention heads; a head has `channels / heads` channels.
    public let heads: Int
    /// Width of the feed-forward layer relative to the channels.
    public let expansion: Int
    /// The number of blocks in the stage.
    public let depth: Int
    /// Side of the local windows; nil makes every block global (Twins-PCPVT).
    public let window: Int?
    /// Side of the square that global attention summarises into one token; 1 keeps every token.
    public let reduction: Int
  }

  /// The four stages, widest map first.
  public let stages: [Stage]

  private init(
    channels: [Int], heads: [Int], expansion: [Int] = [4, 4, 4, 4], depths: [Int], windows: [Int]? = nil
  ) {
    let reductions = [8, 4, 2, 1]
    stages = channels.indices.map {
      Stage(
        patch: $0 == 0 ? 4 : 2, channels: channels[$0], heads: heads[$0], expansion: expansion[$0],
        depth: depths[$0], window: windows?[$0], reduction: reductions[$0])
    }
  }

  private static let svtWindows = [7, 7, 7, 7]

  private static let table: [String: TwinsConfiguration] = [
    "alt_gvt_small": .init(
      channels: [64, 128, 256, 512], heads: [2, 4, 8, 16], depths: [2, 2, 10, 4], windows: svtWindows),
    "alt_gvt_base": .init(
      channels: [96, 192, 384, 768], heads: [3, 6, 12, 24], depths: [2, 2, 18, 2], windows: svtWindows),
    "alt_gvt_large": .init(
      channels: [128, 256, 512, 1024], heads: [4, 8, 16, 32], depths: [2, 2, 18, 2], windows: svtWindows),
    // For demos and tests with 64-pixel images: every kind of layer, with windows that fit its maps of 16, 8,
    // 4 and 2.
    "alt_gvt_nano": .init(
      channels: [32, 64, 128, 192], heads: [1, 2, 4, 6], depths: [2, 2, 2, 2], windows: [4, 4, 4, 2]),
    "pcpvt_small_v0": .pcpvt(depths: [3, 4, 6, 3]),
    "pcpvt_base_v0": .pcpvt(depths: [3, 4, 18, 3]),
    "pcpvt_large_v0": .pcpvt(depths: [3, 8, 27, 3]),
  ]

  private static func pcpvt(depths: [Int]) -> TwinsConfiguration {
    .init(channels: [64, 128, 320, 512], heads: [1, 2, 5, 8], expansion: [8, 8, 4, 4], depths: depths)
  }

  /// The configuration with a canonical name of the reference's registry; nil for an unknown name.
  public static func named(_ name: String) -> TwinsConfiguration? { table[name] }

  /// Patches and summaries divide square inputs evenly whose side is a multiple of this.
  public static let stride = 32
}
