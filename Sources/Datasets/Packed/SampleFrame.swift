import System

/// What surrounds an image's bytes in a shard: a header before them and, after them, its class number as a
/// file of its own, as in WebDataset.
struct SampleFrame {
  /// The name of both files, without extension.
  let key: String
  /// The class of the image.
  private let label: [UInt8]

  /// Makes the frame of the image with this number in its folder.
  init(number: Int, label: Int) {
    key = String(number, digits: 9)
    self.label = Array("\(label)".utf8)
  }

  /// The header of an image of `count` bytes.
  func header(ending: String, count: Int) -> [UInt8] { TarMember.header("\(key).\(ending)", count: count) }

  /// The bytes that follow the image's.
  func rest(after count: Int) -> [UInt8] {
    TarMember.padding(after: count) + TarMember.header("\(key).cls", count: label.count) + label
      + TarMember.padding(after: label.count)
  }
}
