import Checkpoint
import Recipe
import Torch

/// An exponential moving average of the weights (timm `ModelEma`): `a = decay · a + (1 - decay) · w` after
/// each update.
final class WeightEMA {
  private let flat: FlatParameters
  private let average: FlatState
  private let recipe: Recipe.Averaging

  /// Makes an average that starts as the weights.
  init(_ flat: FlatParameters, _ recipe: Recipe.Averaging) {
    self.flat = flat
    self.recipe = recipe
    average = FlatState(zeros: flat.layout, shapes: flat.shapes, on: flat.device)
    restart()
  }

  /// Sets the average to the current weights; call it when others have been loaded.
  func restart() { average.tensor.copy(from: flat.weights.tensor) }

  /// The share 1 - decay of the new weights in the average after `updates` updates of the run.
  func share(after updates: Int) -> Double { 1 - recipe.decay(after: updates) }

  /// Moves the average towards the weights after `updates` updates of the run.
  ///
  /// - Parameter numbers: On a card, the numbers that hold its share.
  func update(after updates: Int, numbers: [UpdateNumbers]? = nil) {
    if let numbers { return move(at: numbers) }
    average.tensor.move(towards: flat.weights.tensor, by: share(after: updates))
  }

  /// Moves a card's average towards the weights.
  func move(at numbers: [UpdateNumbers]) {
    average.tensor.move(towards: flat.weights.tensor, by: numbers[0].averageShare)
  }

  /// The averages in flat memory.
  var state: FlatState { average }

  /// Copies the averages to host memory.
  func copy(to target: UnsafeMutableBufferPointer<Float>) { average.copy(to: target) }

  /// The averages under the parameters' names.
  var named: [(name: String, tensor: Tensor)] {
    zip(flat.parameters, average.parts).map { ($0.name, $1) }
  }

  /// Loads a file's averages, which have been checked to fit.
  func fill(from file: some NamedTensors) {
    for (name, tensor) in named { tensor.fill(from: file, named: name) }
  }

  /// Runs `body` while the network has the averaged weights, and restores its own afterwards.
  func lent<Result>(_ body: () throws -> Result) rethrows -> Result {
    let weights = flat.weights.tensor
    let own = Tensor.empty(weights.shape, on: flat.device)
    own.copy(from: weights)
    weights.copy(from: average.tensor)
    defer { weights.copy(from: own) }
    return try body()
  }
}
