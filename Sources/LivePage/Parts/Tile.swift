import System

/// A figure in a frame of its own, with what it is.
struct Tile {
  private let name: String
  private let value: String?
  private let isBad: Bool

  /// - Parameter value: Nil where it is not known: the tile is not there.
  init(_ name: String, _ value: String?, isBad: Bool = false) {
    (self.name, self.value, self.isBad) = (name, value, isBad)
  }

  /// Those that have a value.
  static func grid(_ tiles: [Tile]) -> String {
    let shown = tiles.compactMap { tile in
      tile.value.map {
        "<div\(tile.isBad ? " class=\"bad\"" : "")><b>\(escaped($0))</b><small>\(escaped(tile.name))</small></div>"
      }
    }
    return "<div class=\"tiles\">\n\(shown.joined(separator: "\n"))\n</div>"
  }
}
