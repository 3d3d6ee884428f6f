/// The packing's book: which image is to be prepared next, and which may be written; no threads in it.
///
/// Images are handed out in the order in which they are to lie in the shards, one by one, so that any number of threads shares a
/// single shard. Whoever brings one back writes it, with those that follow and are ready; a shard has one writer at a time.
struct PackQueue {
  /// Where an image is to lie.
  struct Place: Equatable {
    let shard: Int
    let position: Int
  }

  /// What a thread is to do next.
  enum Work {
    case prepare(Place)
    case stop
  }

  /// Images in a row that one thread is to write.
  struct Run {
    let samples: [PackedSample]
    /// Nil where these are the shard's first.
    let file: ShardFile?
    /// Whether the shard is whole with these.
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

  /// - Parameters:
  ///   - shards: Those that are to be written.
  ///   - count: How many images a shard has, at least one.
  ///   - most: How many images may be in memory at a time.
  init(_ shards: [Int], count: @escaping (Int) -> Int, most: Int) {
    (self.shards, self.count, self.most) = (shards[...], count, most)
  }

  /// Nil while there are as many images in memory as there may be.
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

  /// Takes an image that is prepared.
  mutating func add(_ sample: PackedSample, at place: Place) {
    open[place.shard]?.ready[place.position] = sample
  }

  /// What is to be written of a shard now; nil where another thread does so, where the next image is not ready, and after a failure.
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

  /// Notes that so many images are no longer in memory.
  mutating func release(_ count: Int) { held -= count }

  /// Notes that a run is written to `file`; nil for a shard that is whole.
  mutating func finish(_ shard: Int, _ file: ShardFile?) {
    open[shard]?.isBusy = false
    open[shard]?.file = file
    if file == nil { open[shard] = nil }
  }

  /// Ends the packing; the first failure is the one that is told.
  mutating func fail(_ error: DataError) { failure = failure ?? error }
}
