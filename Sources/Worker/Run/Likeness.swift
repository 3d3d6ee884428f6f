import Collective
import Datasets
import Foundation
import Recipe
import System
import Torch
import Training

/// What all ranks need to have alike and only workers know: launchers compare recipes, and see neither images nor libtorch.
struct Likeness: Codable, Equatable {
  /// The host's number; nil where the run has one.
  var host: Int?
  /// The version that this process has loaded.
  var libtorch: String
  /// The images to learn from, and those to evaluate on.
  var training: ImageListing
  var validation: ImageListing
  /// What a file of class weights says.
  var classWeights = ""
  /// The checksum of the teacher's weights.
  var teacher = ""
}

extension Likeness {
  /// Of this rank.
  init(_ plan: RunPlan, on host: Int?) {
    let data = plan.data
    (classWeights, teacher) = (plan.classWeights.said, plan.recipe.distillation.weightsOfTeacher)
    self.host = host
    libtorch = Runtime.version
    (training, validation) = (ImageListing(data.training), ImageListing(data.validation))
  }

  /// Throws on all ranks alike unless all have the same; names the first that differs from rank 0.
  static func agree(on own: Likeness, in group: any ProcessGroup) throws {
    guard group.size > 1 else { return }
    let all = try group.allGather(Array(try JSONEncoder().encode(own)))
    // Ranks of one host see the same disk through the same library, and mostly say the same bytes.
    let others = all.indices.filter { all[$0] != all[0] }
    let first = try Likeness(all[0])
    for rank in others {
      guard let difference = try Likeness(all[rank]).difference(from: first, rank: rank) else { continue }
      throw Failure(difference, exitStatus: .badConfiguration)
    }
  }

  private init(_ bytes: [UInt8]) throws {
    self = try JSONDecoder().decode(Self.self, from: Data(bytes))
  }

  /// A sentence with what to do; nil where both are alike.
  func difference(from first: Likeness, rank: Int) -> String? {
    let place = host.map { " on host \($0)" } ?? ""
    if libtorch != first.libtorch {
      return
        "rank \(rank)\(place) runs libtorch \(libtorch) and rank 0 \(first.libtorch), whose numbers may differ: "
        + "install the same on all hosts."
    }
    for (split, own, other) in [
      (ImageFolderPair.splits.training, training, first.training),
      (ImageFolderPair.splits.validation, validation, first.validation),
    ] where own != other {
      return
        "rank \(rank)\(place) sees \(own) in \(split)/ and rank 0 \(other): give all hosts the same files under "
        + "the same names in --data-path, and start again once they are all there."
    }
    if classWeights != first.classWeights {
      return
        "rank \(rank)\(place) reads other weights in the file of --class-weights than rank 0: give all hosts the same file."
    }
    if teacher != first.teacher {
      return
        "rank \(rank)\(place) finds other weights under --teacher than rank 0: give all hosts the same file."
    }
    return nil
  }
}
