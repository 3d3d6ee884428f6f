/// What a word says of the split that images belong to: in the name of a shard or a folder, or in a table's column.
enum SplitWord {
  case training, validation, test

  /// Nil for a word that says nothing of it.
  init?(_ word: some StringProtocol) {
    switch word.lowercased() {
    case "train", "training": self = .training
    case "val", "valid", "validation", "dev", "eval": self = .validation
    case "test", "testing": self = .test
    default: return nil
    }
  }

  /// What the first of some names says that says anything: `imagenet-train-000012.tar` before the folder that it lies in.
  init?(names: some Sequence<String>) {
    for name in names {
      let words = name.split { !$0.isLetter }.compactMap { SplitWord($0) }
      guard let word = words.first(where: \.isHeldOut) ?? words.first else { continue }
      self = word
      return
    }
    return nil
  }

  /// Whether such images belong to val/.
  var isHeldOut: Bool { self != .training }
}
