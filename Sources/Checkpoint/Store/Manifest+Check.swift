extension Manifest {
  /// Bytes of a manifest, or of a state, that is read: those of a thousand layers take a hundredth.
  static let longestText = 64 << 20
  /// The highest number of a checkpoint and the most bytes of one: what JSON's readers agree on, and a petabyte.
  private static let highestSequence = 1 << 53
  private static let mostBytes = 1 << 50

  /// What no writer of a checkpoint would have put down; nil where all is as it may be.
  ///
  /// Beyond it, sums and names made of the manifest's need no second look.
  var fault: String? {
    guard (0..<Self.highestSequence).contains(sequence) else {
      return "its number \(sequence) is none of a save"
    }
    var rest = Self.mostBytes
    for file in files {
      guard file.hasPlainName else { return "'\(file.name.printable)' names no file of it" }
      guard (0...rest).contains(file.size) else {
        return "its files would have more than a petabyte, or less than nothing"
      }
      rest -= file.size
    }
    return nil
  }
}

extension Manifest.File {
  /// Whether the name is one in the checkpoint's own folder.
  fileprivate var hasPlainName: Bool {
    !name.isEmpty && !name.hasPrefix(".") && name.utf8.allSatisfy { $0 != UInt8(ascii: "/") && $0 != 0 }
  }
}
