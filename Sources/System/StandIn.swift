public import SystemPackage

/// What lies in the place of a file that was never fetched, told by its first bytes.
public enum StandIn: Equatable, Sendable {
  /// The note that Git LFS keeps in the file's place.
  case lfsPointer
  /// A page that a web site sent instead of the file.
  case webPage

  /// Nil for anything else.
  public init?(_ bytes: some Collection<UInt8>) {
    let start = bytes.prefix(512)
    if start.starts(with: "version https://git-lfs.github.com/spec/".utf8) {
      self = .lfsPointer
      return
    }
    let text = String(decoding: start, as: UTF8.self).drop { $0.isWhitespace || $0 == "\u{feff}" }
    guard ["<!doctype html", "<html"].contains(where: text.lowercased().hasPrefix) else { return nil }
    self = .webPage
  }

  /// What it is, and how the file is had.
  ///
  /// - Parameter path: Where it lies.
  public func description(at path: FilePath) -> String {
    switch self {
    case .lfsPointer:
      "it is Git LFS's pointer to a file and not the file. Fetch that where the repository lies: git lfs pull"
    case .webPage:
      "it is a web page and not the file: perhaps the address was a page's, or asked for a login. "
        + "See what it says: head -c 500 \(path.quoted)"
    }
  }
}
