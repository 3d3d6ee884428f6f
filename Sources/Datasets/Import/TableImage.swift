import System

/// An image, as a row of a table has it.
struct TableImage {
  /// The path without parts that are empty or a dot.
  let path: [UInt8]
  let label: [UInt8]
  /// What the row says of its split; nil where it says nothing.
  let word: SplitWord?
  let isHeldOut: Bool
  /// The path as the name of a file: without dots that lead elsewhere, `_` between its parts.
  let name: [UInt8]

  /// - Parameter isHeldOut: Whether it belongs to val/ where the row says nothing.
  init(path: [UInt8], label: [UInt8], _ word: SplitWord?, isHeldOut: Bool) {
    let slash = UInt8(ascii: "/")
    let parts = path.split(separator: slash).filter { !$0.elementsEqual(".".utf8) }
    self.path = (path.first == slash ? [slash] : []) + parts.joined(separator: [slash])
    (self.label, self.word) = (label, word)
    self.isHeldOut = word?.isHeldOut ?? isHeldOut
    name = Array(
      parts.filter { !$0.elementsEqual("..".utf8) }.joined(separator: [UInt8(ascii: "_")])
        .drop { $0 == UInt8(ascii: ".") })
  }

  var identity: UInt64 { identity(of: path) }
  var nameIdentity: UInt64 { identity(of: name) }

  // Hashes of 64 bits: a table may name millions of images.
  private func identity(of bytes: [UInt8]) -> UInt64 { fnv1a(bytes + [0] + label + [isHeldOut ? 1 : 0]) }

  /// Where it belongs; `isShared` for a name that another path makes too.
  func place(isShared: Bool) -> ImportPlace {
    let isMarked = isShared || name.count > ImportPlace.longestName
    return ImportPlace(
      isHeldOut: isHeldOut, className: ClassName(bytes: label),
      name: isMarked ? ImportPlace.marked(name, by: path) : name)
  }
}
