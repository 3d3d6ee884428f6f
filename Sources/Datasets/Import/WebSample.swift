import FoundationEssentials
import System

/// A sample of a WebDataset: its images, and what is said of its class.
///
/// A class is named by its text, or by its number in five digits, so that the order of names is that of numbers.
struct WebSample {
  var key: [UInt8] = []
  var images: [Image] = []
  var label: ClassName?

  /// One of its images.
  struct Image {
    let ending: [UInt8]
    /// Whether called `KEY.jpg`, and not as what belongs to that: `KEY.seg.png`.
    let isPlainlyNamed: Bool
    let member: TarReader.Member
    /// Nil where they can be read later.
    let bytes: [UInt8]?
  }

  /// The image that its label is of; nil where that may be any of several.
  var image: Image? {
    let plain = images.filter(\.isPlainlyNamed)
    let likely = plain.isEmpty ? images : plain
    return likely.count == 1 ? likely[0] : nil
  }

  /// The class that a `.cls` names; nil where it is empty.
  static func className(text: [UInt8]) -> ClassName? {
    let words = text.split { $0 <= UInt8(ascii: " ") }
    guard let (first, last) = words.first.flatMap({ first in words.last.map { (first, $0) } }) else {
      return nil
    }
    let name = Array(text[first.startIndex..<last.endIndex])
    if let number = Int(String(decoding: name, as: UTF8.self)), number >= 0 {
      return ClassName(number: number)
    }
    return ClassName(bytes: name)
  }

  /// The class that a `.json` names, a name before a number; nil where it has none.
  static func className(json: [UInt8]) -> ClassName? {
    guard let fields = fields(json) else { return nil }
    let values = ["class_name", "classname", "class", "label_name", "label", "cls"].compactMap { fields[$0] }
    let (texts, numbers) = (values.compactMap(\.text), values.compactMap(\.number))
    return texts.first.flatMap { className(text: Array($0.utf8)) }
      ?? numbers.first.flatMap { $0 < 0 ? nil : ClassName(number: $0) }
  }

  // Python writes NaN and Infinity, which only JSON5 knows; that is slower to read.
  private static func fields(_ json: [UInt8]) -> [String: Field]? {
    let decoder = JSONDecoder()
    if let fields = try? decoder.decode([String: Field].self, from: Data(json)) { return fields }
    decoder.allowsJSON5 = true
    return try? decoder.decode([String: Field].self, from: Data(json))
  }

  /// A value of a sample's description: a text, a whole number or what nobody asks for.
  private struct Field: Decodable {
    let text: String?
    let number: Int?

    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      text = try? value.decode(String.self)
      number = text == nil ? try? value.decode(Int.self) : nil
    }
  }
}

extension ClassName {
  /// The name of a class that has only a number: five digits, as many as ImageNet-21k needs.
  fileprivate init(number: Int) { self.init(bytes: Array(String(number, digits: 5).utf8)) }
}
