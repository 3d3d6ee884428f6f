import Glibc
import System
import SystemPackage

/// One folder's entries without hidden ones; names are bytes, in byte order.
struct Directory {
  private(set) var folders: [[UInt8]] = []
  private(set) var files: [[UInt8]] = []

  /// Reads the folder at `path`, following links. Throws `unreadable` with the system's reason.
  init(_ path: FilePath) throws(DataError) {
    do throws(SystemError) {
      let entries = try ReadRetries().keepTrying { () throws(SystemError) in try Self.entries(of: path) }
      for (name, type) in entries {
        if try Self.isFolder(type, name, in: path) { folders.append(name) } else { files.append(name) }
      }
    } catch {
      throw .unreadable(error)
    }
    folders.sort { $0.lexicographicallyPrecedes($1) }
    files.sort { $0.lexicographicallyPrecedes($1) }
  }

  // Names and types, as the system returns them.
  private static func entries(of path: FilePath) throws(SystemError) -> [(name: [UInt8], type: Int)] {
    guard let stream = path.withPlatformString({ opendir($0) }) else { throw SystemError("open", path) }
    defer { closedir(stream) }
    var entries: [(name: [UInt8], type: Int)] = []
    // Only errno distinguishes the folder's end from a failure.
    errno = 0
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      if name.first != UInt8(ascii: ".") { entries.append((name, Int(entry.pointee.d_type))) }
      errno = 0
    }
    guard errno == 0 else { throw SystemError("read", path) }
    return entries
  }

  /// Throws `missing` unless `path` is a folder or a link to one, `danglingLink` for a link that leads
  /// nowhere, and `unreadable` if the system cannot tell.
  static func require(_ path: FilePath, orThrow missing: DataError) throws(DataError) {
    do throws(SystemError) {
      _ = try FolderIdentity(path)
    } catch {
      guard error.errno == ENOENT || error.errno == ENOTDIR else { throw .unreadable(error) }
      throw FileLink.isDangling(path) ? .danglingLink(path) : missing
    }
  }

  // Most file systems give an entry's type; only links and other file systems need a look at the file.
  private static func isFolder(_ type: Int, _ name: [UInt8], in path: FilePath) throws(SystemError) -> Bool {
    switch type {
    case Int(DT_DIR): return true
    case Int(DT_LNK), Int(DT_UNKNOWN): return try isFolder(path.appending(bytes: name))
    default: return false
    }
  }

  // A link that leads nowhere is a file that cannot be read; an unreachable server says nothing about it.
  private static func isFolder(_ path: FilePath) throws(SystemError) -> Bool {
    do throws(SystemError) {
      _ = try FolderIdentity(path)
      return true
    } catch {
      if error.isTransient { throw error }
      return false
    }
  }
}

/// A folder's device and inode, which identify it whichever link leads to it.
struct FolderIdentity: Hashable {
  private let device: UInt64
  private let inode: UInt64

  /// Throws if `path` leads to no folder.
  init(_ path: FilePath) throws(SystemError) {
    let status = try ReadRetries().keepTrying { () throws(SystemError) in
      var status = stat()
      guard path.withPlatformString({ stat($0, &status) }) == 0 else { throw SystemError("open", path) }
      return status
    }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw SystemError("open", path, ENOTDIR) }
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
  }
}
