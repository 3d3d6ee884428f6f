import System
import SystemPackage

/// The images below one class folder, in the order of torchvision's `sorted(os.walk(folder,
/// followlinks=True))`.
struct ImageWalk {
  /// Paths below the class folder.
  private(set) var images: [[UInt8]] = []
  /// Paths of files that are images neither by name nor by their first bytes.
  private(set) var leftOut: [[UInt8]] = []
  /// Folders that could not be read, and why.
  private(set) var failures: [DataError] = []
  /// The folders, and the files whose names leave open whether they are images, each with its stamp from
  /// before it was read.
  private(set) var sources: [(path: [UInt8], stamp: Stamp)] = []

  private let root: FilePath
  private var found: [(folder: [UInt8], files: [[UInt8]])] = []

  /// Walks `folder`; a link back to a folder being walked is not followed again.
  init(_ folder: FilePath) {
    root = folder
    visit([], ancestors: [])
    found.sort { $0.folder.lexicographicallyPrecedes($1.folder) }
    for (folder, files) in found {
      for file in files { add(file, Self.path(file, in: folder)) }
    }
    found = []
  }

  /// Whether an image's path sorts before another's.
  ///
  /// Folders are ordered by their whole paths: "a-b" comes between "a" and "a/b".
  static func precedes(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    func parts(_ path: [UInt8]) -> (folder: ArraySlice<UInt8>, file: ArraySlice<UInt8>) {
      guard let slash = path.lastIndex(of: UInt8(ascii: "/")) else { return ([], path[...]) }
      return (path[..<slash], path[(slash + 1)...])
    }
    let (a, b) = (parts(a), parts(b))
    if a.folder == b.folder { return a.file.lexicographicallyPrecedes(b.file) }
    return a.folder.lexicographicallyPrecedes(b.folder)
  }

  private mutating func visit(_ path: [UInt8], ancestors: Set<FolderIdentity>) {
    let folder = path.isEmpty ? root : root.appending(bytes: path)
    do throws(DataError) {
      let identity = try Self.identity(folder)
      guard !ancestors.contains(identity) else { return }
      sources.append((path, Stamp(folder)))
      let directory = try Directory(folder)
      found.append((path, directory.files))
      for name in directory.folders {
        visit(Self.path(name, in: path), ancestors: ancestors.union([identity]))
      }
    } catch {
      failures.append(error)
    }
  }

  // A file named as an image counts as one, so that a broken one is reported instead of skipped.
  private mutating func add(_ file: [UInt8], _ path: [UInt8]) {
    do throws(SystemError) {
      if try isImage(file, path) { images.append(path) } else { leftOut.append(path) }
    } catch {
      failures.append(.unreadable(error))
    }
  }

  private mutating func isImage(_ file: [UInt8], _ path: [UInt8]) throws(SystemError) -> Bool {
    if ImageFolder.isImage(file) { return true }
    let whole = root.appending(bytes: path)
    sources.append((path, Stamp(whole)))
    return try ImageFormat(fileAt: whole)?.isUnmistakable ?? false
  }

  private static func identity(_ folder: FilePath) throws(DataError) -> FolderIdentity {
    do throws(SystemError) { return try FolderIdentity(folder) } catch { throw .unreadable(error) }
  }

  private static func path(_ name: [UInt8], in folder: [UInt8]) -> [UInt8] {
    folder.isEmpty ? name : folder + [UInt8(ascii: "/")] + name
  }
}
