/// A 64-bit hash of an image's appearance: whether brightness increases between neighbours in 9 x 8 fields
/// (dHash).
///
/// The same picture in another size, compression or with slightly changed colours differs in only a few bits.
/// Source: N. Krawetz, "Kind of Like That" (2013).
struct DifferenceHash: Equatable, Sendable {
  /// One bit for each pair of neighbours, row by row from the top left.
  let bits: UInt64
  /// The number of pairs that differ by at least half a level; where few do, the bits say little.
  let telling: Int

  static let (columns, rows) = (9, 8)

  /// The most bits that may differ between two copies of a picture.
  static let tolerance = 4

  /// Computes the hash.
  ///
  /// - Parameter fields: Mean levels, 8 rows of 9.
  init(fields: [Double]) {
    precondition(fields.count == Self.columns * Self.rows, "\(fields.count) fields")
    var (bits, telling): (UInt64, Int) = (0, 0)
    for row in 0..<Self.rows {
      for column in 0..<(Self.columns - 1) {
        let (left, right) = (fields[row * Self.columns + column], fields[row * Self.columns + column + 1])
        bits = bits << 1 | (left < right ? 1 : 0)
        telling += abs(left - right) >= 0.5 ? 1 : 0
      }
    }
    (self.bits, self.telling) = (bits, telling)
  }

  /// Whether the picture has enough contrast for the hash to identify it.
  var isTelling: Bool { telling >= 48 }
}

/// Finds hashes that differ from a given one in few bits.
///
/// Of five parts of a hash, at least one is equal if at most four bits differ, so only hashes that share a
/// part are compared.
struct SimilarHashes {
  // Each distinct hash once, with the index of its first image: many images may look the same.
  private let hashes: [UInt64]
  private let places: [Int]
  /// For each part, the hashes sorted by it, and where each of its values begins.
  private let order: [[Int32]]
  private let starts: [[Int32]]

  private static let parts: [(shift: UInt64, width: UInt64)] = [
    (0, 13), (13, 13), (26, 13), (39, 13), (52, 12),
  ]

  init(_ all: [UInt64]) {
    var known = Set<UInt64>(minimumCapacity: all.count)
    places = all.indices.filter { known.insert(all[$0]).inserted }
    let hashes = places.map { all[$0] }
    self.hashes = hashes
    var (order, starts): ([[Int32]], [[Int32]]) = ([], [])
    for part in Self.parts {
      var counts = [Int32](repeating: 0, count: 1 << part.width + 1)
      for hash in hashes { counts[Self.value(of: part, hash) + 1] += 1 }
      for value in 1..<counts.count { counts[value] += counts[value - 1] }
      starts.append(counts)
      var sorted = [Int32](repeating: 0, count: hashes.count)
      for (index, hash) in hashes.enumerated() {
        let value = Self.value(of: part, hash)
        sorted[Int(counts[value])] = Int32(index)
        counts[value] += 1
      }
      order.append(sorted)
    }
    (self.order, self.starts) = (order, starts)
  }

  /// The closest hash, the first among equals, and its distance in bits; nil if all differ in more than four.
  func nearest(to hash: UInt64) -> (index: Int, distance: Int)? {
    var best: (index: Int, distance: Int)?
    for (number, part) in Self.parts.enumerated() {
      let value = Self.value(of: part, hash)
      for index in order[number][Int(starts[number][value])..<Int(starts[number][value + 1])] {
        let distance = (hashes[Int(index)] ^ hash).nonzeroBitCount
        guard distance <= DifferenceHash.tolerance else { continue }
        if distance == 0 { return (places[Int(index)], 0) }
        if best.map({ (distance, Int(index)) < ($0.distance, $0.index) }) ?? true {
          best = (Int(index), distance)
        }
      }
    }
    return best.map { (places[$0.index], $0.distance) }
  }

  private static func value(of part: (shift: UInt64, width: UInt64), _ hash: UInt64) -> Int {
    Int(hash >> part.shift & (1 << part.width - 1))
  }
}
