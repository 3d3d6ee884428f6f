import Drawing
import FoundationEssentials
import System
import SystemPackage
import WorkerLink

/// What `evaluation.json` says of a run's weights, as far as a report shows it.
package struct EvaluationNote: Decodable, Equatable, Sendable {
  package let images: Int
  package var acc1: Double?
  package var balancedAcc: Double?
  package var ece: Double?
  package let neverPredicted: [String]
  package let classes: [Class]
  package let confusions: [Pair]
  /// Whether the weights that it tells of were written over since.
  package private(set) var isOfEarlierWeights = false

  private enum CodingKeys: String, CodingKey {
    case images, acc1, balancedAcc, ece, neverPredicted, classes, confusions
  }

  package struct Class: Decodable, Equatable, Sendable {
    package let name: String
    package let images: Int
    package let predicted: Int
    package var recall: Double?
    package var precision: Double?
  }

  package struct Pair: Decodable, Equatable, Sendable {
    package let label: String
    package let predicted: String
    package let images: Int
  }

  /// The newest evaluation of a run's best weights, or their average's; nil where none is there or it cannot be read.
  package init?(ofRunIn output: String) {
    guard let folder = Self.newestFolder(ofRunIn: output) else { return nil }
    self.init(in: folder)
  }

  /// What an evaluation wrote to a folder; nil where it cannot be read.
  package init?(in folder: String) {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let path = "\(folder)/\(RunLayout.evaluation)"
    guard let moment = lastChange(of: path), let bytes = try? RegularFile.contents(of: FilePath(path)),
      let note = try? decoder.decode(EvaluationNote.self, from: Data(bytes))
    else { return nil }
    self = note
    isOfEarlierWeights = lastChange(of: Self.weights(of: folder)).map { $0 > moment } ?? false
  }

  /// The file of weights that an evaluation in a folder is of.
  package static func weights(of folder: String) -> String {
    String(folder.dropLast("-evaluation".count) + ".safetensors")
  }

  /// The folder of that evaluation.
  package static func newestFolder(ofRunIn output: String) -> String? {
    let folders = Folders.names(in: output).filter { $0.hasSuffix("-evaluation") }.map { "\(output)/\($0)" }
    return folders.compactMap { folder in
      lastChange(of: "\(folder)/\(RunLayout.evaluation)").map { (folder, $0) }
    }.max { $0.1 < $1.1 }?.0
  }

  /// In a line.
  package var headline: String {
    let figures: [(String, Double?, String)] = [
      ("Acc@1", acc1, " %"), ("balanced accuracy", balancedAcc, " %"), ("calibration error", ece, ""),
    ]
    return "\(counted(images, "image")): "
      + figures.compactMap { name, value, unit in
        value.map { "\(name) \(decimal($0, unit.isEmpty ? 3 : 2))\(unit)" }
      }.joined(separator: ", ") + (isOfEarlierWeights ? "; the weights have changed since" : "")
  }
}
