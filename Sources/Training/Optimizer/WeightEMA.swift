import Checkpoint
import Recipe
import Torch

/// An exponential moving average of the weights (timm `ModelEma`): `a = decay · a + (1 - decay) · w` after each update.
final class WeightEMA {
  private let flat: FlatParameters
  private let average: FlatState
  private let recipe: Recipe.Averaging

  /// An average that starts as the weights.
  init(_ flat: FlatParameters, _ recipe: Recipe.Averaging) {
    self.flat = flat
    self.recipe = recipe
    average = FlatState(zeros: flat.layout, shapes: flat.shapes, on: flat.device)
    restart()
  }

  /// Makes the average the weights as they are now: call it when others have taken their place.
  func restart() { average.tensor.copy(from: flat.weights.tensor) }

  /// How far an update moves the average towards the weights; `updates` of the run have been made to them then.
  func share(after updates: Int) -> Double { 1 - recipe.decay(after: updates) }

  /// Moves the average towards the weights, to which `updates` of the run have been made.
  ///
  /// - Parameter numbers: Where the weights are on a card, with what it moves by.
  func update(after updates: Int, numbers: [UpdateNumbers]? = nil) {
    if let numbers { return move(at: numbers) }
    average.tensor.move(towards: flat.weights.tensor, by: share(after: updates))
  }

  /// Moves a card's average towards the weights.
  func move(at numbers: [UpdateNumbers]) {
    average.tensor.move(towards: flat.weights.tensor, by: numbers[0].averageShare)
  }

  /// The averages as they lie.
  var state: FlatState { average }

  /// Copies the averages to host memory.
  func copy(to target: UnsafeMutableBufferPointer<Float>) { average.copy(to: target) }

  /// The averages under the parameters' names.
  var named: [(name: String, tensor: Tensor)] {
    zip(flat.parameters, average.parts).map { ($0.name, $1) }
  }

  /// Takes over a file's averages, which have been checked to fit.
  func fill(from file: some NamedTensors) {
    for (name, tensor) in named { tensor.fill(from: file, named: name) }
  }

  /// Runs `body` while the network has the averaged weights; it has its own again afterwards.
  func lent<Result>(_ body: () throws -> Result) rethrows -> Result {
    let weights = flat.weights.tensor
    let own = Tensor.empty(weights.shape, on: flat.device)
    own.copy(from: weights)
    weights.copy(from: average.tensor)
    defer { weights.copy(from: own) }
    return try body()
  }
}
