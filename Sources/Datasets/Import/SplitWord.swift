/// A word that tells the split of images: in the name of a shard or folder, or in a table's column.
enum SplitWord {
  case training, validation, test

  /// Nil for any other word.
  init?(_ word: some StringProtocol) {
    switch word.lowercased() {
    case "train", "training": self = .training
    case "val", "valid", "validation", "dev", "eval": self = .validation
    case "test", "testing": self = .test
    default: return nil
    }
  }

  /// Uses the first name that contains such a word: `imagenet-train-000012.tar` before its folder's.
  init?(names: some Sequence<String>) {
    for name in names {
      let words = name.split { !$0.isLetter }.compactMap { SplitWord($0) }
      guard let word = words.first(where: \.isHeldOut) ?? words.first else { continue }
      self = word
      return
    }
    return nil
  }

  /// Whether the images go to val/.
  var isHeldOut: Bool { self != .training }
}
