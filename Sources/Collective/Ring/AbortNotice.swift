internal import System
internal import Wire

/// A failed rank's message to the next one: whom it blames and why. Every rank passes it on unchanged.
struct AbortNotice: Equatable, Sendable {
  /// The rank that failed first, as far as the witness knows.
  let culprit: Int
  /// The rank that saw it fail.
  let witness: Int
  /// What the witness saw.
  let reason: String

  /// Makes the notice of a rank that saw `error` itself, or that passes on a notice that it received.
  init(_ error: CollectiveError, witness: Int) {
    if case .aborted(let culprit, let by, _, let reason) = error {
      self.init(culprit: culprit, witness: by, reason: reason)
    } else {
      self.init(culprit: error.culprit ?? witness, witness: witness, reason: error.description)
    }
  }

  /// The notice in a received message, or nil when it is another kind of message or damaged.
  init?(_ header: FrameHeader, _ reason: UnsafeRawBufferPointer) {
    guard header.operation == CollectiveCall.Operation.abort.rawValue,
      header.payloadChecksum == CRC32C(of: reason).value
    else { return nil }
    self.init(
      culprit: Int(header.root), witness: Int(header.segment),
      reason: String(decoding: reason, as: UTF8.self))
  }

  init(culprit: Int, witness: Int, reason: String) {
    self.culprit = culprit
    self.witness = witness
    self.reason = reason
  }

  /// The error that a receiver of the notice throws.
  func error(during call: CollectiveCall) -> CollectiveError {
    .aborted(rank: culprit, by: witness, operation: call.name, reason: reason)
  }

  /// Encodes the notice as a message from the rank that `identity` describes.
  func message(from identity: FrameHeader) -> Message {
    let message = Message(byteCount: FrameHeader.byteCount + reason.utf8.count)
    message.payload.copyBytes(from: Array(reason.utf8))
    var header = identity
    header.operation = CollectiveCall.Operation.abort.rawValue
    header.root = UInt16(culprit)
    header.segment = UInt32(witness)
    header.length = UInt32(message.payload.count)
    header.payloadChecksum = CRC32C(of: UnsafeRawBufferPointer(message.payload)).value
    header.encode(into: message.bytes)
    return message
  }
}
