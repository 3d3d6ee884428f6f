import Glibc

/// Recognizes progress lines in the reference's format, and balanced accuracy, which a live view makes
/// superfluous.
enum ReferenceProgress {
  private static let beginnings = [
    "Epoch: [", "Averaged stats: ", "Test: ", "Test (EMA): ", "* Acc@1 ", "Accuracy of the network on ",
    "Accuracy of the averaged network on ", "Max accuracy: ", "Max EMA accuracy: ", "* EMA Acc@1 ",
    "Balanced accuracy ", "EMA balanced accuracy ", "Start training for ",
  ].map { Array($0.utf8) }

  /// Whether a line is one of them.
  static func isTold(by line: UnsafeRawBufferPointer) -> Bool {
    beginnings.contains { line.starts(with: $0) }
  }
}
