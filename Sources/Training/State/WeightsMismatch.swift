import Checkpoint
public import Datasets
import System

/// The error of a file of weights that does not fit the network.
public struct WeightsMismatch: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file's path.
  public let path: String
  /// Keys of the network that the file lacks.
  public let missing: [String]
  /// Keys of the file that the network lacks.
  public let unexpected: [String]
  /// Keys in both whose shapes or types differ, with both shapes or types.
  public let different: [String]

  /// What does not fit, with the first keys of each kind, the likely cause and what to do.
  public var description: String {
    let faults = [
      Self.part(missing, "missing"), Self.part(unexpected, "not of this network"),
      Self.part(different, "of another shape"),
    ].compactMap(\.self)
    return masked("\(path) holds other weights: \(faults.joined(separator: "; ")). \(cause)")
  }

  private static func part(_ keys: [String], _ what: String) -> String? {
    guard let first = keys.first else { return nil }
    return "\(counted(keys.count, "tensor")) \(what), such as \(first)"
  }

  private var cause: String {
    let onlyHead = missing.isEmpty && unexpected.isEmpty && different.allSatisfy { $0.hasPrefix("head") }
    return onlyHead
      ? "It was trained on another number of classes: use the folder that it was trained on, "
        + "or --finetune, which draws a new head."
      : "It is probably of another model: name that with --model."
  }

  /// Throws unless the file has exactly these float32 tensors; those under the `except` keys may be anything.
  static func check(
    _ file: some NamedTensors, against wanted: [(name: String, shape: [Int])], except free: Set<String> = []
  ) throws(WeightsMismatch) {
    let found = Dictionary(uniqueKeysWithValues: file.tensors.map { ($0.name, $0) })
    let names = Set(wanted.map(\.name))
    let bound = wanted.filter { !free.contains($0.name) }
    let different = bound.compactMap { name, shape -> String? in
      guard let view = found[name], view.shape != shape || view.type != .float32 else { return nil }
      return "\(name) (\(view.type.rawValue) \(view.shape) in the file, F32 \(shape) here)"
    }
    let mismatch = WeightsMismatch(
      path: file.path, missing: bound.map(\.name).filter { found[$0] == nil },
      unexpected: file.tensors.map(\.name).filter { !names.contains($0) }, different: different)
    guard mismatch.missing.isEmpty, mismatch.unexpected.isEmpty, different.isEmpty else { throw mismatch }
  }
}

/// The error of weights trained on other classes than the folder's, whose labels would not match.
public struct ClassMismatch: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file of weights or the checkpoint, worded as the start of a sentence.
  public let origin: String
  /// The classes that the weights were trained on, in the order of the head's outputs.
  public let trained: [ClassName]
  /// The folder's classes.
  public let found: [ClassName]

  /// Throws unless both lists hold the same names, byte for byte and in the same order.
  ///
  /// Weights that do not name their classes fit any folder.
  public static func check(
    _ trained: [ClassName], against found: [ClassName], of origin: String
  ) throws(ClassMismatch) {
    guard trained != found, !trained.isEmpty else { return }
    throw ClassMismatch(origin: origin, trained: trained, found: found)
  }

  /// The difference, with look-alike names spelled out, and what to do.
  public var description: String {
    let counts =
      trained.count == found.count
      ? "other classes" : "\(counted(trained.count, "class", "classes")) and the folder has \(found.count)"
    return "\(origin) was trained on \(counts): \(difference). Its labels would shift. "
      + "Use the folder that it was trained on, or --finetune to learn these classes."
  }

  // The first position at which the lists differ.
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
