import Glibc
import System
import SystemPackage

/// The shards of a packed split, by their numbers: what each has of it, and which of them lie here.
public struct ShardTable: Sendable {
  /// How many images of the split each has.
  public let images: [Int]
  /// Where the last image of each ends, in bytes.
  private let ends: [Int]
  private let root: FilePath
  private let places: Column<ShardIndex.Place>

  init(_ root: FilePath, _ places: Column<ShardIndex.Place>) {
    var (images, ends): ([Int], [Int]) = ([], [])
    // Of millions of images each run looks at all, as they lie in memory.
    places.withBytes { bytes in
      for place in bytes.assumingMemoryBound(to: ShardIndex.Place.self) {
        let shard = Int(place.shard)
        while images.count <= shard {
          images.append(0)
          ends.append(0)
        }
        images[shard] += 1
        ends[shard] = max(ends[shard], place.offset + Int(place.length))
      }
    }
    (self.root, self.places, self.images, self.ends) = (root, places, images, ends)
  }

  /// A number that differs where images lie elsewhere in the shards.
  public var digest: UInt32 { places.withBytes { CRC32C(of: $0).value } }

  /// Which of those that have images lie in this folder now.
  public var presence: ShardPresence {
    var (whole, cutOff, absent): ([Int], [Int], [Int]) = ([], [], [])
    for shard in images.indices where images[shard] > 0 {
      switch state(of: shard) {
      case .whole: whole.append(shard)
      case .cutOff: cutOff.append(shard)
      case .absent: absent.append(shard)
      }
    }
    return ShardPresence(
      folder: root, whole: whole, cutOff: cutOff, absent: absent, images: images.reduce(0, +),
      imagesHere: whole.reduce(0) { $0 + images[$1] })
  }

  private enum State { case whole, cutOff, absent }

  /// What the system refuses to tell of a file, its reader meets and says.
  private func state(of shard: Int) -> State {
    var status = stat()
    let path = root.appending(ShardIndex.file(of: shard))
    guard path.withPlatformString({ stat($0, &status) }) == 0 else {
      return errno == ENOENT || errno == ENOTDIR ? .absent : .whole
    }
    return Int(status.st_size) >= ends[shard] ? .whole : .cutOff
  }
}

extension ImageFolder {
  /// The shards of a pack; nil where images have files of their own.
  public var shards: ShardTable? { places.map { ShardTable(root, $0) } }

  /// What one host of a division goes through, which has so many ranks.
  public func share(of host: Int, in division: ShardDivision, ranks: Int) -> HostShare {
    HostShare(
      images: division.images, ranks: ranks, digest: division.digest,
      isOwn: places?.map { division.hosts[Int($0.shard)] == host } ?? [])
  }

  /// The same images, of which this host goes through a share; nil for all of them.
  func shared(_ share: HostShare?) -> ImageFolder {
    var folder = self
    folder.share = share
    return folder
  }
}

extension ImageFolderPair {
  /// Which shards of a pack lie here, split by split, or at once for a pack that is not split; empty where images have files of their
  /// own.
  public var shardPresence: [ShardPresence] { folders.compactMap(\.shards?.presence) }

  /// Throws where shards with images are missing here or cut off.
  ///
  /// - Parameter isByHost: Whether another host might have had them, if there were one.
  public func requireWholePacks(isByHost: Bool) throws(DataError) {
    let incomplete = shardPresence.filter { !$0.isWhole }
    if !incomplete.isEmpty { throw .incompletePacks(incomplete, isByHost: isByHost) }
  }
}
