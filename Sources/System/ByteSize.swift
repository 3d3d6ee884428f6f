/// A number of bytes for people, with one decimal: in millions, or from a thousand of these on in billions.
package func byteSize(_ bytes: Int) -> String {
  func tenths(_ unit: Int, _ name: String) -> String {
    let whole = bytes / unit * 10 + (bytes % unit * 10 + unit / 2) / unit
    return "\(whole / 10).\(whole % 10) \(name)"
  }
  return bytes < 999_950_000 ? tenths(1_000_000, "MB") : tenths(1_000_000_000, "GB")
}
