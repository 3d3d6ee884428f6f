import Collective
import Torch

/// A network's weights and gradients, each in one flat buffer with the same layout.
///
/// In host memory both are buffers of the group, so that ranks exchange them without a copy. On a card both
/// stay there; a group that cannot sum there works on a copy of the gradients in host memory.
public final class FlatParameters {
  let parameters: [Parameter]
  /// Where the parameters lie, and which of them learn.
  private(set) var layout: FlatLayout
  let blockLength, bucketBytes: Int
  let device: Device
  /// The parameters' values.
  let weights: FlatState
  /// The sum of a step's gradients: `backward()` adds to it in host memory, and `takeGradients` on a card.
  let gradients: FlatState
  /// The weights as a buffer of the group; nil on a card.
  let sharedWeights: SymmetricBuffer?
  /// The gradients as a buffer of the group in host memory; between steps, scratch memory for other
  /// exchanges. It has one float where cards do the sums.
  let sharedGradients: SymmetricBuffer
  /// A card's gradients as a buffer of the group, where the group sums on cards; otherwise nil.
  let cardGradients: SymmetricBuffer?

  var shapes: [[Int]] { parameters.map(\.tensor.shape) }

  /// Moves the weights and gradients of `parameters` into flat buffers; the tensor objects stay the same.
  ///
  /// - Parameter paces: How fast each parameter learns; nil makes all learn alike.
  init(
    _ parameters: [Parameter], over group: any ProcessGroup, on device: Device,
    bucketBytes: Int = Parallelism().bucketBytes, paces: [Pace?]? = nil
  ) throws(CollectiveError) {
    self.parameters = parameters
    self.device = device
    self.bucketBytes = bucketBytes
    blockLength = group.blocks.blockLength
    let paces = paces ?? parameters.map { _ in Pace() }
    layout = FlatLayout(
      parameters.map { ($0.tensor.count, $0.decays) }, paces: paces, blockLength: blockLength,
      bucketBytes: bucketBytes)
    let isSummedThere = device != .cpu && group.size > 1 && group.canSum(at: .device(device.index))
    sharedGradients = try group.makeBuffer(count: isSummedThere ? 1 : layout.count)
    sharedWeights = device == .cpu ? try group.makeBuffer(count: layout.count) : nil
    let shapes = parameters.map(\.tensor.shape)
    let (count, isHost) = (layout.count, device == .cpu)
    func memory(_ buffer: SymmetricBuffer?) -> Tensor {
      guard isHost, let buffer else { return Tensor.zeros([count], on: device) }
      return Tensor(memory: buffer.floats, keeping: buffer)
    }
    weights = FlatState(memory(sharedWeights), layout, shapes: shapes)
    gradients = FlatState(memory(sharedGradients), layout, shapes: shapes)
    cardGradients =
      isSummedThere ? SymmetricBuffer(onCard: device.index, gradients.tensor.cardFloats()) : nil
    for (index, parameter) in parameters.enumerated() { parameter.tensor.move(into: weights.parts[index]) }
    learn(paces)
  }

  /// Sets how fast each parameter learns from the next step on; nil freezes it.
  ///
  /// Only parameters that learn have gradients: `backward()` stops where nothing before it learns.
  func learn(_ paces: [Pace?]) {
    layout = FlatLayout(
      parameters.map { ($0.tensor.count, $0.decays) }, paces: paces, blockLength: blockLength,
      bucketBytes: bucketBytes)
    for index in parameters.indices {
      parameters[index].tensor.requireGradient(paces[index] != nil)
      if isOnHost, paces[index] != nil { parameters[index].tensor.gradient = gradients.parts[index] }
    }
  }

  /// The numbers of the parameters that learn, in order of construction.
  var learning: [Int] { layout.places.indices.filter { layout.places[$0].pace != nil } }

  /// Whether weights and gradients are in host memory.
  var isOnHost: Bool { device == .cpu }

  /// Zeroes the gradients in host memory for the next `backward()`; a card's are overwritten instead.
  public func zeroGradients() {
    guard isOnHost else { return }
    for range in layout.learning { gradients.tensor.narrowed(0, to: range).zero() }
  }

  /// On a card, moves what `backward()` left in `.grad` into the gradients: part 0 overwrites them, later
  /// parts are added.
  ///
  /// One operation copies all parameters' gradients.
  /// - Parameter casts: The leaves that received gradients in place of the parameters.
  func takeGradients(ofPart part: Int, casts: [Tensor]?) {
    guard !isOnHost else { return }
    let learning = learning
    func take(to state: FlatState) {
      Torch.takeGradients(
        of: learning.map { parameters[$0].tensor }, or: casts.map { casts in learning.map { casts[$0] } },
        to: learning.map { state.parts[$0] })
    }
    guard part > 0 else { return take(to: gradients) }
    let later = FlatState(zeros: layout, shapes: shapes, on: device)
    take(to: later)
    gradients.tensor.add(later.tensor)
  }

  /// The sum of squares of the gradients in `ranges`, in order.
  func squares(in ranges: [Range<Int>]) -> Double {
    let gradients = UnsafeBufferPointer(sharedGradients.floats)
    return concurrently(ranges) { range in
      sumOfSquares(UnsafeBufferPointer(rebasing: gradients[range]))
    }.reduce(0, +)
  }
}
