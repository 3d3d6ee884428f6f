import RunControl

/// Finds what became worse on the cards during a run, and reports each change once.
///
/// A card at its power limit is slowed and released many times a minute, so each cause is reported only the first time.
struct CardNews {
  private var known: [CardReading] = []
  private var sentences: [String] = []

  /// Compares the cards' present readings, ordered by bus, with the ones before.
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

  /// Returns the warnings that have not been taken yet.
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
  /// Writes new warnings about cards to the console and to the first rank's log.
  func sayCardNews() {
    for sentence in launch.cardMonitor?.takeNews() ?? [] {
      console.print("warning: \(sentence)")
      attempt.note("warning: \(sentence)", &console)
    }
  }
}
