import Glibc

/// A file by which other hosts tell whether they see the same disk: its name was never there before, so no host knows it from a cache.
public struct DiskProbe {
  /// What others look for in the folder that is theirs.
  public let name: String
  private let path: String

  /// Leaves the file in a folder, which is made where it is not there; nil where that cannot be done.
  public init?(in folder: String) {
    let disk = FileSystem()
    name = TemporaryName.own.temporaryName(for: "disk-\(UInt64.random(in: .min ... .max))")
    path = "\(folder)/\(name)"
    guard (try? disk.makeFolders(folder)) != nil, (try? FileWriter(creating: path, on: disk)) != nil else {
      return nil
    }
  }

  /// Whether a folder has the file of that name, so that it lies on the disk of whoever left it.
  public static func isSeen(_ name: String, in folder: String) -> Bool {
    FileSystem().exists("\(folder)/\(name)")
  }

  /// Takes the file away.
  public func remove() { unlink(path) }
}
