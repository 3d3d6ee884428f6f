import RunControl

/// What of cards becomes worse while a run goes on, each thing once.
///
/// A card at its power limit is slowed and let go many times a minute: a cause is told of when it first comes up.
struct CardNews {
  private var known: [CardReading] = []
  private var sentences: [String] = []

  /// Takes in what the cards say now, in the order of their buses.
  mutating func look(_ readings: [CardReading]) {
    for (number, reading) in readings.enumerated() {
      let before = known.indices.contains(number) ? known[number] : CardReading()
      sentences += Self.changes(of: number, from: before, to: reading)
      var all = reading
      all.slowdowns = CardReading.Slowdown.allCases.filter {
        before.slowdowns?.contains($0) == true || reading.slowdowns?.contains($0) == true
      }
      if known.indices.contains(number) { known[number] = all } else { known.append(all) }
    }
  }

  /// What nobody has taken yet.
  mutating func take() -> [String] {
    defer { sentences = [] }
    return sentences
  }

  private static func changes(of number: Int, from old: CardReading, to new: CardReading) -> [String] {
    let card = "card \(number)\(new.text.map { " (\($0))" } ?? "")"
    let causes = (new.slowdowns ?? []).filter { old.slowdowns?.contains($0) != true }
    let slowed =
      causes.isEmpty
      ? nil
      : "\(card) is slowed by \(causes.map(\.rawValue).joined(separator: " and ")); nvidia-smi -q -d "
        + "PERFORMANCE,TEMPERATURE,POWER shows how far"
    let errors =
      (new.memoryErrors ?? 0) > (old.memoryErrors ?? 0)
      ? "\(card) has errors of its memory that were not corrected; nvidia-smi -q -d ECC,ROW_REMAPPER counts them"
      : nil
    let xids = new.xids.filter { !old.xids.contains($0) }.map {
      "the driver reports Xid \($0) of \(card); sudo dmesg | grep -i xid shows its words"
    }
    return [slowed, errors].compactMap(\.self) + xids
  }
}

extension Station {
  /// Says on the console, and in the first rank's log, what has become worse of the cards.
  func sayCardNews() {
    for sentence in launch.cardMonitor?.takeNews() ?? [] {
      console.print("warning: \(sentence)")
      attempt.note("warning: \(sentence)", &console)
    }
  }
}
