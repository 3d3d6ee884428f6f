import Glibc
public import SystemPackage

/// Throws where a path, which need not be there, lies in `folder` or is that: what is written there would be taken for its images.
public func require(_ path: FilePath, outside folder: FilePath) throws(DataError) {
  // Through a link it may lead out again, and is found in the folder nevertheless.
  if isNamed(path, in: folder) { throw .insideItself(path: path, folder: folder) }
  guard let identity = try? FolderIdentity(folder), var place = nearestFolder(of: path) else { return }
  repeat {
    if (try? FolderIdentity(place)) == identity { throw .insideItself(path: path, folder: folder) }
  } while place.removeLastComponent()
}

/// Whether a path lies in a folder, or is that, by their names alone.
private func isNamed(_ path: FilePath, in folder: FilePath) -> Bool {
  let (path, folder) = (path.lexicallyNormalized(), folder.lexicallyNormalized())
  guard path.isAbsolute == folder.isAbsolute, path.starts(with: folder) else { return false }
  return path.components.dropFirst(folder.components.count).first?.kind != .parentDirectory
}

/// The path itself, or the nearest above it that is there, without links.
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
