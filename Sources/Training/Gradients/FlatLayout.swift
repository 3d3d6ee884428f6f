/// Where each parameter of a network lies in one flat buffer, and how that buffer is cut into buckets.
///
/// The parameters lie in reverse order of construction, roughly the order in which `backward()` finishes
/// their gradients, so the first bucket is ready first. Each starts at a multiple of 64 bytes; the gaps stay
/// zero.
struct FlatLayout: Equatable, Sendable {
  /// One parameter's elements.
  struct Place: Equatable, Sendable {
    let range: Range<Int>
    /// Whether weight decay applies to the parameter.
    let decays: Bool
    /// How fast the parameter learns; nil where it is frozen.
    let pace: Pace?
  }

  /// The parameters' places, in order of construction.
  let places: [Place]
  /// Elements of the buffer, gaps included.
  let count: Int
  /// The blocks that hold parameters which learn, merged into as few ranges as possible.
  let learning: [Range<Int>]
  /// The buckets of the learning blocks, in the order in which they lie and are summed.
  let buckets: [Range<Int>]

  /// The first bucket's size: it is small, so that its sum can start early.
  static let firstBucketBytes = 1 << 20
  private static let alignment = 16

  /// Lays out parameters of these sizes, given in order of construction.
  ///
  /// A bucket holds at most `bucketBytes`, or one block. Bucket edges are block edges, so no block is in two
  /// buckets.
  /// - Parameter paces: How fast each parameter learns; nil makes all learn alike.
  init(
    _ parameters: [(count: Int, decays: Bool)], paces: [Pace?]? = nil, blockLength: Int, bucketBytes: Int
  ) {
    var end = 0
    let reversed = parameters.indices.reversed().map { index in
      let (count, decays) = parameters[index]
      defer { end = (end + count).roundedUp(to: Self.alignment) }
      return Place(range: end..<(end + count), decays: decays, pace: paces.map { $0[index] } ?? Pace())
    }
    places = reversed.reversed()
    count = end
    learning = Self.blocks(of: reversed, blockLength: blockLength).map { $0.clamped(to: 0..<end) }
    buckets = Self.buckets(of: learning, blockLength: blockLength, bucketBytes: bucketBytes)
  }

  /// The whole blocks around the places that learn; `places` lie in order.
  private static func blocks(of places: [Place], blockLength: Int) -> [Range<Int>] {
    places.reduce(into: []) { blocks, place in
      guard place.pace != nil, !place.range.isEmpty else { return }
      let (first, last) = (place.range.lowerBound / blockLength, (place.range.upperBound - 1) / blockLength)
      let whole = first * blockLength..<(last + 1) * blockLength
      guard let end = blocks.last, end.upperBound >= whole.lowerBound else { return blocks.append(whole) }
      blocks[blocks.count - 1] = end.lowerBound..<max(end.upperBound, whole.upperBound)
    }
  }

  private static func buckets(of ranges: [Range<Int>], blockLength: Int, bucketBytes: Int) -> [Range<Int>] {
    ranges.reduce(into: []) { buckets, range in
      var start = range.lowerBound
      while start < range.upperBound {
        let bytes = buckets.isEmpty ? min(bucketBytes, firstBucketBytes) : bucketBytes
        let blocks = max(1, bytes / (blockLength * MemoryLayout<Float>.stride))
        buckets.append(start..<min(range.upperBound, start + blocks * blockLength))
        start += blocks * blockLength
      }
    }
  }

  /// The distinct paces of the parameters that learn, in order of construction.
  var paces: [Pace] {
    places.compactMap(\.pace).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// The buckets that hold elements of the parameter with this number, in order of construction.
  func buckets(of parameter: Int) -> Range<Int> {
    let range = places[parameter].range
    let touched = buckets.indices.filter { buckets[$0].overlaps(range) }
    return touched.isEmpty ? 0..<0 : touched[0]..<(touched[touched.count - 1] + 1)
  }

  /// The learning parts of `ranges`, cut where decay or pace changes; a gap belongs to the parameter before
  /// it.
  func pieces(of ranges: [Range<Int>]) -> [Place] {
    let runs = runs
    return ranges.flatMap { range in
      runs.compactMap { run in
        let part = run.range.clamped(to: range)
        return part.isEmpty ? nil : Place(range: part, decays: run.decays, pace: run.pace)
      }
    }
  }

  /// The learning parts of the buffer, merged while decay and pace stay the same.
  private var runs: [Place] {
    places.reversed().reduce(into: []) { runs, place in
      guard place.pace != nil, !place.range.isEmpty else { return }
      var start = place.range.lowerBound
      if let last = runs.last, last.range.upperBound == start,
        (last.decays, last.pace) == (place.decays, place.pace)
      {
        start = runs.removeLast().range.lowerBound
      }
      let end = place.range.upperBound.roundedUp(to: Self.alignment)
      runs.append(Place(range: start..<end, decays: place.decays, pace: place.pace))
    }
  }
}

extension Int {
  /// Rounds up to a multiple of `step`.
  func roundedUp(to step: Int) -> Int { (self + step - 1) / step * step }
}
