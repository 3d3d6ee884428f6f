import CTorch
import System

/// A card out of memory, or a failed card; nothing that this process has on the card can be used afterwards.
struct DeviceFailure: Equatable, CustomStringConvertible {
  /// The kinds of failure.
  enum Kind: Equatable {
    case outOfMemory
    case failed
  }

  let kind: Kind
  /// The first line of the message from libtorch or the card's library.
  let message: String

  /// Makes nil from a status that is no failure of a card.
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

  /// 78 where a restart would fail in the same way, otherwise 70.
  var exitStatus: CInt { kind == .outOfMemory ? 78 : 70 }

  /// Prints the failure to standard error and ends the process.
  func end() -> Never { endProcess("\(self)", exitStatus) }
}
