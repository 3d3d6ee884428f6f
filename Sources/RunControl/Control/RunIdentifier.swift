import Glibc

/// The name of a run: letters, digits, `.`, `_` and `-`, since it is used in paths and in the environment.
package struct RunIdentifier: Equatable, Sendable {
  package let text: String

  /// Nil if the text is empty, longer than 64 bytes, or contains anything else.
  package init?(_ text: String) {
    guard (1...64).contains(text.utf8.count), text.utf8.allSatisfy(Self.isAllowed) else { return nil }
    guard text.first != "-", text.first != "." else { return nil }
    self.text = text
  }

  /// Makes a new name from the local date and time, which sorts, and four random digits.
  package static func random() -> RunIdentifier {
    var now = time(nil)
    var local = tm()
    localtime_r(&now, &local)
    var buffer = [CChar](repeating: 0, count: 32)
    let count = strftime(&buffer, buffer.count, "%Y%m%d-%H%M%S", &local)
    let moment = String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
    let digits = String(UInt16.random(in: 0x1000...0xffff), radix: 16)
    return RunIdentifier(unchecked: "\(moment)-\(digits)")
  }

  private init(unchecked text: String) {
    self.text = text
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"): true
    default: [UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-")].contains(byte)
    }
  }
}
