import Checkpoint
import Datasets
import Foundation
import Recipe
import System
import SystemPackage
import Training
import WorkerLink

/// The output folder of a run, and the files in it that rank 0 writes line by line.
struct OutputFolder {
  let path: String

  /// Refers to the folder at `path`, which need not exist and is not made.
  init(path: String) { self.path = path }

  /// Makes the folder at `path` if it does not exist; throws if it is not writable.
  init(creating path: String) throws(Failure) {
    self.init(path: path)
    try make()
  }

  /// Makes the folder if it does not exist; throws if it is not writable.
  func make() throws(Failure) {
    guard Folders.make(path), access(path, W_OK | X_OK) == 0 else {
      throw Self.refused(path, errorText(errno))
    }
  }

  /// The path of a file in the folder.
  func file(_ name: String) -> String { path + "/" + name }

  /// The checkpoints that a run can resume from.
  var checkpoints: CheckpointStore { CheckpointStore(ofRunIn: path) }

  /// The image indexes as seen by one host's workers.
  ///
  /// - Parameter isReadOnly: Whether to use existing ones and write nothing.
  func indexes(ofHost host: Int, isReadOnly: Bool) -> IndexFolder {
    IndexFolder(FilePath(file(RunLayout.index(host: host))), isReadOnly: isReadOnly)
  }

  /// Writes the resolved recipe, for people and for resuming.
  func write(_ recipe: Recipe) throws(Failure) {
    // A resumed run has it already, and a full disk has no room for a second one.
    let document = recipe.document
    if let bytes = try? RegularFile.contents(of: FilePath(file(RunLayout.recipe))),
      bytes.elementsEqual(document.utf8)
    {
      return
    }
    do {
      try AtomicFile.write(document, to: file(RunLayout.recipe))
    } catch {
      throw Failure(error)
    }
  }

  /// Opens a file of one JSON object per line for appending.
  func lines(_ name: String) throws(Failure) -> JSONLines {
    do {
      return try JSONLines(addingTo: file(name))
    } catch {
      throw Self.refused(path, "\(name): \(error.reason)")
    }
  }

  /// Opens a file for appending.
  func growing(_ name: String) throws(Failure) -> GrowingFile {
    do {
      return try GrowingFile(addingTo: file(name))
    } catch {
      throw Self.refused(path, "\(name): \(error.reason)")
    }
  }

  /// The curves for TensorBoard.
  var events: EventFiles { EventFiles(folder: file(RunLayout.events)) }

  /// Whether the folder was removed or moved.
  var isGone: Bool { access(path, F_OK) != 0 }

  /// Makes the folder again with the recipe if it is gone, and says so.
  func makeAgain(_ recipe: Recipe) throws(Failure) {
    if isGone {
      guard Folders.make(path) else { throw Self.refused(path, errorText(errno)) }
      Console.warn(
        "warning: \(path) was removed or moved during the run, and is made again without what was in it")
    }
    // If there is little room, the weights matter more.
    try? write(recipe)
  }

  /// Renames, once, the best weights of an old run that evaluated only their average.
  func nameBestAverage() {
    let name = file(RunLayout.weights(.best, average: true))
    if access(name, F_OK) != 0 { rename(file(RunLayout.weights(.best, average: false)), name) }
  }

  static func refused(_ path: String, _ reason: String) -> Failure {
    Failure(
      "cannot write to the output folder \(path): \(reason). "
        + "Choose one that this user may write to with --output-dir.", exitStatus: .inputOutput)
  }
}
