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

  /// More sides than any layer's weights have; a file that claims more is refused before they take memory.
  static let mostSides = 16

  /// A view of `bytes`, which has to hold exactly what type and shape say by the time it is written.
  public init(name: String, type: ElementType, shape: [Int], bytes: UnsafeRawBufferPointer) {
    self.name = name
    self.type = type
    self.shape = shape
    self.bytes = bytes
  }
}
