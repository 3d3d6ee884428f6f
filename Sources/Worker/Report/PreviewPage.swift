import Datasets
import Drawing
import Foundation
import System

/// A page with a batch's views, each with its class and file.
struct PreviewPage {
  let batch: PixelBatch
  let folder: ImageFolder
  /// The transforms of the images, in a sentence.
  let headline: String

  /// The whole page; nil when out of memory.
  var text: String? {
    var page = Page(title: "Training images")
    page.parts.append("<p>\(escaped(headline))</p>")
    let figures = (0..<batch.count).compactMap(figure)
    guard figures.count == batch.count else { return nil }
    page.parts.append("<div class=\"grid\">\n\(figures.joined(separator: "\n"))\n</div>")
    return page.text
  }

  /// The image that a view shows: the next intact one after a damaged one.
  private func image(of number: Int) -> Int {
    let damaged = Set(batch.damage.map(\.image))
    var index = batch.indices[number] % folder.count
    while damaged.contains(index) { index = (index + 1) % folder.count }
    return index
  }

  private func figure(_ number: Int) -> String? {
    let (side, index) = (batch.size, image(of: number))
    let bytes = side * side * 3
    guard
      let png = encodedPNG(
        Array(batch.pixels[(number * bytes)..<((number + 1) * bytes)]), width: side, height: side)
    else { return nil }
    let name = escaped(folder.classes[batch.labels[number]].description)
    // The class and the file name; in a pack, the shard first.
    let path = escaped(masked(folder[index].path.bytes.dropFirst(folder.root.bytes.count + 1)))
    return "<figure><img width=\"\(side)\" height=\"\(side)\" alt=\"\(name)\" src=\"data:image/png;base64,"
      + "\(Data(png).base64EncodedString())\"><figcaption><b>\(name)</b><br><small>\(path)</small></figcaption></figure>"
  }
}
