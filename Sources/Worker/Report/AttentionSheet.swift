import Checkpoint
import Datasets
import Drawing
import Foundation
import Model
import System

/// A page that shows where a network attends in images; written image by image, as there may be many.
final class AttentionSheet {
  private let file: GrowingText
  private let showsLogits: Bool
  private var count = 0

  /// Begins a page at a path; predictions are by logit or by probability.
  init(at path: String, _ model: String, weights: String, logits: Bool) throws(CheckpointError) {
    file = try GrowingText(for: path)
    showsLogits = logits
    var page = Page(title: "Where \(model) looks")
    page.parts = ["<p>With the weights \(escaped(masked(weights))).</p>", Self.legend]
    try file.write(page.opening)
  }

  private static let legend =
    "<p>Attention that a place gets: none "
    + "<span style=\"display:inline-block;width:8rem;height:.8rem;background:\(AttentionColor.gradient)\"></span> "
    + "the most of the map, which stands behind its name, or 2 × where that is less; 1 × is an even share.</p>"

  /// An explanation of the maps for newcomers.
  private static func explanation(of maps: AttentionMaps) -> String {
    let kinds = Set(maps.stages.joined().map(\.kind.name))
    var sentences = [AttentionMap.Kind.local(side: 1), .global(r: 1), .answer]
      .filter { kinds.contains($0.name) }.map(\.explanation)
    if maps.rollout == nil {
      sentences.append("All places look, and count alike, as the answer is made of their mean.")
    }
    sentences += [
      "A map is the mean over heads, and over the blocks of its stage.",
      "It shows where information is taken from, which need not be what decides the answer.",
    ]
    return "<p>\(sentences.joined(separator: " "))</p>\n"
  }

  /// Adds an image as the network saw it.
  func add(
    _ image: String, _ guesses: [Prediction.Guess], _ view: Predictor.View, _ maps: AttentionMaps
  ) throws(CheckpointError) {
    if count == 0 { try file.write(Self.explanation(of: maps)) }
    let overlay = AttentionOverlay(view.pixels, side: view.side)
    let name = escaped(masked(image))
    let answers = escaped(
      guesses.map { PredictionFormat.words($0, logits: showsLogits) }.joined(separator: ", "))
    let shown = maps.means
    let figures =
      [Self.figure(overlay.plain, name)]
      + shown.joined().map { Self.figure(overlay.drawn($0.map), $0.name, $0.map) }
    let blocks = maps.blocks.map { Self.figure(overlay.drawn($0.map), $0.name, $0.map) }
    try file.write(
      """
      <section><h2>\(name)</h2>
      <p>\(answers)</p>
      <div class="maps" style="--rows:\(shown.map(\.count).max() ?? 1)">
      \(figures.joined(separator: "\n"))
      </div>
      <details><summary>Each block</summary><div class="grid">
      \(blocks.joined(separator: "\n"))
      </div></details></section>

      """)
    count += 1
  }

  /// Completes the page; without this, no file remains.
  func finish() throws(CheckpointError) {
    try file.write(Page.closing)
    try file.finish()
  }

  private static func figure(_ jpeg: [UInt8]?, _ name: String, _ map: AttentionMap? = nil) -> String {
    guard let jpeg else { return "" }
    let caption = map.map { map in
      "<figcaption><b>\(name)</b> \(fixed(Double(map.shares.max() ?? 0), 1)) ×<br><small>\(map.extent)</small></figcaption>"
    }
    return "<figure><img alt=\"\(name)\" src=\"data:image/jpeg;base64,\(Data(jpeg).base64EncodedString())\">"
      + "\(caption ?? "")</figure>"
  }
}

/// The maps that are shown, with captions.
extension AttentionMaps {
  fileprivate typealias Named = (name: String, map: AttentionMap)

  /// For each stage the mean of its blocks of each kind, then the maps over all blocks.
  fileprivate var means: [[Named]] {
    let means = stages.enumerated().map { stage, maps in
      var kinds: [AttentionMap.Kind] = []
      for map in maps where !kinds.contains(map.kind) { kinds.append(map.kind) }
      return kinds.compactMap { kind in
        AttentionMap.mean(of: maps.filter { $0.kind == kind }).map {
          (stages.count > 1 ? "Stage \(stage + 1) \(kind.name)" : "All blocks", $0)
        }
      }
    }
    return means + (rollout.map { [[("Rollout", $0)]] } ?? [])
  }

  fileprivate var blocks: [Named] {
    stages.enumerated().flatMap { stage, maps in
      maps.enumerated().map { block, map in
        (stages.count > 1 ? "Block \(stage + 1).\(block + 1) \(map.kind.name)" : "Block \(block + 1)", map)
      }
    }
  }
}

extension AttentionMap.Kind {
  fileprivate var name: String {
    switch self {
    case .local: "LSA"
    case .global: "GSA"
    case .answer: "class token"
    case .rollout: "rollout"
    }
  }

  fileprivate var explanation: String {
    switch self {
    case .local: "LSA looks within windows: its map shows what is looked at in each of them."
    case .global: "GSA looks at the whole, of which it has a summary for each place of its map."
    case .answer:
      "It is the class token that looks, and the distillation token where there is one, as they make the answer; the rollout "
        + "follows them through all blocks back to the patches."
    case .rollout: ""
    }
  }
}

extension AttentionMap {
  /// Which tokens were attended to.
  fileprivate var extent: String {
    switch kind {
    case .local(let window): "\(width) × \(height) in windows of \(window) × \(window)"
    case .global(let r): "\(width) × \(height)" + (r > 1 ? " summaries" : " tokens")
    case .answer, .rollout: "\(width) × \(height) patches"
    }
  }
}
