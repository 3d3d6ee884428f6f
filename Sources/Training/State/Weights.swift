public import Checkpoint
public import Datasets
public import Model
public import Recipe
import Torch

/// A description of a network's weights, stored with them in a file whose keys are timm's.
public struct Weights: Equatable, Sendable {
  /// The network's canonical name.
  public var model: String
  /// The classes in the order of the head's outputs; empty where the file's writer did not name them.
  public var classes: [ClassName]
  /// The preprocessing that the network expects.
  public var images: Recipe.Preprocessing
  /// The epoch after which the weights were written, from 0; nil where unknown.
  public var epoch: Int?
  /// The part of a folder on which the run was validated, with the digest of its images, such as `0.2 of
  /// 1f3c9a0b`; nil where validation had a folder of its own, or nothing says.
  public var heldOut: String?

  /// Describes weights.
  public init(model: String, classes: [ClassName], images: Recipe.Preprocessing) {
    self.model = model
    self.classes = classes
    self.images = images
  }

  /// Describes the weights stored with a checkpoint's state.
  public init(of state: TrainingState) {
    self.init(
      model: state.recipe.model.name, classes: state.classes, images: state.recipe.data.preprocessing)
    heldOut = state.recipe.data.partHeldOut
  }

  /// Reads what `metadata` wrote; nil for a file that does not name its network.
  public init?(metadata: [String: String]) {
    guard let model = metadata["model"] else { return nil }
    self.model = model
    classes = Self.classes(metadata["classes"] ?? "")
    images = Recipe.Preprocessing()
    if let side = Self.number(metadata["input_size"], within: 32...8192) { images.inputSize = side }
    if let part = Self.number(metadata["crop_pct"], within: 0.01...1) { images.cropPercent = part }
    if let mode = metadata["crop_mode"].flatMap(Recipe.CropMode.init) { images.cropMode = mode }
    if let means = Self.colour(metadata["mean"], within: 0...1) { images.means = means }
    if let deviations = Self.colour(metadata["std"], within: 1e-3...10) { images.deviations = deviations }
    epoch = Self.number(metadata["epoch"], within: 0...Int.max)
    heldOut = metadata["held_out"]
  }

  private static func colour(_ text: String?, within range: ClosedRange<Double>) -> [Double]? {
    let values = (text ?? "").split(separator: " ").compactMap { number(String($0), within: range) }
    return values.count == 3 ? values : nil
  }

  // Splits by bytes: as Swift characters, "\r\n" is a single one.
  private static func classes(_ lines: String) -> [ClassName] {
    lines.utf8.split(separator: UInt8(ascii: "\n")).map { ClassName(text: Substring($0)) }
  }

  /// Parses a number and checks its range, since files come from anywhere.
  private static func number<Number: LosslessStringConvertible>(
    _ text: String?, within range: ClosedRange<Number>
  ) -> Number? {
    text.flatMap(Number.init).flatMap { range.contains($0) ? $0 : nil }
  }

  /// The file's metadata; the classes' names are the lines of one entry.
  ///
  /// Preprocessing is stored where it differs from the reference's; the image size always.
  public var metadata: [String: String] {
    var texts = [
      "format": "pt", "model": model, "classes": classes.map(\.text).joined(separator: "\n"),
      "input_size": String(images.inputSize), "crop_pct": String(images.cropPercent),
    ]
    let usual = Recipe.Preprocessing()
    if images.cropMode != usual.cropMode { texts["crop_mode"] = images.cropMode.rawValue }
    for (key, values, usual) in [
      ("mean", images.means, usual.means), ("std", images.deviations, usual.deviations),
    ] where values != usual {
      texts[key] = values.map { "\($0)" }.joined(separator: " ")
    }
    texts["epoch"] = epoch.map { "\($0)" }
    texts["held_out"] = heldOut
    return texts
  }

  /// Writes the weights of `network` to `path`, replacing an earlier file.
  public func write(_ network: any Network, to path: String) throws(CheckpointError) {
    let weights = network.hostWeights
    try withExtendedLifetime(weights) { () throws(CheckpointError) in
      try Safetensors.write(weights.views, metadata: metadata, to: path)
    }
  }
}

/// The keys of the classifiers, whose shapes depend on the number of classes.
private let headKeys: Set = ["head.weight", "head.bias", "head_dist.weight", "head_dist.bias"]

extension Network {
  /// All weights as bytes in host memory, by key.
  public var hostWeights: HostTensors { HostTensors(parameters.map { ($0.name, $0.tensor) }) }

  /// Replaces all weights by a file's; changes none unless every tensor fits.
  ///
  /// Throws a `WeightsMismatch` when keys or shapes differ: the file belongs to another network or other
  /// classes.
  public func load(_ file: some NamedTensors) throws(WeightsMismatch) {
    try load(file, except: [])
  }

  /// Replaces the weights by a file's, to learn another task from them; changes none unless they fit.
  ///
  /// A head for another number of classes, or a missing head, is accepted: this network then keeps its
  /// freshly initialised head.
  /// - Returns: The keys that the file did not fill, in order, for a warning.
  public func loadForFinetuning(_ file: some NamedTensors) throws(WeightsMismatch) -> [String] {
    let fits = parameters.allSatisfy { parameter in
      !headKeys.contains(parameter.name)
        || (try? file.tensor(named: parameter.name))?.shape == parameter.tensor.shape
    }
    let kept = fits ? [] : headKeys
    try load(file, except: kept)
    return parameters.map(\.name).filter(kept.contains)
  }

  private func load(_ file: some NamedTensors, except kept: Set<String>) throws(WeightsMismatch) {
    let resampled = withoutGradients { resampledWeights(of: file) }
    try WeightsMismatch.check(
      file, against: parameters.map { ($0.name, $0.tensor.shape) }, except: kept.union(resampled.keys))
    for parameter in parameters where !kept.contains(parameter.name) {
      if let weight = resampled[parameter.name] {
        withoutGradients { parameter.tensor.copy(from: weight) }
      } else {
        parameter.tensor.fill(from: file, named: parameter.name)
      }
    }
  }

  /// The file's weights that depend on the image size, resampled for this network's size.
  private func resampledWeights(of file: some NamedTensors) -> [String: Tensor] {
    let weights = parameters.compactMap { parameter -> (String, Tensor)? in
      guard let view = try? file.tensor(named: parameter.name), view.type == .float32,
        view.shape != parameter.tensor.shape
      else { return nil }
      let weight = Tensor(bytes: view.bytes, view.shape, .float32)
      return resampled(weight, for: parameter.name).map { (parameter.name, $0) }
    }
    return Dictionary(uniqueKeysWithValues: weights)
  }
}

extension Tensor {
  /// Fills the tensor from the file's tensor of that name, which has been checked to exist and fit.
  func fill(from file: some NamedTensors, named name: String) {
    guard let view = try? file.tensor(named: name) else {
      fatalError("\(name) was checked and is gone")
    }
    fill(from: view.bytes)
  }
}

/// Named tensors as bytes in host memory, for writing to a file.
///
/// On the CPU nothing is copied: the views alias the tensors, so write them before the next step.
public final class HostTensors {
  private let tensors: [Tensor]

  /// The tensors' bytes; valid while this object lives.
  public let views: [TensorView]

  init(_ named: [(name: String, tensor: Tensor)]) {
    tensors = named.map { $0.tensor.moved(to: .cpu).contiguous() }
    views = zip(named, tensors).map { source, tensor in
      TensorView(
        name: source.name, type: .float32, shape: tensor.shape, bytes: UnsafeRawBufferPointer(tensor.floats())
      )
    }
  }
}
