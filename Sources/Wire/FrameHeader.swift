import System

/// What goes before the bytes of every message: whose it is, its place, and the checksums of both.
///
/// Wire gives the numbers no meaning; operations and elements are named by the layer above.
public struct FrameHeader: Equatable, Sendable {
  /// The size of an encoded header.
  public static let byteCount = 72

  /// The layer above's code of what is done.
  public var operation: UInt8
  /// The layer above's code of what the payload is made of.
  public var element: UInt8
  /// ``digest(ofRun:)`` of the run that the sender belongs to.
  public var run: UInt64
  /// How often that run has started its workers, from 0.
  public var generation: UInt32
  /// The sender.
  public var rank: UInt16
  /// The number of ranks that the sender counts.
  public var size: UInt16
  /// The sender's number of the operation, from 0.
  public var sequence: UInt64
  /// The step of the operation.
  public var step: UInt32
  /// The segment of the step.
  public var segment: UInt32
  /// The number of elements of the whole operation.
  public var count: UInt64
  /// The place in their buffer at which those elements start.
  public var start: UInt64
  /// The bytes of payload that follow, all parts together.
  public var length: UInt32
  /// The CRC-32C of those bytes.
  public var payloadChecksum: UInt32
  /// The rank that the operation is about, where there is one.
  public var root: UInt16

  /// Makes a header without payload.
  public init(operation: UInt8, element: UInt8, run: UInt64, generation: UInt32, rank: UInt16, size: UInt16) {
    self.operation = operation
    self.element = element
    self.run = run
    self.generation = generation
    self.rank = rank
    self.size = size
    sequence = 0
    step = 0
    segment = 0
    count = 0
    start = 0
    length = 0
    payloadChecksum = 0
    root = 0
  }

  /// A run's name as the 64 bits that a header has room for (FNV-1a).
  public static func digest(ofRun name: String) -> UInt64 {
    fnv1a(name.utf8)
  }
}
