import CKernels

/// Weights in host memory with their gradients and moments, equally many of each, for one update.
///
/// Each element's result depends on that element alone, so the bits do not depend on how weights are split.
/// Rules documented as for a whole parameter are the exception.
public struct FlatUpdate {
  let weights: UnsafeMutableBufferPointer<Float>
  let gradients: UnsafeMutableBufferPointer<Float>
  let moments: [UnsafeMutableBufferPointer<Float>]
  /// The shape of the parameter that the floats make up; for some weights only, their number.
  public let shape: [Int]

  /// Refers to the memory; the moments are AdamW's running means of gradients and of their squares, or SGD's
  /// momenta.
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

  /// AdamW, the formula of ``AdamKin/adamW``.
  ///
  /// `scale` multiplies every gradient first. The bias corrections are computed once, in double precision.
  public func adamW(
    scale: Double, step: Int, learningRate: Double, betas: (Double, Double), decay: Double, epsilon: Double
  ) {
    var values = adam(scale, step, rate: learningRate, betas, keep: 1 - learningRate * decay, epsilon)
    floats_adamw(
      weights.baseAddress, gradients.baseAddress, moments[0].baseAddress, moments[1].baseAddress,
      weights.count, &values)
  }

  /// SGD with Nesterov momentum, the formula of
  /// ``updateSGD(weights:gradients:momenta:learningRate:momentum:decay:isFirst:limits:file:line:)``.
  public func sgd(scale: Double, learningRate: Double, momentum: Double, decay: Double, isFirst: Bool) {
    require(moments.count == 1, "\(moments.count) moments for SGD", #fileID, #line)
    var values = floats_sgd_values(
      scale: Float(scale), decay: Float(decay), momentum: isFirst ? 0 : Float(momentum),
      nesterov: Float(momentum), rate: Float(learningRate))
    floats_sgd(
      weights.baseAddress, gradients.baseAddress, moments[0].baseAddress, weights.count, &values)
  }

  /// The constants of a step of AdamW and its relatives, with bias corrections.
  func adam(
    _ scale: Double, _ step: Int, rate: Double, _ betas: (Double, Double), keep: Double, _ epsilon: Double
  ) -> floats_adamw_values {
    require(moments.count == 2, "\(moments.count) moments for Adam", #fileID, #line)
    return floats_adamw_values(
      scale: Float(scale), keep: Float(keep), gain1: Float(1 - betas.0), beta2: Float(betas.1),
      gain2: Float(1 - betas.1), step_size: Float(rate / (1 - power(betas.0, step))),
      root: Float((1 - power(betas.1, step)).squareRoot()), epsilon: Float(epsilon))
  }
}

/// The sum of squares of floats, in double precision; its order depends only on their number.
public func sumOfSquares(_ floats: UnsafeBufferPointer<Float>) -> Double {
  floats_squares(floats.baseAddress, floats.count)
}

/// A base to an integer power by squaring, with the same bits on every host.
func power(_ base: Double, _ exponent: Int) -> Double {
  var (result, factor, rest) = (1.0, base, exponent)
  while rest > 0 {
    if rest & 1 == 1 { result *= factor }
    factor *= factor
    rest >>= 1
  }
  return result
}
