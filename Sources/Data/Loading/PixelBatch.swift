/// The pixels of one batch, `count` samples of size x size RGB bytes, in memory that the loader uses again.
///
/// Safe: a batch has one owner at a time. While it fills, each decode thread writes the bytes of the sample that it
/// claimed and nothing else; it reaches the consumer through the loader's lock, after the last thread has finished.
public final class PixelBatch: @unchecked Sendable {
  /// The height and width of the samples.
  public let size: Int
  /// The largest number of samples.
  public let capacity: Int
  /// The number of each sample: its picture's index, plus the number of pictures for each view of it before this one.
  public private(set) var indices: [Int] = []
  /// The class number of each sample.
  public private(set) var labels: [Int] = []

  /// Damaged pictures whose samples are views of others, in no particular order; a picture may be there twice.
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

  /// The number of samples, at most `capacity`.
  public var count: Int { indices.count }

  /// The samples' bytes, count x size x size x 3 (NHWC), valid until the batch is recycled.
  public var pixels: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[..<(count * sampleBytes)])
  }

  /// Says what the batch is going to hold.
  func assign(_ indices: [Int], labels: [Int]) {
    precondition(indices.count <= capacity, "\(indices.count) samples do not fit into \(capacity)")
    self.indices = indices
    self.labels = labels
    damage = []
  }

  /// Notes that the sample at `position` is a view of another picture, with that one's label.
  func replace(at position: Int, label: Int, damage: [Damage]) {
    labels[position] = label
    self.damage += damage
  }

  /// Where the sample at `position` is written.
  func sample(at position: Int) -> UnsafeMutableBufferPointer<UInt8> {
    UnsafeMutableBufferPointer(rebasing: memory[(position * sampleBytes)..<((position + 1) * sampleBytes)])
  }

  private var sampleBytes: Int { size * size * 3 }
}
