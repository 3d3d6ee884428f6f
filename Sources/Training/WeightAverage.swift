import Torch

/// An exponential moving average of the weights (timm `ModelEma`): `a = decay · a + (1 - decay) · w` after each update.
final class WeightAverage {
  private let parameters: [Parameter]
  private let averages: [Tensor]
  private let decay: Double

  /// An average that starts as the weights.
  init(_ parameters: [Parameter], decay: Double) {
    self.parameters = parameters
    self.decay = decay
    averages = parameters.map { Tensor.zeros($0.tensor.shape, on: $0.tensor.device) }
    restart()
  }

  /// Makes the average the weights as they are now: call it when others have taken their place.
  func restart() {
    for (average, parameter) in zip(averages, parameters) { average.copy(from: parameter.tensor) }
  }

  /// Moves the average towards the weights.
  func update() {
    for (average, parameter) in zip(averages, parameters) {
      average.move(towards: parameter.tensor, by: 1 - decay)
    }
  }

  /// The averages under the parameters' names.
  var named: [(name: String, tensor: Tensor)] { zip(parameters, averages).map { ($0.name, $1) } }

  /// Runs `body` while the network has the averaged weights; it has its own again afterwards.
  func lent<Result>(_ body: () throws -> Result) rethrows -> Result {
    let own = parameters.map { parameter in
      let copy = Tensor.empty(parameter.tensor.shape, on: parameter.tensor.device)
      copy.copy(from: parameter.tensor)
      return copy
    }
    for (parameter, average) in zip(parameters, averages) { parameter.tensor.copy(from: average) }
    defer { for (parameter, tensor) in zip(parameters, own) { parameter.tensor.copy(from: tensor) } }
    return try body()
  }
}
