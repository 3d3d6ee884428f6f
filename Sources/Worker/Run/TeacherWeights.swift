import Checkpoint
import Datasets
import Flags
import Model
import Output
import Recipe
import System
import Torch
import Training

extension Teacher {
  /// Makes the teacher that a run's recipe names; nil if it names none, or nothing is trained.
  ///
  /// Throws if the teacher has other classes, or was trained on images with another normalisation.
  init?(of plan: RunPlan, on device: Device, _ console: Console) throws {
    let (recipe, values) = (plan.recipe, plan.recipe.distillation)
    guard plan.settings.trains, values.isOn else { return nil }
    let named = try values.namedTeacher
    let trained = try TrainedNetwork(
      named,
      TrainedNetwork.Wishes(
        model: values.model.isEmpty ? nil : values.model, inputSize: recipe.data.inputSize,
        modelFlag: "--teacher-model"), on: device)
    let (own, classes) = (trained.about.classes, plan.data.classes)
    guard own.count == classes.count else {
      throw Failure(
        "--teacher \(masked(named.path)): it tells \(counted(own.count, "class", "classes")) apart, and train/ has \(classes.count). Name one "
          + "that was trained on the same classes.", exitStatus: .badConfiguration)
    }
    try ClassMismatch.check(trained.namesClasses ? own : [], against: classes, of: masked(named.path))
    let (images, theirs) = (recipe.data.preprocessing, trained.about.images)
    guard images.means == theirs.means, images.deviations == theirs.deviations else {
      throw Failure(
        "--teacher \(masked(named.path)): it was trained with \(theirs.normalizationFlags), and both see the same images. Give these "
          + "flags here too, or name another.", exitStatus: .badConfiguration)
    }
    self.init(trained.network, recipe)
    console.print(
      "Learning from \(trained.about.model) in \(masked(named.path)), \(values.kind.rawValue), as \(values.share) of the loss"
    )
  }
}

extension Recipe.Distillation {
  /// The teacher's weights.
  fileprivate var namedTeacher: NamedWeights {
    get throws {
      do throws(OutputError) {
        return try NamedWeights(teacher, average: false)
      } catch {
        throw Failure("--teacher \(error)", exitStatus: error.exitStatus)
      }
    }
  }

  /// The CRC-32C of the file of the teacher's weights, by which a resumed run and other hosts recognise it.
  ///
  /// Empty without a teacher, and if its weights are in checkpoints.
  var checksumOfTeacher: String {
    get throws {
      guard isOn else { return "" }
      let path = try namedTeacher.path
      // A file that cannot be read is reported when the teacher is made.
      guard !Folders.isFolder(path), let checksum = try? checksum(ofFile: path) else { return "" }
      return String(checksum.value, digits: 8, radix: 16)
    }
  }
}
