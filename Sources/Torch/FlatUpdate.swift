import CKernels
import CTorch

/// Floats in host memory that one update moves, with their gradients and moments: as many of each, in a row.
///
/// Each element's result depends on that element alone: split as you like, the bits stay the same; but for rules that say
/// they are of a whole parameter.
public struct FlatUpdate {
  let weights: UnsafeMutableBufferPointer<Float>
  let gradients: UnsafeMutableBufferPointer<Float>
  let moments: [UnsafeMutableBufferPointer<Float>]
  /// Of the whole parameter that they are; of some weights, their number.
  public let shape: [Int]

  /// Names the memory; the moments are AdamW's running means of gradients and of their squares, or SGD's momenta.
  public init(
    weights: UnsafeMutableBufferPointer<Float>, gradients: UnsafeMutableBufferPointer<Float>,
    moments: [UnsafeMutableBufferPointer<Float>], shape: [Int]? = nil, file: StaticString = #fileID,
    line: UInt = #line
  ) {
    let counts =
      [weights.count, gradients.count, (shape ?? [weights.count]).reduce(1, *)] + moments.map(\.count)
    require(Set(counts).count == 1, "\(counts) floats of an update", file, line)
    self.weights = weights
    self.gradients = gradients
    self.moments = moments
    self.shape = shape ?? [weights.count]
  }

  /// AdamW, the formula of ``updateAdamW(weights:gradients:means:squares:step:learningRate:betas:decay:epsilon:limits:file:line:)``.
  ///
  /// `scale` multiplies every gradient first. The corrections of a step are worked out once, in double precision.
  public func adamW(
    scale: Double, step: Int, learningRate: Double, betas: (Double, Double), decay: Double, epsilon: Double
  ) {
    require(moments.count == 2, "\(moments.count) moments for AdamW", #fileID, #line)
    var values = floats_adamw_values(
      scale: Float(scale), keep: Float(1 - learningRate * decay), gain1: Float(1 - betas.0),
      beta2: Float(betas.1), gain2: Float(1 - betas.1),
      step_size: Float(learningRate / (1 - power(betas.0, step))),
      root: Float((1 - power(betas.1, step)).squareRoot()), epsilon: Float(epsilon))
    floats_adamw(
      weights.baseAddress, gradients.baseAddress, moments[0].baseAddress, moments[1].baseAddress,
      weights.count,
      &values)
  }

  /// Nesterov's momentum, the formula of ``updateSGD(weights:gradients:momenta:learningRate:momentum:decay:isFirst:limits:file:line:)``.
  public func sgd(scale: Double, learningRate: Double, momentum: Double, decay: Double, isFirst: Bool) {
    require(moments.count == 1, "\(moments.count) moments for SGD", #fileID, #line)
    var values = floats_sgd_values(
      scale: Float(scale), decay: Float(decay), momentum: isFirst ? 0 : Float(momentum),
      nesterov: Float(momentum), rate: Float(learningRate))
    floats_sgd(
      weights.baseAddress, gradients.baseAddress, moments[0].baseAddress, weights.count, &values)
  }
}

/// The sum of the squares of floats, in double precision, in an order that depends on their number alone.
public func sumOfSquares(_ floats: UnsafeBufferPointer<Float>) -> Double {
  floats_squares(floats.baseAddress, floats.count)
}

/// A base to a whole power, by squaring: the same bits on every host.
func power(_ base: Double, _ exponent: Int) -> Double {
  var (result, factor, rest) = (1.0, base, exponent)
  while rest > 0 {
    if rest & 1 == 1 { result *= factor }
    factor *= factor
    rest >>= 1
  }
  return result
}

/// What an update of tensors keeps to, in numbers that lie where they do: nobody has to know them.
public struct UpdateLimits {
  let divisor: Tensor?
  let barrier: Tensor?

  /// - Parameters:
  ///   - divisor: What every gradient is divided by first, `[]` or `[1]` (float32); the quotients stay in its place.
  ///   - barrier: Nothing changes where it is 1, `[1]` (float32).
  public init(divisor: Tensor? = nil, barrier: Tensor? = nil) {
    (self.divisor, self.barrier) = (divisor, barrier)
  }

  var handles: ct_limits { ct_limits(divisor: divisor?.handle, barrier: barrier?.handle) }
}

/// One fused AdamW update of a list of tensors, in place (`torch.optim.AdamW(fused=True)`).
///
/// Four parallel lists of float32 tensors on one device, where `step`, which counts from 1, and the rate are too, `[]` in
/// float32; on the CPU a rate may have any type. The decay comes first:
/// `w *= 1 - rate · decay`; then `w -= rate / (1 - β₁ᵗ) · m / (√v / √(1 - β₂ᵗ) + ε)`.
public func updateAdamW(
  weights: [Tensor], gradients: [Tensor], means: [Tensor], squares: [Tensor], step: Tensor,
  learningRate: Tensor, betas: (Double, Double), decay: Double, epsilon: Double,
  limits: UpdateLimits = UpdateLimits(), file: StaticString = #fileID, line: UInt = #line
) {
  let lists = [weights, gradients, means, squares]
  require(lists.allSatisfy { $0.count == weights.count }, "lists of unequal length", file, line)
  let handles = lists.map { $0.map { Optional($0.handle) } }
  // The handles alone keep no tensor alive.
  let status = withExtendedLifetime((lists, limits, step, learningRate)) {
    ct_adamw_(
      handles[0], handles[1], handles[2], handles[3], Int32(weights.count), step.handle, learningRate.handle,
      betas.0, betas.1, decay, epsilon, limits.handles)
  }
  check(status, file, line)
}

/// One fused step of gradient descent with Nesterov's momentum for a list of tensors, in place (`torch.optim.SGD`).
///
/// Three parallel lists of float32 tensors on one device, and the rate as for AdamW. The decay is added to the gradient; the
/// first step starts the momenta: `g += decay · w; m = momentum · m + g; w -= rate · (g + momentum · m)`.
public func updateSGD(
  weights: [Tensor], gradients: [Tensor], momenta: [Tensor], learningRate: Tensor, momentum: Double,
  decay: Double, isFirst: Bool, limits: UpdateLimits = UpdateLimits(), file: StaticString = #fileID,
  line: UInt = #line
) {
  let lists = [weights, gradients, momenta]
  require(lists.allSatisfy { $0.count == weights.count }, "lists of unequal length", file, line)
  let handles = lists.map { $0.map { Optional($0.handle) } }
  // The handles alone keep no tensor alive.
  let status = withExtendedLifetime((lists, limits, learningRate)) {
    ct_sgd_(
      handles[0], handles[1], handles[2], Int32(weights.count), learningRate.handle, momentum, decay, isFirst,
      limits.handles)
  }
  check(status, file, line)
}
