import Foundation

/// What a training left in its output folder.
struct RunFiles {
  let folder: String

  /// One line of `train.jsonl`.
  struct Step: Decodable, Equatable {
    let epoch: Int
    let step: Int
    let epoch_step: Int
    let loss: Double
    let lr: Double
    let grad_norm: Double
  }

  /// One line of `log.txt`.
  struct Epoch {
    /// In the order in which they stand.
    let keys: [String]
    let values: [String: Double]
  }

  func steps() throws -> [Step] {
    try lines("train.jsonl").map { try JSONDecoder().decode(Step.self, from: Data($0.utf8)) }
  }

  func epochs() throws -> [Epoch] {
    try lines("log.txt").map { line in
      Epoch(
        keys: line.matches(of: #/"(\w+)": /#).map { String($0.output.1) },
        values: try JSONDecoder().decode([String: Double].self, from: Data(line.utf8)))
    }
  }

  func bytes(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)"))
  }

  func names(_ subfolder: String = "") throws -> Set<String> {
    Set(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(subfolder)"))
  }

  private func lines(_ name: String) throws -> [Substring] {
    String(decoding: try bytes(name), as: UTF8.self).split(separator: "\n")
  }
}
