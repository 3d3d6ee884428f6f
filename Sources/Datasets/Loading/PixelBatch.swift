import Randomness

/// The pixels of one batch, `count` views of size x size RGB bytes, in memory that the loader uses again.
///
/// Safe: a batch has one owner at a time. While it fills, each decode thread writes the bytes of the view that it
/// claimed and nothing else; it reaches the consumer through the loader's lock, after the last thread has finished.
public final class PixelBatch: @unchecked Sendable {
  /// The height and width of the views.
  public let size: Int
  /// The largest number of views.
  public let capacity: Int
  /// The number of each view: its image's index, plus the number of images for each view of it before this one.
  public private(set) var indices: [Int] = []
  /// The class number of each view.
  public private(set) var labels: [Int] = []

  /// Images that cannot be used, whose views are views of others or black, in no particular order; an image may be there twice.
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

  /// Says what the batch is going to hold.
  func assign(_ indices: [Int], labels: [Int]) {
    precondition(indices.count <= capacity, "\(indices.count) views do not fit into \(capacity)")
    self.indices = indices
    self.labels = labels
    damage = []
  }

  /// Notes that the view at `position` is a view of another image, with that one's label.
  func replace(at position: Int, label: Int, damage: [Damage]) {
    labels[position] = label
    self.damage += damage
  }

  /// Where the view at `position` is written.
  func view(at position: Int) -> UnsafeMutableBufferPointer<UInt8> {
    UnsafeMutableBufferPointer(rebasing: memory[(position * sampleBytes)..<((position + 1) * sampleBytes)])
  }

  private var sampleBytes: Int { size * size * 3 }

  /// Some views of a batch that follow each other; valid until the batch is recycled.
  public struct Part {
    /// The views' bytes, NHWC.
    public let pixels: UnsafeRawBufferPointer
    /// The data set's index of each view.
    public let indices: [Int]
    /// The class number of each view.
    public let labels: [Int]

    /// The number of views.
    public var count: Int { indices.count }
  }

  /// The batch in `number` parts of equal size, in order.
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

  /// A batch of noise, for measurements: no decoder writes it, and each view is of the class of its number.
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

/// An image that cannot be used, and whose place in a batch its successor took, or a black view.
public struct Damage: Equatable, Sendable {
  /// The image's number in its folder.
  public let image: Int
  /// What is wrong with it.
  public let error: DataError
}
