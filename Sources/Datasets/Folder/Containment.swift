import Glibc
public import SystemPackage

/// Throws if a path, which need not exist, is `folder` or lies in it: what is written there would be taken
/// for its images.
public func require(_ path: FilePath, outside folder: FilePath) throws(DataError) {
  // By name too: a link inside the folder may lead out of it, but its target is still found there.
  if isNamed(path, in: folder) { throw .insideItself(path: path, folder: folder) }
  guard let identity = try? FolderIdentity(folder), var place = nearestFolder(of: path) else { return }
  repeat {
    if (try? FolderIdentity(place)) == identity { throw .insideItself(path: path, folder: folder) }
  } while place.removeLastComponent()
}

/// Whether a path is or lies in a folder by name alone.
private func isNamed(_ path: FilePath, in folder: FilePath) -> Bool {
  let (path, folder) = (path.lexicallyNormalized(), folder.lexicallyNormalized())
  guard path.isAbsolute == folder.isAbsolute, path.starts(with: folder) else { return false }
  return path.components.dropFirst(folder.components.count).first?.kind != .parentDirectory
}

/// The path itself or its nearest existing ancestor, with links resolved.
private func nearestFolder(of path: FilePath) -> FilePath? {
  var place = path
  repeat {
    if let real = (place.isEmpty ? "." : place).withPlatformString({ realpath($0, nil) }) {
      defer { free(real) }
      return FilePath(platformString: real)
    }
  } while place.removeLastComponent()
  return place.isEmpty && !path.isAbsolute ? nearestFolder(of: ".") : nil
}
