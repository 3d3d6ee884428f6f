import System

/// A framed figure with its name.
struct Tile {
  private let name: String
  private let value: String?
  private let isBad: Bool

  /// Makes a tile.
  ///
  /// - Parameter value: Nil if unknown; the tile is then left out.
  init(_ name: String, _ value: String?, isBad: Bool = false) {
    (self.name, self.value, self.isBad) = (name, value, isBad)
  }

  /// The tiles that have a value.
  static func grid(_ tiles: [Tile]) -> String {
    let shown = tiles.compactMap { tile in
      tile.value.map {
        "<div\(tile.isBad ? " class=\"bad\"" : "")><b>\(escaped($0))</b><small>\(escaped(tile.name))</small></div>"
      }
    }
    return "<div class=\"tiles\">\n\(shown.joined(separator: "\n"))\n</div>"
  }
}
