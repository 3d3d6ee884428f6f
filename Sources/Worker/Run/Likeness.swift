import Collective
import Datasets
import Foundation
import Recipe
import System
import Torch
import Training

/// Facts that must be equal on all ranks and are known only to workers: launchers compare recipes, but see
/// neither images nor libtorch.
struct Likeness: Codable, Equatable {
  /// The host's number; nil if the run has one host.
  var host: Int?
  /// The version of libtorch that this process has loaded.
  var libtorch: String
  /// The training and the validation images.
  var training: ImageListing
  var validation: ImageListing
  /// The content of a file of class weights.
  var classWeights = ""
  /// The checksum of the teacher's weights.
  var teacher = ""
}

extension Likeness {
  /// Describes this rank.
  init(_ plan: RunPlan, on host: Int?) {
    let data = plan.data
    (classWeights, teacher) = (plan.classWeights.said, plan.recipe.distillation.weightsOfTeacher)
    self.host = host
    libtorch = Runtime.version
    (training, validation) = (ImageListing(data.training), ImageListing(data.validation))
  }

  /// Throws alike on all ranks unless all are equal; names the first rank that differs from rank 0.
  static func agree(on own: Likeness, in group: any ProcessGroup) throws {
    guard group.size > 1 else { return }
    let all = try group.allGather(Array(try JSONEncoder().encode(own)))
    // Ranks of one host mostly send identical bytes, which need not be decoded.
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

  /// The difference as a sentence with advice; nil if there is none.
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
