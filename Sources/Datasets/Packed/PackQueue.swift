/// The bookkeeping of packing, without threads: which image to prepare next, and which may be written.
///
/// Images are handed out in the order in which they will lie in the shards, one by one, so that any number of
/// threads can share a shard. A thread that brings one back writes it along with those that follow and are
/// ready; a shard has one writer at a time.
struct PackQueue {
  /// Where an image will lie.
  struct Place: Equatable {
    let shard: Int
    let position: Int
  }

  /// What a thread does next.
  enum Work {
    case prepare(Place)
    case stop
  }

  /// Consecutive images for one thread to write.
  struct Run {
    let samples: [PackedSample]
    /// Nil if these are the shard's first.
    let file: ShardFile?
    /// Whether the shard is complete with these.
    let isLast: Bool
  }

  private struct Open {
    var ready: [Int: PackedSample] = [:]
    var written = 0
    var file: ShardFile?
    var isBusy = false
  }

  private let count: (Int) -> Int
  private let most: Int
  private var shards: ArraySlice<Int>
  private var position = 0
  private var open: [Int: Open] = [:]
  private var held = 0
  private(set) var failure: DataError?

  /// Makes a queue.
  ///
  /// - Parameters:
  /// - shards: The shards to write.
  /// - count: Returns the number of images in a shard, at least one.
  /// - most: The most images in memory at a time.
  init(_ shards: [Int], count: @escaping (Int) -> Int, most: Int) {
    (self.shards, self.count, self.most) = (shards[...], count, most)
  }

  /// The next work; nil while the most images allowed are in memory.
  mutating func next() -> Work? {
    guard failure == nil, let shard = shards.first else { return .stop }
    guard held < most else { return nil }
    defer { advance() }
    held += 1
    if position == 0 { open[shard] = Open() }
    return .prepare(Place(shard: shard, position: position))
  }

  private mutating func advance() {
    position += 1
    guard let shard = shards.first, position == count(shard) else { return }
    (shards, position) = (shards.dropFirst(), 0)
  }

  /// Adds a prepared image.
  mutating func add(_ sample: PackedSample, at place: Place) {
    open[place.shard]?.ready[place.position] = sample
  }

  /// The images of a shard to write now; nil while another thread writes it or its next image is not ready,
  /// and after a failure.
  mutating func run(of shard: Int) -> Run? {
    guard failure == nil, var state = open[shard], !state.isBusy else { return nil }
    var samples: [PackedSample] = []
    while let sample = state.ready.removeValue(forKey: state.written + samples.count) {
      samples.append(sample)
    }
    guard !samples.isEmpty else { return nil }
    state.isBusy = true
    state.written += samples.count
    open[shard] = state
    return Run(samples: samples, file: state.file, isLast: state.written == count(shard))
  }

  /// Notes that `count` images have left memory.
  mutating func release(_ count: Int) { held -= count }

  /// Notes that a run has been written to `file`; nil if that completed the shard.
  mutating func finish(_ shard: Int, _ file: ShardFile?) {
    open[shard]?.isBusy = false
    open[shard]?.file = file
    if file == nil { open[shard] = nil }
  }

  /// Ends the packing; the first failure is the one reported.
  mutating func fail(_ error: DataError) { failure = failure ?? error }
}
