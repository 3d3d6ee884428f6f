import ArgumentParser
import Checkpoint
import Datasets
import Flags
import Model
import Recipe
import System
import Torch
import Training

/// The formats in which weights are written for other programs.
enum ExportFormat: String, CaseIterable, ExpressibleByArgument {
  /// A folder for `timm.create_model("local-dir:FOLDER", pretrained=True)`.
  case timm
  /// A file for `torch.load`.
  case pth
  /// A model file for ONNX runtimes.
  case onnx

  /// The format shown by a file name's extension; nil for any other.
  init?(endOf path: String) {
    guard let ending = path.split(separator: ".").last, path.contains(".") else { return nil }
    self.init(rawValue: ending.lowercased())
  }

  /// Writes the weights; returns a description of what was written.
  func write(_ trained: TrainedNetwork, to path: String) throws -> String {
    switch self {
    case .timm: try TimmFolder(trained.about).write(trained.network, to: path)
    case .pth: try Self.writePyTorch(trained, to: path)
    case .onnx: try Self.writeONNX(trained, to: path)
    }
    return switch self {
    case .timm: "timm.create_model(\"local-dir:\(path)\", pretrained=True) loads it"
    case .pth: "torch.load(\"\(path)\", weights_only=True)[\"model\"] is its state_dict, under timm's keys"
    case .onnx:
      "takes images [batch, 3, \(trained.about.images.inputSize), \(trained.about.images.inputSize)], normalised as its metadata says"
    }
  }

  /// Besides the weights, writes the description in timm's format and this project's name of the network.
  private static func writePyTorch(_ trained: TrainedNetwork, to path: String) throws {
    let about = trained.about
    var entries: [(key: String, value: PythonValue)] = [
      ("args", .dictionary(["model": .text(about.model), "input_size": .integer(about.images.inputSize)]))
    ]
    if case .dictionary(let config) = PythonValue(try JSONTree(parsing: TimmFolder(about).text)) {
      entries += config.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
    if let epoch = about.epoch { entries.append(("epoch", .integer(epoch))) }
    if let heldOut = about.heldOut { entries.append(("held_out", .text(heldOut))) }
    let weights = trained.network.hostWeights
    try withExtendedLifetime(weights) { () throws(CheckpointError) in
      try PyTorchWeights.write(weights.views, about: entries, to: path)
    }
  }

  private static func writeONNX(_ trained: TrainedNetwork, to path: String) throws {
    let about = trained.about
    var graph = NetworkGraph(trained.network.parameters)
    let model = graph.model(
      about.model, side: about.images.inputSize, classes: about.classes.count,
      notes: [
        "model": about.model, "classes": try jsonLine(about.classes.map(\.description)),
        "input_size": "\(about.images.inputSize)", "crop_pct": "\(about.images.cropPercent)",
        "crop_mode": about.images.cropMode.rawValue,
        "interpolation": "bicubic",
        "mean": try jsonLine(about.images.means), "std": try jsonLine(about.images.deviations),
      ], version: programVersion)
    guard let model else {
      throw Failure("\(about.model) has no form in ONNX here", exitStatus: .badConfiguration)
    }
    let result = model.withUnsafeBytes { bytes in
      Result { () throws(CheckpointError) in try AtomicFile.write(bytes, to: path) }
    }
    try result.get()
  }
}

extension PythonValue {
  /// Converts a JSON value.
  fileprivate init(_ tree: JSONTree) {
    self =
      switch tree {
      case .null: .none
      case .truth(let truth): .truth(truth)
      case .integer(let number): .integer(number)
      case .large(let number): .real(Double(number))
      case .real(let number): .real(number)
      case .text(let text): .text(text)
      case .list(let values): .list(values.map(PythonValue.init))
      case .object(let members): .dictionary(members.mapValues(PythonValue.init))
      }
  }
}
