import System
import SystemPackage

/// One tar file of a WebDataset.
struct WebShard {
  let path: FilePath
  let isHeldOut: Bool
  /// The start of its images' names.
  var stem: String

  /// Adds the shard's images; returns the number of further images that were ignored.
  func write(to target: inout some ImportTarget, _ say: (String) -> Void) throws(DataError) -> Int {
    var members = TarReader(try ArchiveStream(checking: path, say))
    var sample = WebSample()
    var further = 0
    while let member = try members.next() {
      let name = member.name
      let base = name.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
      guard let dot = name[base...].firstIndex(of: UInt8(ascii: ".")), dot > base else { continue }
      let key = Array(name[..<dot])
      if key != sample.key {
        further += try finish(sample, members, to: &target)
        sample = WebSample(key: key)
      }
      let ending = ImageFolder.ending(of: name)
      if ImageFolder.isImage(name) {
        // Members of a compressed archive can only be read in passing.
        sample.images.append(
          WebSample.Image(
            ending: ending, isPlainlyNamed: !name[(dot + 1)...].contains(UInt8(ascii: ".")), member: member,
            bytes: members.isSeekable ? nil : try members.contents(of: member)))
      } else if ending.elementsEqual("cls".utf8) {
        sample.label = WebSample.className(text: try members.contents(of: member))
      } else if ending.elementsEqual("json".utf8), sample.label == nil {
        sample.label = WebSample.className(json: try members.contents(of: member))
      }
    }
    return try further + finish(sample, members, to: &target)
  }

  // A sample without an image is skipped; an image without a class is an error.
  private func finish(
    _ sample: WebSample, _ members: TarReader, to target: inout some ImportTarget
  ) throws(DataError) -> Int {
    guard let first = sample.images.first else { return 0 }
    guard let image = sample.image else { throw unusable(first, sample, "has two images, and one label") }
    guard let label = sample.label else {
      throw unusable(image, sample, "has no class: neither .cls nor a .json with class or label")
    }
    let key = sample.key.map { $0 == UInt8(ascii: "/") ? UInt8(ascii: "_") : $0 }
    let name = Array("\(stem)_".utf8) + key + [UInt8(ascii: ".")] + image.ending
    let place = ImportPlace(
      isHeldOut: isHeldOut, className: label,
      name: name.count > ImportPlace.longestName ? ImportPlace.marked(name, by: name) : name)
    try target.add(place, members.part(of: image.member)) { () throws(DataError) in
      if let bytes = image.bytes { return bytes }
      return try members.contents(of: image.member)
    }
    return sample.images.count - 1
  }

  private func unusable(_ image: WebSample.Image, _ sample: WebSample, _ reason: String) -> DataError {
    .unusableMember(
      path: path, offset: image.member.offset, reason: "sample \(masked(sample.key)) \(reason)")
  }

  private static let endings = [".tar", ".tar.gz", ".tgz"]

  static func isShard(_ name: [UInt8]) -> Bool {
    endings.contains(where: String(decoding: name, as: UTF8.self).lowercased().hasSuffix)
  }

  /// A shard's name without its extension; further dots stay, as they distinguish shards.
  static func stem(_ path: FilePath) -> String {
    let name = path.lastComponent?.string ?? ""
    let ending = endings.first(where: name.lowercased().hasSuffix)
    return String(name.dropLast(ending?.count ?? 0))
  }

  /// The split named by a shard or its folder, such as `imagenet-train-000012.tar` or `val/000.tar`; nil if
  /// neither does.
  static func word(in path: FilePath) -> SplitWord? {
    SplitWord(
      names: [path.lastComponent, path.removingLastComponent().lastComponent].compactMap { $0?.string })
  }

  /// The split named by a shard, by the folders between it and the data set's, or by the data set's.
  static func word(in folder: FilePath, below name: [UInt8]) -> SplitWord? {
    let parts = name.split(separator: UInt8(ascii: "/")).map { String(decoding: $0, as: UTF8.self) }
    return SplitWord(names: parts.reversed() + [folder.lastComponent?.string ?? ""])
  }
}
