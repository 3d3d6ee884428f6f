public import Checkpoint
public import Model
import Torch

/// A network's weights as a file that timm and others read: the keys are theirs.
public struct Weights: Equatable, Sendable {
  /// The network's canonical name.
  public var model: String
  /// The classes in the order of the head's outputs.
  public var classes: [String]
  /// Side of the pictures that the network saw, in pixels.
  public var inputSize: Int
  /// Part of the shorter side that the evaluation crop keeps.
  public var cropPercent: Double

  /// What a file says of the weights in it.
  public init(model: String, classes: [String], inputSize: Int, cropPercent: Double) {
    self.model = model
    self.classes = classes
    self.inputSize = inputSize
    self.cropPercent = cropPercent
  }

  /// Reads back what `metadata` wrote; nil for a file that came from elsewhere.
  public init?(metadata: [String: String]) {
    guard let model = metadata["model"], let classes = metadata["classes"] else { return nil }
    self.model = model
    self.classes = classes.split(separator: "\n").map(String.init)
    inputSize = metadata["input_size"].flatMap { Int($0) } ?? 224
    cropPercent = metadata["crop_pct"].flatMap { Double($0) } ?? 0.875
  }

  /// The texts that go beside the tensors; a class's name, a folder's, must not hold a line break.
  public var metadata: [String: String] {
    [
      "format": "pt", "model": model, "classes": classes.joined(separator: "\n"),
      "input_size": String(inputSize), "crop_pct": String(cropPercent),
    ]
  }

  /// Writes the weights of `network` to `path`, in place of an earlier file.
  public func write(_ network: Twins, to path: String) throws(CheckpointError) {
    let weights = network.hostWeights
    try withExtendedLifetime(weights) { () throws(CheckpointError) in
      try Safetensors.write(weights.views, metadata: metadata, to: path)
    }
  }
}

extension Twins {
  /// All weights in host memory, by key.
  var hostWeights: HostTensors { HostTensors(parameters.map { ($0.name, $0.tensor) }) }

  /// Replaces all weights by those of a file; changes none unless every one fits.
  ///
  /// Throws a `WeightsMismatch` when keys or shapes differ: the file is of another network or another set of classes.
  public func load(_ file: SafetensorsFile) throws(WeightsMismatch) {
    try WeightsMismatch.check(file, against: parameters.map { ($0.name, $0.tensor.shape) })
    for parameter in parameters { parameter.tensor.fill(from: file, named: parameter.name) }
  }
}

extension Tensor {
  /// Fills from the tensor of that name, which has been checked to be there and to fit.
  func fill(from file: SafetensorsFile, named name: String) {
    guard let view = try? file.tensor(named: name) else {
      fatalError("\(name) was checked and is gone")
    }
    fill(from: view.bytes)
  }
}
