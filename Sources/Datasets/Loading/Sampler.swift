import Randomness

/// Decides which images each rank takes in each training step; a pure value.
///
/// With W ranks and batches of B, step k takes the positions [kBW, (k+1)BW) of the epoch's order, and rank r
/// takes r, r+W, r+2W… of them. So a step's global batch holds the same images for any number of ranks. What
/// remains after the last whole step is dropped, as in the reference, and every rank makes equally many
/// steps.
///
/// With repeated augmentation (Hoffer et al. 2019; the reference's `RASampler`) every image appears
/// `repetitions` times in a row, so that neighbouring ranks take different views of it, and an epoch ends
/// after as many views as there are images, rounded down to a multiple of 256. View v of image i has the
/// number i + v x `count`, and with it its own randomness.
///
/// In balanced mode an epoch shows as many views as there are images, equally many of each class, give or
/// take one: images of small classes several times, as separate views, and only some images of large classes.
///
/// Where each host has its own images (`HostShare`), a host's order is the epoch's without the others'
/// images, and its ranks divide that. The number of steps stays: a host with fewer images than its ranks need
/// starts its order again, with new views, and one with more drops the last ones, different ones in each
/// epoch.
public struct Sampler: Equatable, Sendable {
  /// The number of images in the training set.
  public let count: Int
  /// The number of ranks, W.
  public let worldSize: Int
  /// The number of images per rank and step, B.
  public let batchSize: Int
  /// The key of every epoch's order.
  public let seed: UInt64
  /// Whether an epoch's order is random rather than the data set's own.
  public let shuffle: Bool
  /// The number of consecutive views of an image; 1 without repeated augmentation. The reference takes 3.
  public let repetitions: Int
  /// In balanced mode the number of images of each class, in the order of the images; otherwise nil.
  private let classes: [Int]?
  /// The images of this host's ranks; nil where every rank goes through all images.
  private let share: HostShare?

  /// Makes a sampler; throws `batchLargerThanData` or `tooFewToRepeat` if not even one step fits.
  public init(
    count: Int, worldSize: Int, batchSize: Int, seed: UInt64, shuffle: Bool = true, repetitions: Int = 1,
    balancing classes: [Int]? = nil, share: HostShare? = nil
  ) throws(DataError) {
    precondition(worldSize > 0 && batchSize > 0, "a world and a batch hold at least one")
    precondition(repetitions > 0, "an image is seen at least once")
    precondition(
      share == nil || repetitions == 1 && classes == nil,
      "a host's images are seen once, whatever their class")
    guard count >= worldSize * batchSize else {
      throw .batchLargerThanData(count: count, batchSize: batchSize, worldSize: worldSize)
    }
    self.count = count
    self.worldSize = worldSize
    self.batchSize = batchSize
    self.seed = seed
    self.shuffle = shuffle
    self.repetitions = repetitions
    self.classes = shuffle && repetitions == 1 ? classes : nil
    self.share = share
    guard stepsPerEpoch > 0 else {
      throw .tooFewToRepeat(count: count, batchSize: batchSize, worldSize: worldSize)
    }
  }

  /// The number of steps of an epoch, the same on all ranks.
  public var stepsPerEpoch: Int { samplesPerEpoch / (worldSize * batchSize) }

  private var samplesPerEpoch: Int { repetitions == 1 ? count : count / 256 * 256 }

  /// All images in the order of `epoch`, the same on all ranks, or with a host's share that host's images; in
  /// balanced mode, views.
  public func order(epoch: Int) -> [Int] {
    let order = EpochOrder(self, epoch)
    return order.places.indices.map { order[$0] }
  }

  /// An epoch's order, at four bytes per image.
  private struct EpochOrder {
    private(set) var places: [UInt32]
    /// The view at each position; nil if it is the position's own number.
    let views: [Int]?

    init(_ sampler: Sampler, _ epoch: Int) {
      var generator = KeyedGenerator(seed: sampler.seed, stream: .order, epoch: epoch)
      views = sampler.classes.map { sampler.balanced($0, &generator) }
      let count = views?.count ?? sampler.count
      places = sampler.shuffle ? generator.permutation32(of: count) : (0..<count).map { UInt32($0) }
      if let share = sampler.share { places.removeAll { !share.isOwn[Int($0)] } }
    }

    subscript(position: Int) -> Int {
      let place = Int(places[position])
      return views?[place] ?? place
    }
  }

  /// Draws equally many views of each class, in rounds through its images, each round in its own random
  /// order.
  private func balanced(_ classes: [Int], _ generator: inout KeyedGenerator) -> [Int] {
    let lucky = Set(generator.permutation(of: classes.count).prefix(count % classes.count))
    var first = 0
    return classes.indices.flatMap { number in
      let (size, start) = (classes[number], first)
      first += size
      var views: [Int] = []
      for round in 0... {
        let missing = count / classes.count + (lucky.contains(number) ? 1 : 0) - views.count
        if missing <= 0 || size == 0 { break }
        views += generator.permutation(of: size).prefix(missing).map { start + $0 + round * count }
      }
      return views
    }
  }

  /// The views that `rank` takes in `epoch`: `stepsPerEpoch` batches of `batchSize`.
  public func batches(epoch: Int, rank: Int) -> RankBatches {
    precondition((0..<worldSize).contains(rank), "rank \(rank) is not one of \(worldSize)")
    let order = EpochOrder(self, epoch)
    let ranks = share?.ranks ?? worldSize
    let end = stepsPerEpoch * ranks * batchSize
    return RankBatches(
      views: stride(from: rank % ranks, to: end, by: ranks).map { position in
        let (round, place) = (position / repetitions).quotientAndRemainder(dividingBy: order.places.count)
        return order[place] + (position % repetitions + round) * count
      }, size: batchSize)
  }
}

/// One rank's batches of an epoch, all of the same size.
public struct RankBatches: RandomAccessCollection, Sendable {
  // One flat array: a million small arrays would take several times the memory.
  private let views: [Int]
  private let size: Int

  fileprivate init(views: [Int], size: Int) { (self.views, self.size) = (views, size) }

  /// The first batch's number.
  public var startIndex: Int { 0 }
  /// The number of batches.
  public var endIndex: Int { views.count / size }
  /// The views of a batch.
  public subscript(number: Int) -> [Int] { Array(views[(number * size)..<((number + 1) * size)]) }
}

/// Divides a validation set so that every image is evaluated exactly once; a pure value.
///
/// Rank r of W takes r, r+W, r+2W… Nothing is padded: ranks may differ by one image, and may have none if
/// there are fewer images than ranks. Where each host has its own images, its ranks divide those in this way.
public struct EvaluationSampler: Equatable, Sendable {
  /// The number of images in the validation set.
  public let count: Int
  /// The number of ranks.
  public let worldSize: Int
  /// The largest number of images in a batch.
  public let batchSize: Int
  /// The images of this host's ranks; nil where every rank goes through all images.
  private let share: HostShare?

  /// Makes a sampler for any number of images, even zero.
  public init(count: Int, worldSize: Int, batchSize: Int, share: HostShare? = nil) {
    precondition(worldSize > 0 && batchSize > 0, "a world and a batch hold at least one")
    self.count = count
    self.worldSize = worldSize
    self.batchSize = batchSize
    self.share = share
  }

  /// The number of ranks that share the images: those of a host, or all.
  private var ranks: Int { share?.ranks ?? worldSize }

  /// The indices of the images that those ranks share.
  private var images: [Int] { share?.indices ?? Array(0..<count) }

  /// The first batch of those images.
  public var firstBatch: [Int] { Array(images.prefix(batchSize)) }

  /// The number of batches of the rank that has the most.
  public var mostBatches: Int {
    let most = share?.images.max() ?? count
    return (most + ranks * batchSize - 1) / (ranks * batchSize)
  }

  /// The indices that `rank` evaluates.
  public func indices(rank: Int) -> [Int] {
    precondition((0..<worldSize).contains(rank), "rank \(rank) is not one of \(worldSize)")
    let images = images
    return stride(from: rank % ranks, to: images.count, by: ranks).map { images[$0] }
  }

  /// The same indices in batches; the last one may be smaller.
  public func batches(rank: Int) -> [[Int]] {
    let indices = indices(rank: rank)
    return stride(from: 0, to: indices.count, by: batchSize).map { start in
      Array(indices[start..<min(start + batchSize, indices.count)])
    }
  }

  /// The same images in whole batches, of which rank r takes batches r, r+W, r+2W…: each batch holds the same
  /// images for any number of ranks, so results computed from it have the same bits.
  public func wholeBatches(rank: Int) -> [[Int]] {
    precondition((0..<worldSize).contains(rank), "rank \(rank) is not one of \(worldSize)")
    let images = images
    return stride(from: rank % ranks * batchSize, to: images.count, by: ranks * batchSize).map { start in
      Array(images[start..<min(start + batchSize, images.count)])
    }
  }
}
