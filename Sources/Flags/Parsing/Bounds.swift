/// The allowed values, with a description of them.
struct Bounds<Value>: Sendable {
  private let words: String
  private let hold: @Sendable (Value) -> Bool

  init(_ words: String, _ hold: @escaping @Sendable (Value) -> Bool) {
    self.words = words
    self.hold = hold
  }

  /// What is wrong with a value, beginning with the value; nil if nothing is.
  func fault(of value: Value) -> String? { hold(value) ? nil : "\(spelt(value)): must be \(words)" }

  /// Allows every value of the type.
  static var none: Bounds { Bounds("") { _ in true } }

  /// Allows nil, or a value within other bounds.
  static func orAbsent<Wrapped>(_ bounds: Bounds<Wrapped>) -> Bounds where Value == Wrapped? {
    Bounds(bounds.words) { $0.map(bounds.hold) ?? true }
  }
}

extension Bounds where Value: Comparable & Sendable {
  /// Both ends are included.
  static func within(_ range: ClosedRange<Value>) -> Bounds {
    Bounds("from \(end(range.lowerBound)) to \(end(range.upperBound))", range.contains)
  }
}

extension Bounds<Double> {
  /// A probability.
  static let chance = Bounds("from 0 to 1", (0...1).contains)

  /// A probability below 1.
  static let share = Bounds("from 0 to below 1", (0..<1).contains)

  /// Positive numbers up to and including `last`.
  static func positive(upTo last: Double) -> Bounds {
    Bounds("above 0, at most \(end(last))") { $0 > 0 && $0 <= last }
  }
}

extension Bounds<[Double]> {
  /// The two ends of a range above 0.
  static func rising(upTo last: Double) -> Bounds {
    Bounds("two rising numbers above 0, at most \(end(last))") { pair in
      pair.count == 2 && pair[0] > 0 && pair[0] <= pair[1] && pair[1] <= last
    }
  }
}

extension Bounds<[Double]> {
  /// One number each for red, green and blue.
  static func colour(_ range: ClosedRange<Double>) -> Bounds {
    Bounds("three numbers from \(end(range.lowerBound)) to \(end(range.upperBound))") { values in
      values.count == 3 && values.allSatisfy(range.contains)
    }
  }
}

extension Bounds<[Int]> {
  /// Epochs in ascending order.
  static let epochs = Bounds("rising numbers from 1 to \(manyEpochs)") { epochs in
    !epochs.isEmpty && epochs.allSatisfy((1...manyEpochs).contains)
      && zip(epochs, epochs.dropFirst()).allSatisfy { $0 < $1 }
  }
}

/// A range's end; integers are written without a decimal point.
private func end(_ value: Any) -> String {
  if let number = value as? Double, let whole = Int(exactly: number), whole < 1_000_000 { return "\(whole)" }
  return spelt(value)
}

/// A value as it was typed.
func spelt(_ value: Any) -> String {
  if let list = value as? [Int] { return list.map(\.description).joined(separator: " ") }
  if let list = value as? [Double] { return list.map(\.description).joined(separator: " ") }
  if let number = value as? Double { return number.description }
  if let number = value as? Int { return number.description }
  if let word = value as? any RawRepresentable, let text = word.rawValue as? String { return text }
  return "\(value)"
}
