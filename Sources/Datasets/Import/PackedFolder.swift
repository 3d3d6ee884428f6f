import System
import SystemPackage

/// A pack written by `dataset pack`, whose index names classes and images: importing it unpacks it.
struct PackedFolder: ImportSource {
  private let splits: [(images: ImageFolder, isHeldOut: Bool)]

  /// Nil for a folder without a pack's index.
  init?(in folder: FilePath) throws(DataError) {
    let names = ImageFolderPair.splits
    var splits: [(ImageFolder, Bool)] = []
    for (name, isHeldOut) in [(names.training, false), (names.validation, true)] {
      let root = folder.appending(name)
      if let index = try ShardIndex(in: root) { splits.append((ImageFolder(root, index.split), isHeldOut)) }
    }
    guard !splits.isEmpty else { return nil }
    self.splits = splits
  }

  var name: String { "what dataset pack wrote" }

  var heeded: Set<ImportHints.Kind> { [] }

  var whole: WholeSet? { nil }

  func write(to target: inout some ImportTarget, _ say: (String) -> Void) throws(DataError) {
    let memory = FileMemory()
    for (images, isHeldOut) in splits {
      for index in 0..<images.count {
        let place = ImportPlace(
          isHeldOut: isHeldOut, className: images.classes[images.label(at: index)],
          name: images.name(of: index))
        let bytes = try images.contents(of: index, in: memory)
        try target.add(place, ImagePart(size: bytes.count)) { () throws(DataError) in Array(bytes) }
      }
      say("\(isHeldOut ? "val" : "train"): \(counted(images.count, "image"))")
    }
  }
}
