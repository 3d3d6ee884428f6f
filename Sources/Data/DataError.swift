public import System

/// What can be wrong with a data set or one of its pictures.
///
/// `description` is made for the user: what happened, where, the likely cause, the next command.
public enum DataError: Error, Equatable, Sendable {
  /// The folder that was asked for does not exist, or is a file.
  case noSuchFolder(String)
  /// The data set has no folder of that name ("train" or "val").
  case missingSplit(String, dataset: String)
  /// The folder has no class folders in it.
  case noClasses(folder: String)
  /// A class folder without a single picture.
  case emptyClass(String, folder: String)
  /// A class that is in the training split alone.
  case classMissing(String, training: String, validation: String)
  /// A class that is in the validation split alone.
  case classUnexpected(String, training: String, validation: String)
  /// A file or folder that the system refuses to open or read.
  case unreadable(path: String, reason: String)
  /// A file that is not a picture, whatever its name says.
  case notAPicture(path: String)
  /// In its place lies what was never the file.
  case standIn(StandIn, path: String)
  /// A picture in a format that is recognised but not decoded.
  case unsupportedFormat(String, path: String)
  /// A picture whose bytes are cut off or damaged; `reason` is the decoder's.
  case damagedPicture(path: String, reason: String)
  /// A picture with more pixels than Pillow would decode, 178,956,970.
  case pictureTooLarge(path: String, width: Int, height: Int)
  /// A picture that takes more than 768 MiB while it is decoded.
  case pictureTooCostly(path: String, bytes: Int)
  /// A file that could not be read just now, however often it was tried: the storage or the system is in trouble.
  case unavailable(path: String, reason: String)
  /// One step of all workers needs more pictures than there are.
  case batchLargerThanData(count: Int, batchSize: Int, worldSize: Int)
  /// An epoch of repeated augmentation, a multiple of 256 samples, has no whole step.
  case tooFewToRepeat(count: Int, batchSize: Int, worldSize: Int)
  /// The table of the digits demo does not exist.
  case noSuchTable(path: String)
  /// The table of the digits demo is not what it should be.
  case malformedTable(path: String, reason: String)
  /// A file or folder that cannot be written.
  case unwritable(path: String, reason: String)

  /// Whether a file or folder that was named does not exist (exit code 66), unlike one whose content is bad (65).
  public var isMissingInput: Bool {
    switch self {
    case .noSuchFolder, .missingSplit, .noSuchTable: true
    default: false
    }
  }

  /// Whether reading failed for a reason that may pass (exit code 74), so that another start may go well.
  public var isTransient: Bool {
    if case .unavailable = self { true } else { false }
  }

  /// Whether writing failed (exit code 74), so that neither the input nor its content is to blame.
  public var isWriteFailure: Bool {
    if case .unwritable = self { true } else { false }
  }
}
