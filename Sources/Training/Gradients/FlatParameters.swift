public import Collective
public import Torch

/// A network's weights and gradients, each in one memory and laid out alike.
///
/// In host memory both are buffers of the group, so that the ranks exchange them without a copy. On a card both stay
/// there, and the group works on a copy of the gradients in host memory.
public final class FlatParameters {
  let parameters: [Parameter]
  let layout: FlatLayout
  let device: Device
  /// The parameters' memory.
  let weights: FlatState
  /// The sums of a step's gradients: what `backward()` adds to in host memory, and `takeGradients` on a card.
  let gradients: FlatState
  /// The weights as the group sees them; nil on a card.
  let sharedWeights: SymmetricBuffer?
  /// The gradients as the group sees them; between two steps, room for other exchanges.
  let sharedGradients: SymmetricBuffer

  var shapes: [[Int]] { parameters.map(\.tensor.shape) }

  /// Moves the weights and the gradients of `parameters` into flat memory; the tensors themselves stay.
  public init(
    _ parameters: [Parameter], over group: any ProcessGroup, on device: Device,
    bucketBytes: Int = Parallelism().bucketBytes
  ) throws(CollectiveError) {
    self.parameters = parameters
    self.device = device
    layout = FlatLayout(
      parameters.map { ($0.tensor.count, $0.decays) }, blockLength: group.blocks.blockLength,
      bucketBytes: bucketBytes)
    sharedGradients = try group.makeBuffer(count: layout.count)
    sharedWeights = device == .cpu ? try group.makeBuffer(count: layout.count) : nil
    let shapes = parameters.map(\.tensor.shape)
    let (count, isHost) = (layout.count, device == .cpu)
    func memory(_ buffer: SymmetricBuffer?) -> Tensor {
      guard isHost, let buffer else { return Tensor.zeros([count], on: device) }
      return Tensor(memory: buffer.floats, keeping: buffer)
    }
    weights = FlatState(memory(sharedWeights), layout, shapes: shapes)
    gradients = FlatState(memory(sharedGradients), layout, shapes: shapes)
    for (index, parameter) in parameters.enumerated() {
      parameter.tensor.move(into: weights.parts[index])
      if isHost { parameter.tensor.gradient = gradients.parts[index] }
    }
  }

  /// Where `backward()` leaves the gradients.
  var gradientPlace: SymmetricBuffer.Place { isOnHost ? sharedGradients.place : .device(device.index) }

  /// Whether weights and gradients are in host memory.
  var isOnHost: Bool { device == .cpu }

  /// Makes every gradient in host memory zero, so that `backward()` starts anew; a card's are written over.
  public func zeroGradients() { if isOnHost { gradients.tensor.zero() } }

  /// Adds what `backward()` has left of a step's part on a card to the gradients; they begin with that of the first.
  ///
  /// There, no gradient is added to memory by itself: all of them are copied at once.
  /// - Parameter casts: Leaves that have gradients in the place of the parameters.
  func takeGradients(ofPart part: Int, casts: [Tensor]?) {
    guard !isOnHost else { return }
    let leaves = parameters.map(\.tensor)
    guard part > 0 else { return Torch.takeGradients(of: leaves, or: casts, to: gradients.parts) }
    let later = FlatState(zeros: layout, shapes: shapes, on: device)
    Torch.takeGradients(of: leaves, or: casts, to: later.parts)
    gradients.tensor.add(later.tensor)
  }

  /// The sum of the squares of the gradients in `ranges`, taken in order.
  func squares(in ranges: [Range<Int>]) -> Double {
    let gradients = UnsafeBufferPointer(sharedGradients.floats)
    return concurrently(ranges) { range in
      sumOfSquares(UnsafeBufferPointer(rebasing: gradients[range]))
    }.reduce(0, +)
  }
}
