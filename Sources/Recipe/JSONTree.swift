import FoundationEssentials
import System

/// A JSON value, for operations on all of a recipe's values: overlay, digest, table.
package enum JSONTree: Equatable, Sendable {
  case null
  case truth(Bool)
  case integer(Int)
  /// An integer beyond `Int`, such as a seed.
  case large(UInt64)
  case real(Double)
  case text(String)
  case list([JSONTree])
  case object([String: JSONTree])

  /// Parses a JSON text.
  package init(parsing text: String) throws {
    self = try JSONDecoder().decode(JSONTree.self, from: Data(text.utf8))
  }

  /// Encodes a value as a tree.
  package init(encoding value: some Encodable) throws {
    self = try JSONDecoder().decode(JSONTree.self, from: try JSONTree.encoder.encode(value))
  }

  /// Decodes a value from the tree.
  package func decoded<Value: Decodable>(as type: Value.Type) throws -> Value {
    try JSONDecoder().decode(type, from: try JSONTree.encoder.encode(self))
  }

  /// Sorts keys and writes numbers in their shortest form, so that equal values give equal bytes.
  static var encoder: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return encoder
  }

  /// The tree without a member of one of its objects; an object left empty is removed too.
  func without(_ key: String, in group: String) -> JSONTree {
    guard case .object(var members) = self, case .object(var inner)? = members[group] else { return self }
    inner[key] = nil
    members[group] = inner.isEmpty ? nil : .object(inner)
    return .object(members)
  }

  /// The tree without the member of this two-part dotted name.
  func without(_ name: String) -> JSONTree {
    let parts = name.split(separator: ".").map(String.init)
    return without(parts[1], in: parts[0])
  }

  /// The member of this two-part dotted name; nil if there is none.
  package func leaf(_ name: String) -> JSONTree? {
    name.split(separator: ".").reduce(self as JSONTree?) { tree, key in
      if case .object(let members)? = tree { members[String(key)] } else { nil }
    }
  }

  /// The tree with another tree's values for these dotted names.
  package func replacing(_ names: Set<String>, from other: JSONTree, under prefix: String = "") -> JSONTree {
    guard case .object(let members) = self, case .object(let others) = other else {
      return names.contains(prefix) ? other : self
    }
    let replaced = members.map { key, member in
      let name = prefix.isEmpty ? key : "\(prefix).\(key)"
      return (key, others[key].map { member.replacing(names, from: $0, under: name) } ?? member)
    }
    return .object(Dictionary(uniqueKeysWithValues: replaced))
  }

  /// Every value that is not an object, by dotted name, in alphabetical order.
  package func leaves(under prefix: String = "") -> [(name: String, value: JSONTree)] {
    guard case .object(let members) = self else { return [(prefix, self)] }
    return members.sorted { $0.key < $1.key }.flatMap { key, member in
      member.leaves(under: prefix.isEmpty ? key : "\(prefix).\(key)")
    }
  }
}

extension JSONTree: CustomStringConvertible {
  /// The value as on a command line, with a list's numbers separated by spaces.
  package var description: String {
    switch self {
    case .null: "none"
    case .truth(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .large(let value): "\(value)"
    case .real(let value): "\(value)"
    case .text(let value): value.isEmpty ? "''" : masked(value)
    case .list(let values): values.map(\.description).joined(separator: " ")
    case .object(let members): counted(members.count, "value")
    }
  }
}

extension JSONTree: Codable {
  package init(from decoder: any Decoder) throws {
    if let members = try? decoder.container(keyedBy: Key.self) {
      self = .object(
        try Dictionary(
          uniqueKeysWithValues: members.allKeys.map {
            ($0.stringValue, try members.decode(Self.self, forKey: $0))
          }))
      return
    }
    let value = try decoder.singleValueContainer()
    if value.decodeNil() {
      self = .null
    } else if let truth = try? value.decode(Bool.self) {
      self = .truth(truth)
    } else if let integer = try? value.decode(Int.self) {
      self = .integer(integer)
    } else if let large = try? value.decode(UInt64.self) {
      self = .large(large)
    } else if let real = try? value.decode(Double.self) {
      self = .real(real)
    } else if let text = try? value.decode(String.self) {
      self = .text(text)
    } else {
      self = .list(try value.decode([JSONTree].self))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    switch self {
    case .null:
      var container = encoder.singleValueContainer()
      try container.encodeNil()
    case .truth(let value): try value.encode(to: encoder)
    case .integer(let value): try value.encode(to: encoder)
    case .large(let value): try value.encode(to: encoder)
    case .real(let value): try value.encode(to: encoder)
    case .text(let value): try value.encode(to: encoder)
    case .list(let values): try values.encode(to: encoder)
    case .object(let members): try members.encode(to: encoder)
    }
  }

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}
