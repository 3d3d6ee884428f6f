public import Datasets

/// The classes that weights were trained on are not those of the folder: its labels would shift.
public struct ClassMismatch: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file of weights or the checkpoint, as a sentence begins with it.
  public let origin: String
  /// What the weights were trained on, in the order of the head's outputs.
  public let trained: [ClassName]
  /// The folder's classes.
  public let found: [ClassName]

  /// Throws unless both lists hold the same names, byte for byte and in the same order.
  ///
  /// Weights that do not name their classes fit any.
  public static func check(
    _ trained: [ClassName], against found: [ClassName], of origin: String
  ) throws(ClassMismatch) {
    guard trained != found, !trained.isEmpty else { return }
    throw ClassMismatch(origin: origin, trained: trained, found: found)
  }

  /// What differs, with names that look alike spelled out, and what to do.
  public var description: String {
    let counts =
      trained.count == found.count
      ? "other classes" : "\(trained.count) classes and the folder has \(found.count)"
    return "\(origin) was trained on \(counts): \(difference). Its labels would shift. "
      + "Use the folder that it was trained on, or --finetune to learn these classes."
  }

  // The first place where the lists part.
  private var difference: String {
    guard let (theirs, ours) = zip(trained, found).first(where: { $0 != $1 }) else {
      return trained.count > found.count
        ? "the folder has no '\(trained[found.count])'" : "only the folder has '\(found[trained.count])'"
    }
    return theirs.looksLike(ours)
      ? "'\(theirs)' is spelled \(theirs.spelling) there and \(ours.spelling) in the folder"
      : "'\(theirs)' where the folder has '\(ours)'"
  }
}
