import ArgumentParser

/// A number of bytes as people write it: `65536`, `512M`, `2G`.
struct ByteCount: Equatable, Sendable {
  let bytes: Int

  private static let units: [Character: Int] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30]

  init(parsing text: String) throws {
    let unit = text.last.flatMap { Self.units[Character($0.uppercased())] }
    let digits = unit == nil ? text[...] : text.dropLast()
    guard let count = Int(digits), count > 0, digits.allSatisfy(\.isNumber) else { throw Self.refusal }
    let (bytes, overflows) = count.multipliedReportingOverflow(by: unit ?? 1)
    guard !overflows else { throw Self.refusal }
    self.bytes = bytes
  }

  private static let refusal = ValidationError(
    "It has to be a number of bytes above 0, or one with K, M or G behind it, as in 512M.")
}
