import CTorch
import System

/// A card that ran out of memory, failed, or cannot do what was asked; nothing that this process has on the card can be used
/// afterwards.
struct DeviceFailure: Equatable, CustomStringConvertible {
  /// The kinds of failure.
  enum Kind: Equatable {
    case outOfMemory
    /// Its memory holds what nobody wrote.
    case memoryError
    /// It answers no more.
    case lost
    case failed
    /// An operation that `Runtime.beDeterministic` left nothing of.
    case notDeterministic
  }

  let kind: Kind
  /// The first line of the message from libtorch or the card's library.
  let message: String

  /// Makes nil from a status that is no failure of a card.
  init?(status: Int32, _ message: String) {
    switch status {
    case Int32(CT_NO_DEVICE_MEMORY.rawValue): kind = .outOfMemory
    case Int32(CT_DEVICE_FAILED.rawValue): kind = Self.kind(of: message)
    case Int32(CT_NOT_DETERMINISTIC.rawValue): kind = .notDeterministic
    default: return nil
    }
    self.message = String(message.prefix { $0 != "\n" })
  }

  /// By the words of the CUDA runtime, of CANN and of libtorch_npu.
  private static func kind(of message: String) -> Kind {
    let words = message.lowercased()
    func hasOne(of signs: [String]) -> Bool { signs.contains(where: words.contains) }
    if hasOne(of: ["ecc error", "uncorrectable", "uce error", "suspect mem error", "contained error"]),
      !hasOne(of: ["nvlink"])
    {
      return .memoryError
    }
    let lost = [
      "fallen off the bus", "device is lost", "device lost", "no cuda-capable device", "busy or unavailable",
      "lost heartbeat", "heartbeat lost", "device is not available", "device unavailable",
    ]
    return hasOne(of: lost) ? .lost : .failed
  }

  /// What happened, and what to do about it.
  var description: String {
    switch kind {
    case .outOfMemory:
      "the card has too little memory: \(message) Use a smaller --batch-size, with --accumulate for the same images an "
        + "update, or --amp O1; see that no other process has the card."
    case .memoryError:
      "the card's memory failed: \(message). What lay there is lost, and another start takes other memory; "
        + "nvidia-smi -q -d ECC,ROW_REMAPPER and npu-smi info -t ecc -i 0 count such errors. A card that has more of them "
        + "needs a reset, or another in its place."
    case .lost:
      "the card is lost: \(message). It answers no more until it is reset or the machine starts anew: sudo dmesg | grep -iE "
        + "'xid|npu' has its last words, nvidia-smi -L and npu-smi info list those that are left. CUDA_VISIBLE_DEVICES or "
        + "ASCEND_RT_VISIBLE_DEVICES names those to go on with."
    case .failed:
      "the card failed: \(message). Another start may find it well; if not, look at the card's log (dmesg, nvidia-smi -q, "
        + "npu-smi info)."
    case .notDeterministic:
      // Without libtorch's advice, which is about its Python.
      "--deterministic: \(message.split(separator: ", but you", maxSplits: 1)[0]) on this card. Leave --deterministic out, or "
        + "compute with --device cpu, which always comes to the same bits."
    }
  }

  /// 78 where a restart would fail in the same way, otherwise 70.
  var exitStatus: CInt { kind == .outOfMemory || kind == .notDeterministic ? 78 : 70 }

  /// Prints the failure to standard error and ends the process.
  func end() -> Never { endProcess("\(self)", exitStatus) }
}
