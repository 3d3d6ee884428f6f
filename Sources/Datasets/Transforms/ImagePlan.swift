import CImage
public import Randomness

/// How one view is made from a stored image: crop, scale, cut a window, mirror, augment; a pure value.
public struct ImagePlan: Equatable, Sendable {
  /// The part of the stored image that is decoded.
  public var crop = PixelRegion(width: 0, height: 0)
  /// The width that the crop is scaled to.
  public var scaledWidth = 0
  /// The height that the crop is scaled to.
  public var scaledHeight = 0
  /// The part of the scaled crop that is kept.
  public var window = PixelRegion(width: 0, height: 0)
  /// Whether the window is then mirrored left to right.
  public var isMirrored = false
  /// Whether the window is also flipped top to bottom.
  public var isFlipped = false
  /// The filter that scales.
  public var interpolation = Interpolation.bicubic
  /// The operations on the view's pixels, in order.
  public var operations: [ImageOperation] = []
  /// Whether the image may be decoded at a fraction of its size if the crop is scaled to less than half.
  public var mayReduce = false
}

/// Plans how a stored image becomes the square view that a model takes.
public protocol Transform: Sendable {
  /// The height and width of the views.
  var size: Int { get }

  /// Makes the plan for an image of `width` x `height` pixels, whose window is `size` x `size`, reusing the
  /// memory of `plan`.
  ///
  /// All randomness comes from `generator`, so equal generators make equal plans.
  func plan(width: Int, height: Int, generator: inout KeyedGenerator, into plan: inout ImagePlan)
}

extension Transform {
  /// The same, in new memory.
  public func plan(width: Int, height: Int, generator: inout KeyedGenerator) -> ImagePlan {
    var plan = ImagePlan()
    self.plan(width: width, height: height, generator: &generator, into: &plan)
    return plan
  }
}

extension ImagePlan {
  /// The largest of 8, 4 and 2 by which the image can be reduced without making the crop smaller than its
  /// scaled size; otherwise 1.
  var reduction: Int {
    guard mayReduce else { return 1 }
    var reduction = 8
    while reduction > 1, crop.width < reduction * scaledWidth || crop.height < reduction * scaledHeight {
      reduction /= 2
    }
    return reduction
  }

  /// The plan for the reduced image, with the crop widened to whole pixels of it.
  func reduced(by reduction: Int) -> ImagePlan {
    func span(_ start: Int, _ count: Int) -> (start: Int, count: Int) {
      let first = start / reduction
      return (first, (start + count + reduction - 1) / reduction - first)
    }
    let (columns, rows) = (span(crop.x, crop.width), span(crop.y, crop.height))
    var plan = self
    plan.crop = PixelRegion(x: columns.start, y: rows.start, width: columns.count, height: rows.count)
    return plan
  }
}

/// The part of the stored image that the window needs; the rest is neither decoded nor scaled.
extension ImagePlan {
  /// The window's columns among those of the scaled crop.
  var across: ci_axis {
    ci_axis(
      in: Int64(crop.width), out: Int64(scaledWidth), start: Int64(window.x), count: Int64(window.width))
  }

  /// The window's rows among those of the scaled crop.
  var down: ci_axis {
    ci_axis(
      in: Int64(crop.height), out: Int64(scaledHeight), start: Int64(window.y), count: Int64(window.height))
  }

  /// The part of the crop that the window's pixels are made of.
  var source: PixelRegion {
    let columns = inputs(of: across)
    let rows = inputs(of: down)
    return PixelRegion(
      x: crop.x + columns.first, y: crop.y + rows.first, width: columns.count, height: rows.count)
  }

  private func inputs(of axis: ci_axis) -> (first: Int, count: Int) {
    var first: Int32 = 0
    var count: Int32 = 0
    ci_axis_inputs(axis, interpolation.filter, &first, &count)
    return (Int(first), Int(count))
  }
}

/// A rectangle of an image's pixels; x grows to the right, y downwards.
public struct PixelRegion: Equatable, Sendable {
  /// The column of the left edge.
  public var x: Int
  /// The row of the top edge.
  public var y: Int
  /// The number of columns.
  public var width: Int
  /// The number of rows.
  public var height: Int

  /// Makes a region, by default at the top left.
  public init(x: Int = 0, y: Int = 0, width: Int, height: Int) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }

  /// The bytes that the region takes as packed 8-bit RGB.
  public var byteCount: Int { width * height * 3 }

  /// Whether the region is not empty and lies inside an image of `width` x `height` pixels.
  func isInside(width: Int, height: Int) -> Bool {
    x >= 0 && self.width > 0 && x + self.width <= width
      && y >= 0 && self.height > 0 && y + self.height <= height
  }
}
