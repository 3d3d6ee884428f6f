import Randomness
import System

/// Which images are held out: the same fraction of each class, and of a group all images or none.
///
/// Each class's number of held-out images is its share rounded by largest remainder, with at least one image
/// on each side. Groups are taken in an order derived from their names and the seed, and moved if that brings
/// the numbers closer to the target; if each image is its own group, the numbers are exact. Adding or
/// removing an image does not change the order of the others.
struct StratifiedSplit: Equatable {
  /// The properties of an image that a split depends on.
  struct Image: Equatable {
    /// The number of its class.
    var label: Int
    /// The name of its group; for an image on its own, its path.
    var group: [UInt8]
  }

  /// Whether each image is held out.
  private(set) var isHeldOut: [Bool]
  /// How many groups there are.
  let groups: Int
  private let images: [Int]
  private var heldOut: [Int]

  /// Computes a split.
  ///
  /// - Parameters:
  /// - images: In any order.
  /// - classes: The number of classes.
  /// - share: The fraction to hold out, above 0 and below 1.
  init(_ images: [Image], classes: Int, share: Double, seed: UInt64) {
    precondition(share > 0 && share < 1, "a split holds out a part, and not \(share) of all")
    isHeldOut = images.map { _ in false }
    heldOut = [Int](repeating: 0, count: classes)
    var counts = heldOut
    for image in images { counts[image.label] += 1 }
    self.images = counts
    let groups = Self.groups(of: images, seed: seed)
    self.groups = groups.count
    let wanted = Self.quotas(counts, share: share)
    for _ in 0..<Self.mostRounds {
      guard approach(wanted, groups) else { break }
    }
    for label in counts.indices where counts[label] > 1 && heldOut[label] == 0 {
      let fitting = groups.filter { group in
        group.counts.contains { $0.label == label } && !isWhole(group)
      }
      if let least = fitting.min(by: { $0.members.count < $1.members.count }) { holdOut(least) }
    }
  }

  /// For each class, the number of images and how many of them are held out.
  var counts: [(images: Int, heldOut: Int)] { Array(zip(images, heldOut)) }

  /// The classes with no image on one side: they have a single image, or one group has all of theirs.
  var undivided: [Int] {
    images.indices.filter { heldOut[$0] == 0 || heldOut[$0] == images[$0] }
  }

  /// The number of images to hold out per class; they sum to the share of all images except for very small
  /// classes.
  static func quotas(_ counts: [Int], share: Double) -> [Int] {
    let exact = counts.map { Double($0) * share }
    var quotas = exact.map { Int($0.rounded(.down)) }
    let all = Int((Double(counts.reduce(0, +)) * share).rounded())
    let byRemainder = counts.indices.sorted { a, b in
      let (first, second) = (exact[a] - Double(quotas[a]), exact[b] - Double(quotas[b]))
      return first == second ? a < b : first > second
    }
    for label in byRemainder.prefix(max(0, all - quotas.reduce(0, +))) { quotas[label] += 1 }
    return zip(quotas, counts).map { quota, count in count < 2 ? 0 : min(max(quota, 1), count - 1) }
  }
}

extension StratifiedSplit {
  private struct Group {
    let members: [Int]
    /// Its images per class, in order of class, so that sums over them have the same bits each time.
    let counts: [(label: Int, images: Int)]

    init(_ members: [Int], of images: [Image]) {
      self.members = members
      let counts = members.reduce(into: [Int: Int]()) { $0[images[$1].label, default: 0] += 1 }
      self.counts = counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
  }

  /// All groups in random order, which does not depend on the order of the images.
  private static func groups(of images: [Image], seed: UInt64) -> [Group] {
    let named = Dictionary(grouping: images.indices) { images[$0].group }
    let keyed = named.map { name, members in (key: key(of: name, seed), name: name, members: members) }
    return keyed.sorted { a, b in
      a.key == b.key ? a.name.lexicographicallyPrecedes(b.name) : a.key < b.key
    }.map { Group($0.members, of: images) }
  }

  private static func key(of name: [UInt8], _ seed: UInt64) -> UInt64 {
    var generator = KeyedGenerator(
      seed: seed, stream: .division, epoch: 0, index: Int(truncatingIfNeeded: fnv1a(name)))
    return generator.next()
  }

  /// Enough rounds; usually no group improves the split after far fewer.
  private static let mostRounds = 10

  /// Moves each group to the other side if that brings the classes closer to `wanted`; returns whether any
  /// moved.
  private mutating func approach(_ wanted: [Int], _ groups: [Group]) -> Bool {
    var hasMoved = false
    for group in groups where gain(of: group, wanted) > 0 {
      if isHeldOut[group.members[0]] { takeBack(group) } else { holdOut(group) }
      hasMoved = true
    }
    return hasMoved
  }

  /// How much closer the classes come, each relative to its own size, if the group changes sides; 0 if that
  /// would leave one of its classes without a training image.
  private func gain(of group: Group, _ wanted: [Int]) -> Double {
    let isHeldOut = isHeldOut[group.members[0]]
    guard isHeldOut || !isWhole(group) else { return 0 }
    return group.counts.reduce(0) { sum, part in
      let missing = wanted[part.label] - heldOut[part.label]
      let nearer = abs(missing) - abs(missing - (isHeldOut ? -part.images : part.images))
      return sum + Double(nearer) / Double(wanted[part.label])
    }
  }

  /// Whether holding the group out would leave one of its classes without a training image.
  private func isWhole(_ group: Group) -> Bool {
    group.counts.contains { heldOut[$0.label] + $0.images >= images[$0.label] }
  }

  private mutating func holdOut(_ group: Group) {
    for index in group.members { isHeldOut[index] = true }
    for (label, count) in group.counts { heldOut[label] += count }
  }

  private mutating func takeBack(_ group: Group) {
    for index in group.members { isHeldOut[index] = false }
    for (label, count) in group.counts { heldOut[label] -= count }
  }
}
