import Glibc
import System
import SystemPackage

/// The shards of a packed split by number: how many images each has, and which exist here.
public struct ShardTable: Sendable {
  /// The number of images in each shard.
  public let images: [Int]
  /// Where the last image of each shard ends, in bytes.
  private let ends: [Int]
  private let root: FilePath
  private let places: Column<ShardIndex.Place>

  init(_ root: FilePath, _ places: Column<ShardIndex.Place>) {
    var (images, ends): ([Int], [Int]) = ([], [])
    // Directly in memory: every run scans all entries, of which there may be millions.
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

  /// A digest that differs where images lie elsewhere in the shards.
  public var digest: UInt32 { places.withBytes { CRC32C(of: $0).value } }

  /// Which shards with images exist in this folder now.
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

  /// Errors of the system are left to the shard's reader to report.
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
  /// The shards of a pack; nil if images have files of their own.
  public var shards: ShardTable? { places.map { ShardTable(root, $0) } }

  /// The images of one host in a division, for `ranks` ranks per host.
  public func share(of host: Int, in division: ShardDivision, ranks: Int) -> HostShare {
    HostShare(
      images: division.images, ranks: ranks, digest: division.digest,
      isOwn: places?.map { division.hosts[Int($0.shard)] == host } ?? [])
  }

  /// The same images, of which this host goes through a share; nil for all.
  func shared(_ share: HostShare?) -> ImageFolder {
    var folder = self
    folder.share = share
    return folder
  }
}

extension ImageFolderPair {
  /// The existing shards of a pack, split by split, or at once for a pack that is not split; empty if images
  /// have files of their own.
  public var shardPresence: [ShardPresence] { folders.compactMap(\.shards?.presence) }

  /// Throws if shards with images are missing or truncated here.
  ///
  /// - Parameter isByHost: Whether other hosts could have had them, if there were any.
  public func requireWholePacks(isByHost: Bool) throws(DataError) {
    let incomplete = shardPresence.filter { !$0.isWhole }
    if !incomplete.isEmpty { throw .incompletePacks(incomplete, isByHost: isByHost) }
  }
}
