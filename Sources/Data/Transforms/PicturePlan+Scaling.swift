import CImage

/// What the window needs of the stored picture; the rest of it is neither decoded nor scaled.
extension PicturePlan {
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
