import CTorch
import System

/// A card that has too little memory, or broke: nothing of what this process has there is of use any more.
struct DeviceFailure: Equatable, CustomStringConvertible {
  /// What happened to it.
  enum Kind: Equatable {
    case outOfMemory
    case failed
  }

  let kind: Kind
  /// The first line of libtorch's, or of the card's library.
  let message: String

  /// Nil for a status that tells of no card.
  init?(status: Int32, _ message: String) {
    switch status {
    case Int32(CT_NO_DEVICE_MEMORY.rawValue): kind = .outOfMemory
    case Int32(CT_DEVICE_FAILED.rawValue): kind = .failed
    default: return nil
    }
    self.message = String(message.prefix { $0 != "\n" })
  }

  /// What happened, and what to do about it.
  var description: String {
    switch kind {
    case .outOfMemory:
      "the card has too little memory: \(message) Use a smaller --batch-size, with --accumulate for the same images an "
        + "update, or --amp O1; see that no other process has the card."
    case .failed:
      "the card failed: \(message). Another start may find it well; if not, look at the card's log (dmesg, nvidia-smi -q, "
        + "npu-smi info)."
    }
  }

  /// 78 where another start would meet the same, else 70.
  var exitStatus: CInt { kind == .outOfMemory ? 78 : 70 }

  /// Says so on standard error and ends the process.
  func end() -> Never { endProcess("\(self)", exitStatus) }
}
