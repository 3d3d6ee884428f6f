import System
import SystemPackage

/// Checks that a pack's shards are still the archives that were written: names and classes around the images,
/// and the archives' ends.
///
/// Training takes all this from the index, but programs that read only the archives, such as tar and
/// WebDataset, depend on it.
struct ShardCheck: Sendable {
  private let images: ImageFolder
  private let shards: Shards
  private let places: Column<ShardIndex.Place>
  /// The last image of each shard.
  private let last: [UInt32: Int]

  /// Nil if images have files of their own.
  init?(_ images: ImageFolder) {
    guard let shards = images.openShards, let places = images.places else { return nil }
    (self.images, self.shards, self.places) = (images, shards, places)
    var last: [UInt32: Int] = [:]
    for (index, place) in places.enumerated()
    where last[place.shard].map({ places[$0].block < place.block }) ?? true {
      last[place.shard] = index
    }
    self.last = last
  }

  /// Checks what surrounds an image, and what follows a shard's last one; throws if it is not what was
  /// packed.
  func look(around index: Int, _ memory: FileMemory) throws(DataError) {
    let (place, label) = (places[index], images.label(at: index))
    let frame = SampleFrame(number: index, label: label)
    let start = place.offset - TarMember.block
    try require(header: read(start, TarMember.block, index, memory), of: frame, place, at: start)
    let rest = frame.rest(after: Int(place.length))
    let end = place.offset + Int(place.length)
    let isLast = last[place.shard] == index
    // Reads one byte more, which should not exist.
    let found = try read(end, rest.count + (isLast ? TarMember.end.count + 1 : 0), index, memory)
    if !found.starts(with: rest) { throw damage(in: found, rest, frame, label, place, at: end) }
    if isLast, found.dropFirst(rest.count) != TarMember.end[...] {
      let reason =
        found.count > rest.count + TarMember.end.count
        ? "something follows its end" : "the mark of its end is not there: it is cut off, or changed"
      throw .damagedShard(path(of: place), offset: end + rest.count, reason: reason)
    }
  }

  private func read(_ offset: Int, _ count: Int, _ index: Int, _ memory: FileMemory) throws(DataError)
    -> [UInt8]
  {
    Array(
      try shards.read(places[index].shard, at: offset, count: count, for: images[index].path, in: memory))
  }

  // The name's extension depends on the image's format, so the header found is checked by itself.
  private func require(
    header: [UInt8], of frame: SampleFrame, _ place: ShardIndex.Place, at offset: Int
  ) throws(DataError) {
    let ending = header.prefix { $0 != 0 }.dropFirst(frame.key.utf8.count + 1)
    let isName = (1...Self.longestEnding).contains(ending.count) && ending.allSatisfy(Self.letters.contains)
    guard
      !isName
        || header != frame.header(ending: String(decoding: ending, as: UTF8.self), count: Int(place.length))
    else { return }
    throw .damagedShard(
      path(of: place), offset: offset, reason: Self.fault(in: header, of: "image \(frame.key)"))
  }

  private static let (longestEnding, letters) = (8, UInt8(ascii: "a")...UInt8(ascii: "z"))

  private func damage(
    in found: [UInt8], _ expected: [UInt8], _ frame: SampleFrame, _ label: Int, _ place: ShardIndex.Place,
    at offset: Int
  ) -> DataError {
    let first = zip(found, expected).enumerated().first { $1.0 != $1.1 }?.offset ?? found.count
    // From the end: the class, its header, and the padding of the image's last block.
    let content = expected.count - TarMember.block
    let header = content - TarMember.block
    let reason: String
    switch first {
    case _ where found.count < expected.count: reason = "it ends before the class of image \(frame.key)"
    case content...:
      let text = found[content..<expected.count].prefix { $0 != 0 }
      reason = "\(frame.key).cls has \"\(masked(text))\", and \(ShardIndex.name) class \(label)"
    case header...: reason = Self.fault(in: Array(found[header..<content]), of: "\(frame.key).cls")
    default: reason = "what fills the block behind image \(frame.key) is changed"
    }
    return .damagedShard(path(of: place), offset: offset + first, reason: reason)
  }

  private static func fault(in header: [UInt8], of name: String) -> String {
    TarHeader(header) == nil
      ? "the header of \(name) is cut off or changed (its checksum is another)"
      : "the header there is not that of \(name)"
  }

  private func path(of place: ShardIndex.Place) -> FilePath {
    images.root.appending(ShardIndex.file(of: place.shard))
  }
}

extension [DataError] {
  /// The same with a single error for each kind of damage to a shard: the first, and how many more there are.
  var onceAShard: [DataError] {
    var counts: [ShardFault: Int] = [:]
    for fault in compactMap(\.shardFault) { counts[fault, default: 0] += 1 }
    return compactMap { error in
      guard let fault = error.shardFault else { return error }
      return counts.removeValue(forKey: fault).map { error.standing(for: $0) }
    }
  }
}

/// What errors of one shard have in common; errors in the archive around the images count as alike.
private struct ShardFault: Hashable {
  let shard: FilePath
  let reason: String?
}

extension DataError {
  fileprivate var shardFault: ShardFault? {
    switch self {
    case .damagedShard(let path, _, _, _): ShardFault(shard: path, reason: nil)
    case .changedImage(let path, let reason, _):
      ShardIndex.shard(of: path).map { ShardFault(shard: $0, reason: reason) }
    default: nil
    }
  }

  /// The same error, standing for `count` of them.
  fileprivate func standing(for count: Int) -> DataError {
    switch self {
    case .damagedShard(let path, let offset, let reason, _):
      .damagedShard(path, offset: offset, reason: reason, more: count - 1)
    case .changedImage(let path, let reason, _): .changedImage(path: path, reason: reason, more: count - 1)
    default: self
    }
  }
}
