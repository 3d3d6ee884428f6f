import System

/// What a shard holds around the bytes of an image: a name before them, and after them the number of its class as a file of its
/// own, as WebDataset has samples.
struct SampleFrame {
  /// The name of both files, but for its ending.
  let key: String
  /// The class of the image.
  private let label: [UInt8]

  /// Of the image with this number in its folder.
  init(number: Int, label: Int) {
    key = String(number, digits: 9)
    self.label = Array("\(label)".utf8)
  }

  /// The header of an image of so many bytes.
  func header(ending: String, count: Int) -> [UInt8] { TarMember.header("\(key).\(ending)", count: count) }

  /// What follows those bytes.
  func rest(after count: Int) -> [UInt8] {
    TarMember.padding(after: count) + TarMember.header("\(key).cls", count: label.count) + label
      + TarMember.padding(after: label.count)
  }
}
