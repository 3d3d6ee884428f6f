public import Checkpoint
import Torch

/// Named tensors as bytes in host memory, as files want them.
///
/// On the CPU nothing is copied: the views show the tensors' own memory, so write them before the next step.
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
