import System

/// Metadata that a file contains beside its weights.
extension Pickle {
  /// Metadata with the keys of a safetensors file: `model` and `input_size` from the command-line arguments
  /// that the reference and timm store, everything from this project's own export. Missing or invalid values
  /// are left out.
  var metadata: [String: String] {
    let arguments = value("args", in: root)
    let config = value("pretrained_cfg", in: root)
    func colour(_ key: String) -> String? {
      let values = numbers(config, key)
      return values.count == 3 ? values.map { "\($0)" }.joined(separator: " ") : nil
    }
    let sides = numbers(config, "input_size")
    let texts: [(String, String?)] = [
      ("model", text(arguments, "model")), ("classes", classes),
      (
        "input_size",
        integer(arguments, "input_size")
          ?? (sides.count == 3 && sides[1] == sides[2] ? Int(exactly: sides[1]).map { "\($0)" } : nil)
      ),
      ("crop_pct", number(value("crop_pct", in: config ?? .none)).map { "\($0)" }),
      ("crop_mode", text(config, "crop_mode")), ("mean", colour("mean")), ("std", colour("std")),
      ("epoch", integer(root, "epoch")), ("held_out", text(root, "held_out")),
    ]
    return Dictionary(uniqueKeysWithValues: texts.compactMap { key, text in text.map { (key, $0) } })
  }

  /// The class names as lines; nil if one of them contains a line break.
  private var classes: String? {
    let names = value("label_names", in: root).flatMap(items)?.map { item in
      if case .text(let name) = item, !name.isEmpty, !name.utf8.contains(newline) {
        name
      } else {
        nil as String?
      }
    }
    guard let names, !names.isEmpty, names.allSatisfy({ $0 != nil }) else { return nil }
    return names.compactMap(\.self).joined(separator: "\n")
  }

  private func text(_ place: Value?, _ key: String) -> String? {
    if case .text(let text)? = place.flatMap({ value(key, in: $0) }) { text.printable } else { nil }
  }

  private func integer(_ place: Value?, _ key: String) -> String? {
    if case .integer(let number)? = place.flatMap({ value(key, in: $0) }) { "\(number)" } else { nil }
  }

  private func number(_ value: Value?) -> Double? {
    switch value {
    case .integer(let number): Double(number)
    case .real(let number): number
    default: nil
    }
  }

  /// The numbers of a list; empty if an item is not a number.
  private func numbers(_ place: Value?, _ key: String) -> [Double] {
    let items = place.flatMap { value(key, in: $0) }.flatMap(items) ?? []
    let numbers = items.compactMap(number)
    return numbers.count == items.count ? numbers : []
  }
}
