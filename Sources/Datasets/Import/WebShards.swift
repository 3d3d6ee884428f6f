import FoundationEssentials
import System
import SystemPackage

/// A WebDataset: tar files in which the parts of a sample, `KEY.jpg` and `KEY.cls` or `KEY.json`, follow one another.
///
/// A class is named by its text, or by its number in five digits, so that the order of names is that of numbers. Images are named
/// by their shard and key, since keys are often unique in a shard alone.
struct WebShards: ImportSource {
  private let shards: [(path: FilePath, isHeldOut: Bool)]

  /// One sample: an image and what is said of its class.
  private struct Sample {
    var key: [UInt8] = []
    var image: (ending: [UInt8], bytes: [UInt8], offset: Int)?
    var label: ClassName?
  }

  /// Shards whose names, or folder's, tell train from val.
  init(_ shards: [FilePath], _ hints: ImportHints) {
    self.shards = shards.map { ($0, Self.isHeldOut($0) ?? hints.isHeldOut) }
  }

  /// The shards in a folder and in train/ and val/ below it; nil where there are none.
  init?(in folder: FilePath, _ hints: ImportHints) throws(DataError) {
    var shards: [FilePath] = []
    for place in [folder, folder.appending("train"), folder.appending("val")] {
      guard Folders.isFolder(place) else { continue }
      shards += try Directory(place).files.filter(Self.isShard).map { place.appending(bytes: $0) }
    }
    guard !shards.isEmpty else { return nil }
    self.init(shards, hints)
  }

  var name: String { "WebDataset (\(counted(shards.count, "shard")))" }

  var heeded: Set<ImportHints.Kind> { [.split] }

  var whole: WholeSet? { nil }

  func write(to folder: inout ImportedFolder, _ say: (String) -> Void) throws(DataError) {
    for (number, shard) in shards.enumerated() {
      try write(shard.path, shard.isHeldOut, to: &folder)
      say("\(shard.isHeldOut ? "val" : "train"): shard \(number + 1) of \(shards.count)")
    }
  }

  private func write(_ path: FilePath, _ isHeldOut: Bool, to folder: inout ImportedFolder) throws(DataError) {
    var members = TarReader(try ArchiveStream(path))
    var sample = Sample()
    let stem = Self.stem(path)
    while let member = try members.next() {
      let name = member.name
      let base = name.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
      guard let dot = name[base...].firstIndex(of: UInt8(ascii: ".")), dot > base else { continue }
      let key = Array(name[..<dot])
      if key != sample.key {
        try finish(sample, stem, isHeldOut, path, to: &folder)
        sample = Sample(key: key)
      }
      let ending = ImageFolder.ending(of: name)
      if ImageFolder.isImage(name) {
        guard sample.image == nil else {
          throw .unusableMember(
            path: path, offset: member.offset, reason: "sample \(masked(key)) has two images, and one label")
        }
        sample.image = (ending, try members.contents(of: member), member.offset)
      } else if ending.elementsEqual("cls".utf8) {
        sample.label = Self.className(text: try members.contents(of: member))
      } else if ending.elementsEqual("json".utf8), sample.label == nil {
        sample.label = Self.className(json: try members.contents(of: member))
      }
    }
    try finish(sample, stem, isHeldOut, path, to: &folder)
  }

  // Parts without an image are of no use; an image without a class is an error.
  private func finish(
    _ sample: Sample, _ stem: String, _ isHeldOut: Bool, _ path: FilePath, to folder: inout ImportedFolder
  ) throws(DataError) {
    guard let image = sample.image else { return }
    guard let label = sample.label else {
      throw .unusableMember(
        path: path, offset: image.offset,
        reason: "sample \(masked(sample.key)) has no class: neither .cls nor a .json with class or label")
    }
    let key = sample.key.map { $0 == UInt8(ascii: "/") ? UInt8(ascii: "_") : $0 }
    let place = ImportedFolder.Place(
      isHeldOut: isHeldOut, className: label,
      name: Array("\(stem)_".utf8) + key + [UInt8(ascii: ".")] + image.ending)
    try folder.add(place, size: image.bytes.count) { () throws(DataError) in image.bytes }
  }

  private static let endings = [".tar", ".tar.gz", ".tgz"]

  private static func isShard(_ name: [UInt8]) -> Bool {
    endings.contains(where: String(decoding: name, as: UTF8.self).lowercased().hasSuffix)
  }

  /// A shard's name without its ending; what else has a dot in it tells shards apart.
  static func stem(_ path: FilePath) -> String {
    let name = path.lastComponent?.string ?? ""
    let ending = endings.first(where: name.lowercased().hasSuffix)
    return String(name.dropLast(ending?.count ?? 0))
  }

  /// What a shard's name and its folder's say: `imagenet-train-000012.tar`, `val/000.tar`; nil where they say nothing.
  static func isHeldOut(_ path: FilePath) -> Bool? {
    for component in [path.lastComponent, path.removingLastComponent().lastComponent] {
      let words = (component?.string.lowercased() ?? "").split { !$0.isLetter }.map(String.init)
      if words.contains(where: ["val", "valid", "validation", "test", "eval"].contains) { return true }
      if words.contains(where: ["train", "training"].contains) { return false }
    }
    return nil
  }

  /// The class that a `.cls` names; nil where it is empty.
  static func className(text: [UInt8]) -> ClassName? {
    let words = text.split { $0 <= UInt8(ascii: " ") }
    guard let (first, last) = words.first.flatMap({ first in words.last.map { (first, $0) } }) else {
      return nil
    }
    let name = Array(text[first.startIndex..<last.endIndex])
    if let number = Int(String(decoding: name, as: UTF8.self)), number >= 0 {
      return ClassName(number: number)
    }
    return ClassName(bytes: name)
  }

  /// The class that a `.json` names, a name before a number; nil where it has none.
  static func className(json: [UInt8]) -> ClassName? {
    guard let fields = try? JSONDecoder().decode([String: Field].self, from: Data(json)) else { return nil }
    let values = ["class_name", "classname", "class", "label_name", "label", "cls"].compactMap { fields[$0] }
    let (texts, numbers) = (values.compactMap(\.text), values.compactMap(\.number))
    return texts.first.flatMap { className(text: Array($0.utf8)) }
      ?? numbers.first.flatMap { $0 < 0 ? nil : ClassName(number: $0) }
  }

  /// A value of a sample's description: a text, a whole number or what nobody asks for.
  private struct Field: Decodable {
    let text: String?
    let number: Int?

    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      text = try? value.decode(String.self)
      number = text == nil ? try? value.decode(Int.self) : nil
    }
  }
}

extension ClassName {
  /// The name of a class that has only a number: five digits, as many as ImageNet-21k needs.
  fileprivate init(number: Int) { self.init(bytes: Array(String(number, digits: 5).utf8)) }
}
