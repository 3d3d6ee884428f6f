/// The names of networks: the reference's and timm's.
public enum ModelName {
  /// Every network's canonical name with timm's.
  private static let table: [(name: String, timm: String?)] =
    [
      ("alt_gvt_small", "twins_svt_small"),
      ("alt_gvt_base", "twins_svt_base"),
      ("alt_gvt_large", "twins_svt_large"),
      ("alt_gvt_nano", nil),
      ("pcpvt_small_v0", "twins_pcpvt_small"),
      ("pcpvt_base_v0", "twins_pcpvt_base"),
      ("pcpvt_large_v0", "twins_pcpvt_large"),
    ] + deit.map { ($0, $0) }

  private static let deit = ["", "distilled_"].flatMap { kind in
    ["tiny", "small", "base"].map { "deit_\($0)_\(kind)patch16_224" }
  }

  /// Suffixes of timm's names for weights of these networks.
  private static let tags = [".in1k", ".fb_in1k"]

  /// Every canonical name.
  public static var canonical: [String] { table.map(\.name) }

  /// Every name that `canonical(_:)` accepts, canonical ones first.
  public static var all: [String] {
    canonical + table.compactMap { $0.timm == $0.name ? nil : $0.timm }
  }

  /// timm's name of a network with this canonical name; nil if timm does not have it.
  public static func timm(_ canonical: String) -> String? { table.first { $0.name == canonical }?.timm }

  /// The canonical name for any accepted spelling; otherwise throws an error with the nearest names.
  ///
  /// Case does not matter, nor do timm's suffixes for training data, such as `.in1k`.
  public static func canonical(_ name: String) throws(RecipeError) -> String {
    let lowercased = name.lowercased()
    let tag = tags.first(where: lowercased.hasSuffix) ?? ""
    let plain = String(lowercased.dropLast(tag.count))
    if let entry = table.first(where: { $0.name == plain || $0.timm == plain }) {
      return entry.name
    }
    let near = nearest(to: name, among: all, atMost: 3).joined(separator: ", ")
    throw RecipeError("unknown model '\(name)'. Nearest: \(near). All: \(all.joined(separator: ", "))")
  }
}

/// The candidates closest to `word` by edit distance, nearest first.
public func nearest(to word: String, among candidates: [String], atMost count: Int) -> [String] {
  candidates
    .map { (candidate: $0, distance: editDistance(word, $0)) }
    .sorted { ($0.distance, $0.candidate) < ($1.distance, $1.candidate) }
    .prefix(count).map(\.candidate)
}

/// Levenshtein distance: the insertions, deletions and substitutions that turn one word into the other.
package func editDistance(_ from: String, _ to: String) -> Int {
  let target = Array(to)
  var row = Array(0...target.count)
  for (i, letter) in from.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for j in target.indices {
      let substituted = diagonal + (letter == target[j] ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(substituted, row[j] + 1, diagonal + 1)
    }
  }
  return row[target.count]
}
