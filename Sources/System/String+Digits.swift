extension String {
  /// Writes a number with at least `digits` digits, padded with zeros: `00042`.
  public init(_ number: some BinaryInteger, digits: Int, radix: Int = 10) {
    let text = String(number, radix: radix)
    self.init(repeating: "0", count: Swift.max(0, digits - text.count))
    self += text
  }
}
