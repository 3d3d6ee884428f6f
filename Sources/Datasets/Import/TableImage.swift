import System

/// An image as described by a row of a table.
struct TableImage {
  /// The path without empty components and dots.
  let path: [UInt8]
  let label: [UInt8]
  /// The row's word for its split; nil if it has none.
  let word: SplitWord?
  let isHeldOut: Bool
  /// The path as a file name: components joined by `_`, without dots that lead elsewhere.
  let name: [UInt8]

  /// Makes the image.
  ///
  /// - Parameter isHeldOut: Whether it goes to val/ if the row does not say.
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

  // 64-bit hashes: a table may name millions of images.
  private func identity(of bytes: [UInt8]) -> UInt64 { fnv1a(bytes + [0] + label + [isHeldOut ? 1 : 0]) }

  /// Where the image goes; `isShared` if another path gives the same name.
  func place(isShared: Bool) -> ImportPlace {
    let isMarked = isShared || name.count > ImportPlace.longestName
    return ImportPlace(
      isHeldOut: isHeldOut, className: ClassName(bytes: label),
      name: isMarked ? ImportPlace.marked(name, by: path) : name)
  }
}
