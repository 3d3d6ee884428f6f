import Collective
import Torch

/// A network's weights and gradients, each in one memory and laid out alike.
///
/// In host memory both are buffers of the group, so that the ranks exchange them without a copy. On a card both stay
/// there; a group that does not reach it works on a copy of the gradients in host memory.
public final class FlatParameters {
  let parameters: [Parameter]
  /// Where they lie, and what of them learns.
  private(set) var layout: FlatLayout
  private let blockLength, bucketBytes: Int
  let device: Device
  /// The parameters' memory.
  let weights: FlatState
  /// The sums of a step's gradients: what `backward()` adds to in host memory, and `takeGradients` on a card.
  let gradients: FlatState
  /// The weights as the group sees them; nil on a card.
  let sharedWeights: SymmetricBuffer?
  /// The gradients as the group sees them in host memory; between two steps, room for other exchanges. One float where cards
  /// sum.
  let sharedGradients: SymmetricBuffer
  /// A card's gradients, where the group sums them there; else nil.
  let cardGradients: SymmetricBuffer?

  var shapes: [[Int]] { parameters.map(\.tensor.shape) }

  /// Moves the weights and the gradients of `parameters` into flat memory; the tensors themselves stay.
  ///
  /// - Parameter paces: How fast each learns; all alike where nobody says.
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

  /// Has each parameter learn so fast, or not at all, from the next step on.
  ///
  /// Only what learns has gradients: `backward()` ends where nothing before it does.
  func learn(_ paces: [Pace?]) {
    layout = FlatLayout(
      parameters.map { ($0.tensor.count, $0.decays) }, paces: paces, blockLength: blockLength,
      bucketBytes: bucketBytes)
    for index in parameters.indices {
      parameters[index].tensor.requireGradient(paces[index] != nil)
      if isOnHost, paces[index] != nil { parameters[index].tensor.gradient = gradients.parts[index] }
    }
  }

  /// The numbers of the parameters that learn.
  var learning: [Int] { layout.places.indices.filter { layout.places[$0].pace != nil } }

  /// Whether weights and gradients are in host memory.
  var isOnHost: Bool { device == .cpu }

  /// Makes every gradient in host memory zero, so that `backward()` starts anew; a card's are written over.
  public func zeroGradients() {
    guard isOnHost else { return }
    for range in layout.learning { gradients.tensor.narrowed(0, to: range).zero() }
  }

  /// Adds what `backward()` has left of a step's part on a card to the gradients; they begin with that of the first.
  ///
  /// There, no gradient is added to memory by itself: all of them are copied at once.
  /// - Parameter casts: Leaves that have gradients in the place of the parameters.
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

  /// The sum of the squares of the gradients in `ranges`, taken in order.
  func squares(in ranges: [Range<Int>]) -> Double {
    let gradients = UnsafeBufferPointer(sharedGradients.floats)
    return concurrently(ranges) { range in
      sumOfSquares(UnsafeBufferPointer(rebasing: gradients[range]))
    }.reduce(0, +)
  }
}
