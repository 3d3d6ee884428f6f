import Randomness
import System

/// Which of many images are held out: the same share of each class, and of a group all images or none.
///
/// The classes' numbers of held-out images are their shares rounded by largest remainder, but at least one on each side. Groups are
/// taken in an order that their names and the seed decide, each where that brings the numbers nearer to those: where each
/// image is its own group, the numbers are exact. An image that is added or taken away leaves the order of the others.
struct StratifiedSplit: Equatable {
  /// An image as far as a split looks at it.
  struct Image: Equatable {
    /// The number of its class.
    var label: Int
    /// The name of its group; of an image on its own, its path.
    var group: [UInt8]
  }

  /// Whether each image is held out.
  private(set) var isHeldOut: [Bool]
  /// How many groups there are.
  let groups: Int
  private let images: [Int]
  private var heldOut: [Int]

  /// - Parameters:
  ///   - images: In any order.
  ///   - classes: How many there are.
  ///   - share: The part that is held out, above 0 and below 1.
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

  /// Images of each class that are held out, of how many.
  var counts: [(images: Int, heldOut: Int)] { Array(zip(images, heldOut)) }

  /// The classes of which one side has no image: they have one, or one group has all.
  var undivided: [Int] {
    images.indices.filter { heldOut[$0] == 0 || heldOut[$0] == images[$0] }
  }

  /// The numbers of images to hold out, their sum the share of all but for classes of very few.
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
    /// Its images of each class it has, the classes in order: what is summed over them is the same each time.
    let counts: [(label: Int, images: Int)]

    init(_ members: [Int], of images: [Image]) {
      self.members = members
      let counts = members.reduce(into: [Int: Int]()) { $0[images[$1].label, default: 0] += 1 }
      self.counts = counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
  }

  /// All groups in random order, which the order of the images has no part in.
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

  /// Where no group on the other side is better, far fewer.
  private static let mostRounds = 10

  /// Puts each group on its other side where that brings the classes nearer to what is wanted; whether one was.
  private mutating func approach(_ wanted: [Int], _ groups: [Group]) -> Bool {
    var hasMoved = false
    for group in groups where gain(of: group, wanted) > 0 {
      if isHeldOut[group.members[0]] { takeBack(group) } else { holdOut(group) }
      hasMoved = true
    }
    return hasMoved
  }

  /// How much nearer the classes come, each by its own measure, when the group changes sides; nothing where it has all that is
  /// left of one.
  private func gain(of group: Group, _ wanted: [Int]) -> Double {
    let isHeldOut = isHeldOut[group.members[0]]
    guard isHeldOut || !isWhole(group) else { return 0 }
    return group.counts.reduce(0) { sum, part in
      let missing = wanted[part.label] - heldOut[part.label]
      let nearer = abs(missing) - abs(missing - (isHeldOut ? -part.images : part.images))
      return sum + Double(nearer) / Double(wanted[part.label])
    }
  }

  /// Whether nothing would be left of one of its classes.
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
