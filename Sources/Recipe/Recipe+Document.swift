import FoundationEssentials

extension Recipe {
  /// `recipe.json`: every value, and the digest of them.
  public var document: String {
    var tree = self.tree
    if case .object(var members) = tree {
      members[Self.digestKey] = .text(digest)
      tree = .object(members)
    }
    let encoder = JSONTree.encoder
    encoder.outputFormatting.insert(.prettyPrinted)
    return Self.text(tree, encoder) + "\n"
  }

  /// Sixteen hexadecimal digits that differ where recipes do, wherever the pictures lie.
  ///
  /// 64-bit FNV-1a of the values as JSON without white space, keys in alphabetical order. A value that came later than
  /// the others is left out where it is as runs before it had it: theirs are the digests that they wrote.
  public var digest: String {
    var placeless = self
    placeless.data.path = ""
    let tree = ema.warmup == true ? placeless.tree : placeless.tree.without("warmup", in: "ema")
    let hash = Self.text(tree, JSONTree.encoder).utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01b3
    }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// Where a file of values says nothing of its own.
  static let digestKey = "digest"

  /// All values.
  package var tree: JSONTree {
    do { return try JSONTree(encoding: self) } catch {
      preconditionFailure("a recipe is always JSON: \(error)")
    }
  }

  private static func text(_ tree: JSONTree, _ encoder: JSONEncoder) -> String {
    do {
      return String(decoding: try encoder.encode(tree), as: UTF8.self)
    } catch {
      preconditionFailure("a tree is always JSON: \(error)")
    }
  }
}
