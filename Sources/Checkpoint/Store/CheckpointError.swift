import Glibc
import System

/// Why a file or a checkpoint could not be written or cannot be trusted.
public enum CheckpointError: Error, Equatable, Sendable {
  /// The operating system refused an operation on `path`.
  case system(operation: String, path: String, errno: CInt)
  /// The file as a whole is invalid.
  case badFile(path: String, reason: String)
  /// One tensor in the file is invalid.
  case badTensor(path: String, tensor: String, reason: String)
  /// The folder is not a complete checkpoint.
  case incomplete(folder: String, reason: String)
}

extension CheckpointError {
  /// Whether the operation could succeed if files were removed to make room.
  public var isForWantOfRoom: Bool {
    switch self {
    case .system(_, _, ENOSPC), .system(_, _, EDQUOT): true
    default: false
    }
  }
}

extension CheckpointError: CustomStringConvertible {
  /// What happened, where, and the likely cause; on one line, without terminal control characters.
  public var description: String { masked(text) }

  private var text: String {
    switch self {
    case .system(let operation, let path, let errno):
      "cannot \(operation) \(path): \(errorText(errno))\(Self.hint(errno))"
    case .badFile(let path, let reason):
      "\(path): \(reason)"
    case .badTensor(let path, let tensor, let reason):
      "\(path): tensor \(tensor.printable): \(reason)"
    case .incomplete(let folder, let reason):
      "\(folder) is not a complete checkpoint: \(reason)"
    }
  }

  private static func hint(_ errno: CInt) -> String {
    switch errno {
    case ENOSPC: ". `df -h` shows which disk is full; what was there before is untouched."
    case EDQUOT: ". `quota` shows the limit; what was there before is untouched."
    case EROFS, EACCES, EPERM: ". Choose a folder that this user may write."
    case EIO: ". The disk may be failing: `dmesg` says more. What was there before is untouched."
    case EFBIG: ". `ulimit -f` shows the limit on a file's size."
    default: ""
    }
  }
}
