import FoundationEssentials
import System
import SystemPackage

/// What `evaluation.json` says of a run's weights, as far as a report shows it.
struct EvaluationNote: Decodable, Equatable, Sendable {
  let images: Int
  var acc1: Double?
  var balancedAcc: Double?
  var ece: Double?
  let neverPredicted: [String]
  let classes: [Class]
  let confusions: [Pair]

  struct Class: Decodable, Equatable, Sendable {
    let name: String
    let images: Int
    let predicted: Int
    var recall: Double?
    var precision: Double?
  }

  struct Pair: Decodable, Equatable, Sendable {
    let label: String
    let predicted: String
    let images: Int
  }

  /// The newest evaluation of a run's best weights, or their average's; nil where none is there or it cannot be read.
  init?(ofRunIn output: String) {
    let files = Folders.names(in: output).filter { $0.hasSuffix("-evaluation") }
      .map { "\(output)/\($0)/evaluation.json" }
    let newest = files.compactMap { path in lastChange(of: path).map { (path, $0) } }.max { $0.1 < $1.1 }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    guard let (path, _) = newest, let bytes = try? RegularFile.contents(of: FilePath(path)),
      let note = try? decoder.decode(EvaluationNote.self, from: Data(bytes))
    else { return nil }
    self = note
  }

  /// In a line.
  var headline: String {
    let figures: [(String, Double?, String)] = [
      ("Acc@1", acc1, " %"), ("balanced accuracy", balancedAcc, " %"), ("calibration error", ece, ""),
    ]
    return "\(counted(images, "image")): "
      + figures.compactMap { name, value, unit in
        value.map { "\(name) \(decimal($0, unit.isEmpty ? 3 : 2))\(unit)" }
      }.joined(separator: ", ")
  }
}
