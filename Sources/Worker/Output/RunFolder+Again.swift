import Foundation
import Recipe
import System

extension RunFolder {
  /// Whether somebody removed or moved the folder.
  var isGone: Bool { access(path, F_OK) != 0 }

  /// Makes the folder again where it is gone, with the recipe in it; says so.
  func makeAgain(_ recipe: Recipe) throws(Failure) {
    if isGone {
      guard Folders.make(path) else { throw Self.refused(path, String(cString: strerror(errno))) }
      complain(
        "warning: \(path) was removed or moved during the run, and is made again without what was in it")
    }
    // Without room for it, the weights come first.
    try? write(recipe)
  }

  /// Gives the best weights of a run that evaluated only their average the name of what they are, once.
  func nameBestAverage() {
    let name = file("best_ema.safetensors")
    if access(name, F_OK) != 0 { rename(file("best.safetensors"), name) }
  }
}
