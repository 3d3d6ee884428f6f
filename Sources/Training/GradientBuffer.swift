public import Collective
public import Torch

/// Every gradient of a network in one flat buffer, so that one ring averages them all.
///
/// Each parameter's gradient is a view into the buffer, in reverse order of construction, which is about the order in
/// which `backward()` fills them. A few slots behind the gradients carry what all ranks must know at the same step:
/// a sum over the ranks of a stop request and of the loss costs no message of its own.
public final class GradientBuffer {
  private let flat: Tensor
  private let gradients: Tensor
  /// What the ring works on: the buffer itself, or its copy in host memory when the gradients are on a card.
  private let host: Tensor

  /// What the ranks share beside the gradients.
  public struct Shared: Equatable, Sendable {
    /// Whether any rank wants to stop after this step.
    public var stop: Bool
    /// The loss: this rank's mean before the exchange, the mean over all ranks after it.
    public var loss: Float

    /// What this rank contributes.
    public init(stop: Bool, loss: Float) {
      self.stop = stop
      self.loss = loss
    }
  }

  private static let sharedSlots = 2

  /// A buffer for the gradients of `parameters`, which from now on are views into it.
  public init(_ parameters: [Parameter], on device: Device) {
    let count = parameters.reduce(0) { $0 + $1.tensor.count }
    flat = Tensor.zeros([count + Self.sharedSlots], on: device)
    gradients = flat.narrowed(0, to: 0..<count)
    host = device == .cpu ? flat : Tensor.zeros([count + Self.sharedSlots])
    var offset = 0
    for parameter in parameters.reversed() {
      let range = offset..<(offset + parameter.tensor.count)
      parameter.tensor.gradient = flat.narrowed(0, to: range).reshaped(parameter.tensor.shape)
      offset = range.upperBound
    }
  }

  /// Makes every gradient zero, so that `backward()` starts anew.
  public func zero() { gradients.zero() }

  /// Replaces every rank's gradients by their mean over the ranks, and says what the ranks share.
  ///
  /// All ranks hold the same bits after it, and so come to the same decisions.
  public func allReduceMean(
    over group: any ProcessGroup, sharing own: Shared
  ) throws(CollectiveError) -> Shared {
    guard group.size > 1 else { return own }
    if host !== flat { host.copy(from: flat) }
    let slots = host.floats()
    slots[gradients.count] = own.stop ? 1 : 0
    slots[gradients.count + 1] = own.loss
    try group.allReduceSum(slots)
    if host !== flat { flat.copy(from: host) }
    gradients.scale(by: 1 / Double(group.size))
    return Shared(
      stop: slots[gradients.count] > 0, loss: slots[gradients.count + 1] / Float(group.size))
  }

  /// Multiplies every gradient by a number.
  func scale(by factor: Double) { gradients.scale(by: factor) }

  /// Scales all gradients so that their L2 norm is at most `limit`; the norm before it.
  ///
  /// `torch.nn.utils.clip_grad_norm_`: the factor is `limit / (norm + 1e-6)` where that is below 1.
  public func clip(to limit: Double?) -> Double {
    let norm = gradients.norm().item()
    if let limit, limit / (norm + 1e-6) < 1 { gradients.scale(by: limit / (norm + 1e-6)) }
    return norm
  }
}
