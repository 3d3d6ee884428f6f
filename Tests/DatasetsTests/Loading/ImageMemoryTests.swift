import System
import SystemPackage
import Testing

@testable import Datasets

/// Images of a byte each time they are read, which counts how often that was.
private final class CountedImages: ImageSource {
  let count: Int
  let reads = Monitor<[Int: Int]>([:])

  init(_ count: Int) { self.count = count }

  subscript(index: Int) -> ImageFolder.Entry {
    ImageFolder.Entry(path: FilePath("\(index)"), label: index % 3)
  }
  func label(at index: Int) -> Int { index % 3 }
  func willRead(_ indices: [Int]) { reads.withLock { $0[-1, default: 0] += indices.count } }

  func contents(of index: Int, in memory: FileMemory) throws(DataError) -> UnsafeBufferPointer<UInt8> {
    if index == 13 { throw .notAnImage(path: "13") }
    reads.withLock { $0[index, default: 0] += 1 }
    let bytes = memory.bytes.reserve(100 + index)
    bytes.update(repeating: UInt8(index))
    return UnsafeBufferPointer(bytes)
  }
}

@Suite struct ImageMemoryTests {
  private let images = CountedImages(40)
  private let files = FileMemory()

  private func read(_ images: ImagesInMemory) throws {
    for index in 0..<images.count where index != 13 {
      let bytes = try images.contents(of: index, in: files)
      #expect(bytes.count == 100 + index && bytes.allSatisfy { $0 == index })
    }
  }

  private var reads: Int { images.reads.withLock { $0.filter { $0.key >= 0 }.values.reduce(0, +) } }

  @Test func `an image is read once, by whichever worker, and has the same bytes after that`() throws {
    let memory = try #require(ImageMemory(images: 50, limit: 1 << 20))
    // As another worker of the host sees it.
    let other = try #require(ImageMemory(images: 50, limit: 1 << 20, at: memory.place))
    try read(ImagesInMemory(images, in: memory, from: 10))
    #expect(reads == 39)
    try read(ImagesInMemory(images, in: other, from: 10))
    try read(ImagesInMemory(images, in: memory, from: 10))
    #expect(reads == 39)
    #expect(other.held.images == 39)
    ImagesInMemory(images, in: other, from: 10).willRead([1, 13, 2])
    #expect(images.reads.withLock { $0[-1] } == 1)
  }

  @Test func `what has no room is read each time, and the limit holds`() throws {
    let memory = try #require(ImageMemory(images: 40, limit: 1000))
    for _ in 0..<3 { try read(ImagesInMemory(images, in: memory, from: 0)) }
    #expect(memory.held.bytes <= 1000)
    #expect(memory.held.images == 9, "104 bytes each")
    #expect(reads == 9 + 3 * 30)
    #expect(try #require(ImageMemory(images: 40, limit: 0)).contents(of: 0) == nil)
  }

  @Test func `a failure to read is the image's own, each time`() throws {
    let memory = try #require(ImageMemory(images: 40, limit: 1 << 20))
    let kept = ImagesInMemory(images, in: memory, from: 0)
    for _ in 0..<2 {
      #expect(throws: DataError.notAnImage(path: "13")) { try kept.contents(of: 13, in: files) }
    }
  }

  @Test func `threads that keep the same images at once leave whole ones`() throws {
    let memory = try #require(ImageMemory(images: 400, limit: 1 << 20))
    let source = CountedImages(256)
    let kept = ImagesInMemory(source, in: memory, from: 0)
    let wrong = Monitor(0)
    let threads = (0..<4).map { _ in
      OwnedThread.started("read") {
        let files = FileMemory()
        for index in 0..<256 where index != 13 {
          guard let bytes = try? kept.contents(of: index, in: files), bytes.count == 100 + index,
            bytes.allSatisfy({ $0 == UInt8(truncatingIfNeeded: index) })
          else {
            wrong.withLock { $0 += 1 }
            continue
          }
        }
      }
    }
    for thread in threads { thread.join() }
    #expect(wrong.withLock(\.self) == 0)
    #expect(memory.held.images == 255)
  }

  @Test func `memory of another size, or of nobody, is none`() throws {
    let memory = try #require(ImageMemory(images: 40, limit: 4096))
    #expect(ImageMemory(images: 40, limit: 8192, at: memory.place) == nil)
    #expect(ImageMemory(images: 4000, limit: 4096, at: memory.place) == nil)
  }
}
