/// A rectangle of a picture's pixels; x grows to the right, y downwards.
public struct PixelRegion: Equatable, Sendable {
  /// The column of the left edge.
  public var x: Int
  /// The row of the top edge.
  public var y: Int
  /// The number of columns.
  public var width: Int
  /// The number of rows.
  public var height: Int

  /// Makes a region; without a corner it starts at the top left.
  public init(x: Int = 0, y: Int = 0, width: Int, height: Int) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }

  /// The bytes that the region takes as packed 8-bit RGB.
  public var byteCount: Int { width * height * 3 }

  /// Whether a picture of `width` x `height` pixels has all pixels of the region, and there are any.
  func isInside(width: Int, height: Int) -> Bool {
    x >= 0 && self.width > 0 && x + self.width <= width
      && y >= 0 && self.height > 0 && y + self.height <= height
  }
}
