/// A named tensor whose bytes belong to somebody else: row-major, without gaps.
public struct TensorView {
  /// The tensor's key, as `blocks.0.0.attn.qkv.weight`.
  public let name: String
  /// What its bytes stand for.
  public let type: ElementType
  /// Its sides, outermost first; empty for a single number.
  public let shape: [Int]
  /// Its content, valid as long as the owner keeps it.
  public let bytes: UnsafeRawBufferPointer

  /// A view of `bytes`, which has to hold exactly what type and shape say by the time it is written.
  public init(name: String, type: ElementType, shape: [Int], bytes: UnsafeRawBufferPointer) {
    self.name = name
    self.type = type
    self.shape = shape
    self.bytes = bytes
  }
}
