import FoundationEssentials
import System

/// A sample of a WebDataset: its images, and what it says about its class.
///
/// A class is named by its text, or by its number in five digits, so that names sort as numbers do.
struct WebSample {
  var key: [UInt8] = []
  var images: [Image] = []
  var label: ClassName?

  /// One of the sample's images.
  struct Image {
    let ending: [UInt8]
    /// Whether it is named `KEY.jpg`, rather than as an attachment such as `KEY.seg.png`.
    let isPlainlyNamed: Bool
    let member: TarReader.Member
    /// Nil if they can be read later.
    let bytes: [UInt8]?
  }

  /// The image that the label belongs to; nil if that is ambiguous.
  var image: Image? {
    let plain = images.filter(\.isPlainlyNamed)
    let likely = plain.isEmpty ? images : plain
    return likely.count == 1 ? likely[0] : nil
  }

  /// The class named by a `.cls` file; nil if it is empty.
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

  /// The class named by a `.json` file, preferably by name, otherwise by number; nil if there is none.
  static func className(json: [UInt8]) -> ClassName? {
    guard let fields = fields(json) else { return nil }
    let values = ["class_name", "classname", "class", "label_name", "label", "cls"].compactMap { fields[$0] }
    let (texts, numbers) = (values.compactMap(\.text), values.compactMap(\.number))
    return texts.first.flatMap { className(text: Array($0.utf8)) }
      ?? numbers.first.flatMap { $0 < 0 ? nil : ClassName(number: $0) }
  }

  // Python writes NaN and Infinity, which only JSON5 allows; JSON5 is slower to parse, so comes second.
  private static func fields(_ json: [UInt8]) -> [String: Field]? {
    let decoder = JSONDecoder()
    if let fields = try? decoder.decode([String: Field].self, from: Data(json)) { return fields }
    decoder.allowsJSON5 = true
    return try? decoder.decode([String: Field].self, from: Data(json))
  }

  /// A value in a sample's description: a text, an integer, or anything else.
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
  /// The name of a class that has only a number: five digits, enough for ImageNet-21k.
  fileprivate init(number: Int) { self.init(bytes: Array(String(number, digits: 5).utf8)) }
}
