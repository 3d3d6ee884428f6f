public import System

/// Encoded images that the workers of a host share in memory: the first to read an image leaves it for all.
///
/// It is a memory file without a name, so nothing remains of it however its processes end:
/// ```
/// word 0     bytes of images so far
/// word 1     images so far
/// word 2…    for each image its position and length, 0 while it is not there
/// then       the images, each at a multiple of 8 bytes
/// ```
/// An image's word is set once its bytes are there, and no image is ever moved or removed. Images without
/// room are read from disk each time.
public final class ImageMemory: Sendable {
  /// The most bytes of encoded images.
  public let limit: Int
  private let file: MemoryFile
  private let bytes: MappedMemory
  private let words: SharedWords
  private let images: Int

  /// A word has 27 bits for an image's length and 37 for its position in units of 8 bytes.
  private static let (longest, farthest) = ((1 << 27) - 1, 1 << 40)
  private static let wordsBefore = 2

  /// Makes memory for `images` images in at most `limit` bytes; nil if the system cannot provide it.
  public convenience init?(images: Int, limit: Int) {
    let byteCount = Self.start(images) + min(limit, Self.farthest / 2)
    guard let file = MemoryFile("twins-images", byteCount: byteCount) else { return nil }
    self.init(file, images)
  }

  /// Opens the memory that another worker of this host made for as many images; nil if it cannot be reached.
  public convenience init?(images: Int, limit: Int, at place: MemoryFile.Place) {
    guard let file = MemoryFile(place, byteCount: Self.start(images) + limit) else { return nil }
    self.init(file, images)
  }

  private init?(_ file: consuming MemoryFile, _ images: Int) {
    let start = Self.start(images)
    guard let bytes = file.mapped(), let head = file.shared(byteCount: start) else { return nil }
    (self.bytes, words, self.images) = (bytes, SharedWords(head), images)
    limit = file.byteCount - start
    self.file = file
  }

  /// Where other workers find the memory.
  public var place: MemoryFile.Place { file.place }

  /// The number of images held, and their bytes.
  public var held: (images: Int, bytes: Int) { (Int(words[1]), min(limit, Int(words[0]))) }

  /// An image's bytes; nil if it is not held.
  func contents(of image: Int) -> UnsafeBufferPointer<UInt8>? {
    let word = words[Self.wordsBefore + image]
    let (offset, count) = (Int(word >> 27) * 8, Int(word) & Self.longest)
    guard word != 0, offset + count <= bytes.byteCount else { return nil }
    let start = (UnsafeRawPointer(bytes.start) + offset).assumingMemoryBound(to: UInt8.self)
    return UnsafeBufferPointer(start: start, count: count)
  }

  /// Adds an image if there is room.
  func keep(_ image: Int, _ contents: UnsafeBufferPointer<UInt8>) {
    let room = (contents.count + 7) & ~7
    guard !contents.isEmpty, contents.count <= Self.longest, Int(words[0]) + room <= limit,
      words[Self.wordsBefore + image] == 0
    else { return }
    let taken = Int(words.add(UInt64(room), to: 0))
    guard taken + room <= limit else { return }
    let offset = Self.start(images) + taken
    guard file.write(UnsafeRawBufferPointer(contents), at: offset) else {
      // No memory will be available for the next image either: mark the file as full.
      words.add(UInt64(limit), to: 0)
      return
    }
    if words.setZero(Self.wordsBefore + image, to: UInt64(offset / 8) << 27 | UInt64(contents.count)) {
      words.add(1, to: 1)
    }
  }

  private static func start(_ images: Int) -> Int { ((wordsBefore + images) * 8 + 4095) & ~4095 }
}

/// A data set's images, taken from memory once any worker has read them.
public struct ImagesInMemory: ImageSource {
  private let images: any ImageSource
  private let memory: ImageMemory
  private let first: Int

  /// Wraps `images`.
  ///
  /// - Parameter first: The number in the memory of the first of these images.
  public init(_ images: any ImageSource, in memory: ImageMemory, from first: Int) {
    (self.images, self.memory, self.first) = (images, memory, first)
  }

  /// How many there are.
  public var count: Int { images.count }

  /// The image at `index`.
  public subscript(index: Int) -> ImageFolder.Entry { images[index] }

  /// The class number of the image at `index`.
  public func label(at index: Int) -> Int { images.label(at: index) }

  /// The image's bytes as they were when first read.
  public func contents(of index: Int, in memory: FileMemory) throws(DataError) -> UnsafeBufferPointer<UInt8> {
    if let kept = self.memory.contents(of: first + index) { return kept }
    let contents = try images.contents(of: index, in: memory)
    self.memory.keep(first + index, contents)
    return contents
  }

  /// Forwards the images that are not held.
  public func willRead(_ indices: [Int]) {
    images.willRead(indices.filter { memory.contents(of: first + $0) == nil })
  }
}
