import Checkpoint
import Datasets
import Foundation
import Recipe
import System
import SystemPackage
import Training
import WorkerLink

/// The output folder of a run and the files in it that rank 0 writes line by line.
struct OutputFolder {
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
      throw Self.refused(path, errorText(errno))
    }
  }

  /// The path of a file in the folder.
  func file(_ name: String) -> String { path + "/" + name }

  /// The states that a run can go on from.
  var checkpoints: CheckpointStore { CheckpointStore(ofRunIn: path) }

  /// The indexes of the images, as the workers of one host see those.
  ///
  /// - Parameter isReadOnly: Whether those that lie there are used, and nothing is written.
  func indexes(ofHost host: Int, isReadOnly: Bool) -> IndexFolder {
    IndexFolder(FilePath(file(RunLayout.index(host: host))), isReadOnly: isReadOnly)
  }

  /// Writes the resolved recipe, for people and for the next run.
  func write(_ recipe: Recipe) throws(Failure) {
    // A run that goes on has it, and a full disk has no room for it twice.
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

  /// Opens a file of one JSON object a line, to add to.
  func lines(_ name: String) throws(Failure) -> JSONLines {
    do {
      return try JSONLines(addingTo: file(name))
    } catch {
      throw Self.refused(path, "\(name): \(error.reason)")
    }
  }

  /// Opens a file to add to.
  func growing(_ name: String) throws(Failure) -> GrowingFile {
    do {
      return try GrowingFile(addingTo: file(name))
    } catch {
      throw Self.refused(path, "\(name): \(error.reason)")
    }
  }

  /// The curves for TensorBoard.
  var events: EventFiles { EventFiles(folder: file(RunLayout.events)) }

  /// Whether somebody removed or moved the folder.
  var isGone: Bool { access(path, F_OK) != 0 }

  /// Makes the folder again where it is gone, with the recipe in it; says so.
  func makeAgain(_ recipe: Recipe) throws(Failure) {
    if isGone {
      guard Folders.make(path) else { throw Self.refused(path, errorText(errno)) }
      Console.warn(
        "warning: \(path) was removed or moved during the run, and is made again without what was in it")
    }
    // Without room for it, the weights come first.
    try? write(recipe)
  }

  /// Gives the best weights of a run that evaluated only their average the name of what they are, once.
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
