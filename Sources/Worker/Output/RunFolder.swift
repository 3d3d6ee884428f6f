import Checkpoint
import Foundation
import Recipe
import System
import SystemPackage

/// The output folder of a run and the files in it that rank 0 writes line by line.
struct RunFolder {
  let path: String

  /// The folder at `path`, which need not be there and is not made.
  init(path: String) { self.path = path }

  /// The folder at `path`, made if it is not there; throws when it cannot be written to.
  init(creating path: String) throws(Failure) {
    self.init(path: path)
    try make()
  }

  /// Makes the folder if it is not there; throws when it cannot be written to.
  func make() throws(Failure) {
    guard Folders.make(path), access(path, W_OK | X_OK) == 0 else {
      throw Self.refused(path, String(cString: strerror(errno)))
    }
  }

  static func refused(_ path: String, _ reason: String) -> Failure {
    Failure(
      "cannot write to the output folder \(path): \(reason). "
        + "Choose one that this user may write to with --output-dir.", exitCode: .inputOutput)
  }

  /// The path of a file in the folder.
  func file(_ name: String) -> String { path + "/" + name }

  /// The states that a run can go on from.
  var checkpoints: CheckpointStore { CheckpointStore(folder: file("checkpoints")) }

  /// Writes the resolved recipe, for people and for the next run.
  func write(_ recipe: Recipe) throws(Failure) {
    // A run that goes on has it, and a full disk has no room for it twice.
    let document = recipe.document
    if let bytes = try? RegularFile.contents(of: FilePath(file("recipe.json"))),
      bytes.elementsEqual(document.utf8)
    {
      return
    }
    do {
      try AtomicFile.write(document, to: file("recipe.json"))
    } catch {
      throw Failure(error)
    }
  }

  /// Opens a file of one JSON object a line, to add to.
  func lines(_ name: String) throws(Failure) -> JSONLines {
    do {
      return try JSONLines(addingTo: file(name))
    } catch {
      throw Self.refused(path, "\(name): \(error.reason)")
    }
  }
}
