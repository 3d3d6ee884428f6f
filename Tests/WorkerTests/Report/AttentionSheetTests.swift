import Datasets
import Foundation
import TestSupport
import Testing

@testable import Model
@testable import Worker

@Suite struct AttentionSheetTests {
  private static func map(
    _ shares: [Float], width: Int, pixels: Int, _ kind: AttentionMap.Kind = .global(r: 1)
  ) -> AttentionMap {
    AttentionMap(
      kind: kind, height: shares.count / width, width: width, pixels: pixels, shares: shares)
  }

  /// A grey image.
  private static func image(side: Int) -> [UInt8] { [UInt8](repeating: 128, count: side * side * 3) }

  private static func colored(_ map: AttentionMap, side: Int) -> [[UInt8]] {
    let bytes = image(side: side).withUnsafeBytes { AttentionOverlay($0, side: side).colored(map) }
    return stride(from: 0, to: bytes.count, by: 3).map { Array(bytes[$0..<$0 + 3]) }
  }

  @Test func `a place is as bright as its part of the most, and the same where all are alike`() {
    let even = Self.colored(Self.map([1, 1, 1, 1], width: 2, pixels: 4), side: 8)
    #expect(Set(even).count == 1)
    let one = Self.colored(Self.map([0, 0, 0, 4], width: 2, pixels: 4), side: 8)
    #expect(one[63] == [204, 195, 135] && one[0][0] == 69 && one[0][2] == 87)
    #expect(even[0][0] > one[0][0] && even[0][0] < one[63][0])
  }

  @Test func `between the middles of two places it is between them, and beyond the map nothing`() {
    let map = Self.map([0, 1, 2], width: 3, pixels: 32)
    #expect([0, 0.5, 1, 1.5, 2.25, 2.9].map { map.share(down: 0.5, across: $0) } == [0, 0, 0.5, 1, 1.75, 2])
    #expect(map.share(down: 0.5, across: 3.1) == 0 && map.share(down: 1, across: 0) == 0)
  }

  @Test func `a large image is drawn smaller`() {
    let overlay = Self.image(side: 600).withUnsafeBytes { AttentionOverlay($0, side: 600) }
    #expect(overlay.side == 200)
    #expect(overlay.colored(Self.map([1], width: 1, pixels: 600)).count == 200 * 200 * 3)
  }

  @Test func `a page has each image's means and blocks, and its names are text`() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/maps.html"
    let local = Self.map([2, 0, 1, 1], width: 2, pixels: 4, .local(side: 2))
    let other = Self.map([0, 2, 1, 1], width: 2, pixels: 4, .local(side: 2))
    let global = Self.map([3], width: 1, pixels: 8, .global(r: 2))
    let maps = AttentionMaps(stages: [[local, global, other], [global]], rollout: nil)
    let sheet = try AttentionSheet(at: path, "alt_gvt_nano", weights: "<w>", logits: false)
    try Self.image(side: 8).withUnsafeBytes { bytes in
      let view = Predictor.View(pixels: bytes, side: 8)
      for name in ["<script>.jpg", "b.jpg"] {
        try sheet.add(name, [Prediction.Guess(class: "a&b", score: 0.5)], view, maps)
      }
    }
    try sheet.finish()
    let page = try String(contentsOfFile: path, encoding: .utf8)
    #expect(!page.contains("<script>") && !page.contains("<w>") && page.contains("a&amp;b 50.0%"))
    #expect(page.components(separatedBy: "<figure>").count == 1 + 2 * (1 + 3 + 4))
    // The mean of the first stage's two blocks with windows, and the first of them.
    #expect(page.contains("Stage 1 LSA</b> 1.0 ×<br><small>2 × 2 in windows of 2 × 2<"))
    #expect(page.contains("Block 1.1 LSA</b> 2.0 ×<br><small>2 × 2 in windows of 2 × 2<"))
    #expect(page.components(separatedBy: "LSA looks within windows").count == 2)
    #expect(page.contains("GSA looks at the whole") && !page.contains("class token"))
  }
}
