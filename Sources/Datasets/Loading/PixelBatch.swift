import Randomness

/// The pixels of one batch, `count` views of size x size RGB bytes, in memory that the loader reuses.
///
/// Safe: a batch has one owner at a time. While it is being filled, each decode thread writes only the bytes
/// of the views that it claimed; the batch reaches the consumer through the loader's lock, after the last
/// thread has finished.
public final class PixelBatch: @unchecked Sendable {
  /// The height and width of the views.
  public let size: Int
  /// The largest number of views.
  public let capacity: Int
  /// Each view's number: its image's index, plus the number of images for every earlier view of the same
  /// image.
  public private(set) var indices: [Int] = []
  /// The class number of each view.
  public private(set) var labels: [Int] = []

  /// Images that cannot be used, whose views show replacements or are black, in no particular order and
  /// possibly repeated.
  public private(set) var damage: [Damage] = []

  private let memory: UnsafeMutableBufferPointer<UInt8>

  init(capacity: Int, size: Int) {
    self.capacity = capacity
    self.size = size
    memory = .allocate(capacity: capacity * size * size * 3)
  }

  deinit {
    memory.deallocate()
  }

  /// The number of views, at most `capacity`.
  public var count: Int { indices.count }

  /// The views' bytes, count x size x size x 3 (NHWC), valid until the batch is recycled.
  public var pixels: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[..<(count * sampleBytes)])
  }

  /// Sets what the batch will hold.
  func assign(_ indices: [Int], labels: [Int]) {
    precondition(indices.count <= capacity, "\(indices.count) views do not fit into \(capacity)")
    self.indices = indices
    self.labels = labels
    damage = []
  }

  /// Notes that the view at `position` shows another image, with that image's label.
  func replace(at position: Int, label: Int, damage: [Damage]) {
    labels[position] = label
    self.damage += damage
  }

  /// The memory of the view at `position`.
  func view(at position: Int) -> UnsafeMutableBufferPointer<UInt8> {
    UnsafeMutableBufferPointer(rebasing: memory[(position * sampleBytes)..<((position + 1) * sampleBytes)])
  }

  private var sampleBytes: Int { size * size * 3 }

  /// Consecutive views of a batch; valid until the batch is recycled.
  public struct Part {
    /// The views' bytes, NHWC.
    public let pixels: UnsafeRawBufferPointer
    /// The index of each view, as in the batch.
    public let indices: [Int]
    /// The class number of each view.
    public let labels: [Int]

    /// The number of views.
    public var count: Int { indices.count }
  }

  /// Divides the batch into `number` parts of equal size, in order.
  public func parts(_ number: Int) -> [Part] {
    precondition(number > 0 && count.isMultiple(of: number), "\(count) views in \(number) equal parts")
    let length = count / number
    let bytes = size * size * 3
    return (0..<number).map { part in
      let range = (part * length)..<((part + 1) * length)
      return Part(
        pixels: UnsafeRawBufferPointer(
          rebasing: pixels[(range.lowerBound * bytes)..<(range.upperBound * bytes)]),
        indices: Array(indices[range]), labels: Array(labels[range]))
    }
  }

  /// Makes a batch of noise for measurements; each view's class is its number.
  public static func noise(count: Int, size: Int, seed: UInt64) -> PixelBatch {
    let batch = PixelBatch(capacity: count, size: size)
    batch.assign(Array(0..<count), labels: (0..<count).map { $0 % 1000 })
    for position in 0..<count {
      var generator = KeyedGenerator(seed: seed, stream: .geometry, epoch: 0, index: position)
      let view = batch.view(at: position)
      for index in view.indices { view[index] = UInt8(truncatingIfNeeded: generator.next()) }
    }
    return batch
  }
}

/// An image that cannot be used and was replaced by its successor or a black view.
public struct Damage: Equatable, Sendable {
  /// The image's number in its folder.
  public let image: Int
  /// What is wrong with it.
  public let error: DataError
}
