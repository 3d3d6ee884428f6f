package import Checkpoint
import FoundationEssentials
import System
import SystemPackage
import WorkerLink

/// Reading and writing the note as a file, in training's output folder and in `evaluate`'s own.
extension EvaluationNote {
  /// Larger than any note, in bytes.
  private static let largestFile = 8 << 20

  /// Writes the file completely or not at all.
  package func write(to path: String) throws(CheckpointError) {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let text = (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) + "\n" }
    if let text { try AtomicFile.write(text, to: path) }
  }

  /// Reads a run's newest evaluation, by training or `evaluate`; nil if there is none or it cannot be read.
  package init?(ofRunIn output: String) {
    guard let path = Self.newestFile(ofRunIn: output) else { return nil }
    self.init(at: path)
  }

  /// Reads an evaluation's file; nil if it cannot be read.
  package init?(at path: String) {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    guard let moment = lastChange(of: path), let file = try? RegularFile(FilePath(path)),
      file.size <= Self.largestFile, let bytes = try? RegularFile.contents(of: FilePath(path)),
      let note = try? decoder.decode(EvaluationNote.self, from: Data(bytes)),
      note.confusion?.isSound ?? true
    else { return nil }
    self = note
    isOfEarlierWeights = Self.weights(of: path).flatMap { lastChange(of: $0) }.map { $0 > moment } ?? false
  }

  /// The file of weights of an evaluation that `evaluate` wrote; nil for training's own.
  package static func weights(of path: String) -> String? {
    let folder = Folders.parent(of: path)
    return folder.hasSuffix(suffix) ? String(folder.dropLast(suffix.count) + ".safetensors") : nil
  }

  /// The file of a run's newest evaluation.
  package static func newestFile(ofRunIn output: String) -> String? {
    let folders = Folders.names(in: output).filter { $0.hasSuffix(suffix) }.map { "\(output)/\($0)" }
    return ([output] + folders).map { "\($0)/\(RunLayout.classes)" }
      .compactMap { path in lastChange(of: path).map { (path, $0) } }.max { $0.1 < $1.1 }?.0
  }

  private static let suffix = RunLayout.evaluationFolder
}
