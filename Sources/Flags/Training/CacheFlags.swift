package import ArgumentParser
import Recipe

/// Flags of keeping images in memory from one epoch to the next.
package struct CacheFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Keep encoded images in memory that a host's workers share, so that epochs after the first do not open their files; "
        + "ram is the one kind there is. The numbers stay the same.", valueName: "ram"))
  package var cache: ImageCache?

  @Option(
    help: ArgumentHelp(
      "The most memory of a host that --cache takes, as 8G or 500M; what has no room is read as before. (default: half of what is "
        + "free)", valueName: "size"))
  package var cacheLimit: ByteCount?

  package init() {}

  /// The memory that images may take; nil if none are kept.
  var settings: CacheSettings? { cache.map { _ in CacheSettings(limit: cacheLimit?.bytes) } }

  static let rows: [FlagRow] = [
    FlagRow("--cache", \.run.memory.cache, idle: [.untrained]),
    FlagRow("--cache-limit", \.run.memory.cacheLimit, idle: [.untrained, .uncached]),
  ]
}

/// Where images are kept.
package enum ImageCache: String, ExpressibleByArgument, CaseIterable, Sendable {
  case ram
}

/// The memory that images may take on a host.
package struct CacheSettings: Codable, Equatable, Sendable {
  /// Bytes; nil for half of the free memory.
  package let limit: Int?
}

/// A number of bytes such as 8G or 500M; units are powers of 1024.
package struct ByteCount: ExpressibleByArgument, Equatable, Sendable {
  let bytes: Int

  package init?(argument: String) {
    let digits = argument.prefix { $0.isASCII && $0.isNumber }
    let unit = argument[digits.endIndex...].uppercased()
    guard
      let power = ["", "K", "M", "G", "T"].firstIndex(where: { [$0, "\($0)B", "\($0)IB"].contains(unit) }),
      let number = Int(digits), number > 0, number <= Int.max >> (10 * power + 10)
    else { return nil }
    bytes = number << (10 * power)
  }
}
