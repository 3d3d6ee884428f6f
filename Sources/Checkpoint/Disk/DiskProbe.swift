import Glibc

/// A uniquely named file by which other hosts tell whether they see the same disk: no host can have its name
/// in a cache.
public struct DiskProbe {
  /// The name that others look for in their folder.
  public let name: String
  private let path: String

  /// Creates the file in a folder, which is made if necessary; nil if that fails.
  public init?(in folder: String) {
    let disk = FileSystem()
    name = TemporaryName.own.temporaryName(for: "disk-\(UInt64.random(in: .min ... .max))")
    path = "\(folder)/\(name)"
    guard (try? disk.makeFolders(folder)) != nil, (try? FileWriter(creating: path, on: disk)) != nil else {
      return nil
    }
  }

  /// Whether a folder contains the file of that name, so lies on the disk of the host that made it.
  public static func isSeen(_ name: String, in folder: String) -> Bool {
    FileSystem().exists("\(folder)/\(name)")
  }

  /// Removes the file.
  public func remove() { unlink(path) }
}

/// A name for the disk that several hosts share, given by the first host to come and read by all others.
public struct DiskMark {
  /// Equal on all hosts that see the disk.
  public let text: String
  /// The file's path, on the host that made it.
  private let path: String?

  /// Makes the name, or reads it if another host was first; nil if neither is possible, when the disk counts
  /// as this host's own.
  ///
  /// - Parameter name: A file name that all hosts know and that was never used before.
  public init?(at name: String, in folder: String) {
    let path = "\(folder)/\(name)"
    let own = String(UInt64.random(in: .min ... .max))
    guard (try? FileSystem().makeFolders(folder)) != nil else { return nil }
    // A symbolic link is created together with its content, so nobody can read half of it.
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

  /// Removes the file if this host made it; call it once all hosts have read it.
  public func remove() {
    if let path { unlink(path) }
  }
}
