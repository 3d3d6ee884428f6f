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

/// The name that the first of several hosts gives the disk on which their folder lies: all others read it there.
public struct DiskMark {
  /// Equal for all who see the disk.
  public let text: String
  /// Where it is, for the host that has given it.
  private let path: String?

  /// Gives the name, or reads it where another has been first; nil where neither can be done, and the disk is taken for this host's own.
  ///
  /// - Parameter name: A name in the folder that all know and that was never there before.
  public init?(at name: String, in folder: String) {
    let path = "\(folder)/\(name)"
    let own = String(UInt64.random(in: .min ... .max))
    guard (try? FileSystem().makeFolders(folder)) != nil else { return nil }
    // A link comes to be with its text, so nobody reads half of it.
    if symlink(own, path) == 0 {
      (text, self.path) = (own, path)
    } else {
      var bytes = [CChar](repeating: 0, count: 64)
      let count = readlink(path, &bytes, bytes.count)
      guard count > 0 else { return nil }
      (text, self.path) = (
        String(decoding: bytes.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self), nil
      )
    }
  }

  /// Takes the name away, once all have read it, if this host has given it.
  public func remove() {
    if let path { unlink(path) }
  }
}
