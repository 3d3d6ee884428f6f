/// Where each parameter of a network lies in one flat memory, and how that memory is cut into buckets.
///
/// The parameters lie in reverse order of construction, which is about the order in which `backward()` finishes their
/// gradients, so the first bucket is ready first. Each starts at a multiple of 64 bytes; the gaps stay zero.
struct FlatLayout: Equatable, Sendable {
  /// One parameter's elements.
  struct Place: Equatable, Sendable {
    let range: Range<Int>
    /// Whether weight decay applies to it.
    let decays: Bool
  }

  /// The places, in order of construction.
  let places: [Place]
  /// Elements of the memory, the gaps included.
  let count: Int
  /// The buckets, in the order in which they lie and are summed.
  let buckets: [Range<Int>]

  /// The first bucket is small, so that it can leave early.
  static let firstBucketBytes = 1 << 20
  private static let alignment = 16

  /// Lays out parameters of these sizes, given in order of construction.
  ///
  /// A bucket holds at most `bucketBytes`, or one block; its edges are blocks' edges, so no block is in two buckets.
  init(_ parameters: [(count: Int, decays: Bool)], blockLength: Int, bucketBytes: Int) {
    var end = 0
    let reversed = parameters.reversed().map { count, decays in
      defer { end = (end + count).roundedUp(to: Self.alignment) }
      return Place(range: end..<(end + count), decays: decays)
    }
    places = reversed.reversed()
    count = end
    buckets = Self.buckets(of: end, blockLength: blockLength, bucketBytes: bucketBytes)
  }

  private static func buckets(of count: Int, blockLength: Int, bucketBytes: Int) -> [Range<Int>] {
    var buckets: [Range<Int>] = []
    while let start = buckets.isEmpty ? 0 : buckets.last?.upperBound, start < count {
      let bytes = buckets.isEmpty ? min(bucketBytes, firstBucketBytes) : bucketBytes
      let blocks = max(1, bytes / (blockLength * MemoryLayout<Float>.stride))
      buckets.append(start..<min(count, start + blocks * blockLength))
    }
    return buckets
  }

  /// The buckets that hold elements of a parameter, by its number in order of construction.
  func buckets(of parameter: Int) -> Range<Int> {
    let range = places[parameter].range
    let touched = buckets.indices.filter { buckets[$0].overlaps(range) }
    return touched.isEmpty ? 0..<0 : touched[0]..<(touched[touched.count - 1] + 1)
  }

  /// `range` cut where weight decay begins or ends; a gap belongs to the parameter before it.
  func pieces(of range: Range<Int>) -> [Place] {
    decayRuns.compactMap { run in
      let part = run.range.clamped(to: range)
      return part.isEmpty ? nil : Place(range: part, decays: run.decays)
    }
  }

  /// The whole memory, in as few parts as decay changes.
  private var decayRuns: [Place] {
    var runs: [Place] = []
    for place in places.reversed() where !place.range.isEmpty {
      let start =
        runs.last?.decays == place.decays ? runs.removeLast().range.lowerBound : place.range.lowerBound
      runs.append(
        Place(range: start..<place.range.upperBound.roundedUp(to: Self.alignment), decays: place.decays))
    }
    return runs
  }
}

extension Int {
  /// The next multiple of `step` that is not below it.
  func roundedUp(to step: Int) -> Int { (self + step - 1) / step * step }
}
