import Glibc
import System
import SystemPackage

/// The shards of a packed split, by their numbers: what each has of it, and which of them lie here.
public struct ShardTable: Sendable {
  /// How many images of the split each has.
  public let images: [Int]
  /// A number that differs where images lie elsewhere in the shards.
  public let digest: UInt32
  /// Where the last image of each ends, in bytes.
  private let ends: [Int]
  private let root: FilePath

  init(_ root: FilePath, _ places: Column<ShardIndex.Place>) {
    var images = [Int](repeating: 0, count: places.reduce(0) { max($0, Int($1.shard) + 1) })
    var ends = images
    for place in places {
      let shard = Int(place.shard)
      images[shard] += 1
      ends[shard] = max(ends[shard], place.offset + Int(place.length))
    }
    (self.root, self.images, self.ends) = (root, images, ends)
    digest = places.withBytes { CRC32C(of: $0).value }
  }

  /// Those that lie in this folder, as long as their last image needs: a copy that is cut off is none.
  public var held: [Int] {
    images.indices.filter { shard in
      var status = stat()
      let path = root.appending(ShardIndex.file(of: shard))
      return images[shard] > 0 && path.withPlatformString { stat($0, &status) } == 0
        && Int(status.st_size) >= ends[shard]
    }
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
