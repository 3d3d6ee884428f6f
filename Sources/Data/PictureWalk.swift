/// The pictures below one class folder, in the order of torchvision's `sorted(os.walk(folder, followlinks=True))`.
struct PictureWalk {
  /// Paths below the class folder.
  private(set) var pictures: [String] = []

  /// Walks `folder`; a link back to a folder that is being walked is not followed again.
  init(_ folder: String) throws(DataError) {
    var found: [(folder: String, files: [String])] = []
    try Self.visit(folder, below: "", ancestors: [], found: &found)
    // The walk's folders are ordered by their whole paths: "a-b" comes between "a" and "a/b".
    found.sort { Directory.precedes($0.folder, $1.folder) }
    for (folder, files) in found {
      let prefix = folder.isEmpty ? "" : "\(folder)/"
      pictures += files.filter(ImageFolder.isPicture).map { prefix + $0 }
    }
  }

  private static func visit(
    _ root: String, below path: String, ancestors: Set<FolderIdentity>,
    found: inout [(folder: String, files: [String])]
  ) throws(DataError) {
    let folder = path.isEmpty ? root : "\(root)/\(path)"
    guard let identity = Directory.identity(folder), !ancestors.contains(identity) else { return }
    let directory = try Directory(folder)
    found.append((path, directory.files))
    for name in directory.folders {
      let inner = path.isEmpty ? name : "\(path)/\(name)"
      try visit(root, below: inner, ancestors: ancestors.union([identity]), found: &found)
    }
  }
}
