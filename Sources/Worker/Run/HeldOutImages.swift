import Recipe

extension Recipe.Images {
  /// A warning if the validation images are not those held out in an earlier run; nil if they are, or a whole
  /// folder is used.
  func doubt(heldOut earlier: String, trains: Bool) -> String? {
    guard let now = partHeldOut, earlier != now else { return nil }
    guard !trains else {
      return
        "warning: --val-split holds out other images than it did, since files came, went or got other names: the run may have "
        + "learnt some of those that judge it from here on, and its accuracy would be too high"
    }
    let part = String(earlier.prefix { $0 != " " })
    let remedy =
      part == "\(heldOut)"
      ? "Files came, went or got other names since, or this is another folder"
      : "Those that were held out: --val-split \(part)"
    return
      "warning: these are not the images that were held out of the weights' run. If it learnt from this folder, it has learnt "
      + "some of them, and the figures are too good. \(remedy)"
  }
}
