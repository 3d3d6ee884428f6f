import Foundation
import Randomness
import System
import SystemPackage
import Testing

@testable import Datasets

@Suite struct BatchLoaderTests {
  let temporary: TemporaryFolder
  let folder: ImageFolder

  init() throws {
    temporary = try TemporaryFolder()
    let names = ["decode/baseline-420.jpg", "decode/grey.jpg", "decode/rgb.png", "resize/source.png"]
    for (number, name) in names.enumerated() {
      for copy in 0..<5 {
        try temporary.write(Fixture.bytes(name), to: "\(number % 2)/\(number)-\(copy).jpg")
      }
    }
    folder = try ImageFolder(FilePath(temporary.path))
  }

  private func loader(threads: Int, depth: Int = 2, seed: UInt64 = 0, skips: Int = 0) -> BatchLoader {
    BatchLoader(
      folder: folder, transform: TrainTransform(size: 16), batchSize: 4, seed: seed, threads: threads,
      depth: depth, failures: .replaced(inARow: skips))
  }

  /// All views of an epoch by their index, and the order in which they came.
  private func views(
    _ loader: BatchLoader, _ batches: some RandomAccessCollection<[Int]>, epoch: Int = 0
  ) throws -> (order: [[Int]], pixels: [Int: [UInt8]]) {
    var order: [[Int]] = []
    var pixels: [Int: [UInt8]] = [:]
    loader.start(batches: batches, epoch: epoch)
    while let batch = try loader.next() {
      order.append(batch.indices)
      #expect(batch.labels == batch.indices.map { folder[$0].label })
      #expect(batch.pixels.count == batch.count * 16 * 16 * 3)
      for (position, index) in batch.indices.enumerated() {
        pixels[index] = Array(batch.pixels[(position * 768)..<((position + 1) * 768)])
      }
      loader.recycle(batch)
    }
    return (order, pixels)
  }

  private var batches: [[Int]] {
    stride(from: 0, to: 20, by: 4).map { Array($0..<min($0 + 4, 18)) }
  }

  @Test(arguments: [
    (26, 128, 26), (208, 128, 64), (208, 16, 32), (2, 1, 2), (8, 1, 2), (1, 64, 1), (0, 1, 1),
  ])
  func `a thread decodes for each processor, as far as images are in hand`(
    processors: Int, batch: Int, threads: Int
  ) {
    #expect(BatchLoader.threads(on: processors, batchSize: batch) == threads)
  }

  @Test(arguments: [1, 2, 3, 8], [1, 2, 5])
  func `threads and depth change neither order nor pixels`(threads: Int, depth: Int) throws {
    let expected = try views(loader(threads: 0), batches)
    let loader = loader(threads: threads, depth: depth)
    for _ in 0..<3 {
      let found = try views(loader, batches)
      #expect(found.order == batches)
      #expect(found.pixels == expected.pixels)
    }
  }

  @Test func `views depend on seed, epoch and index alone, not on the world size`() throws {
    let one = try Sampler(count: 20, worldSize: 1, batchSize: 4, seed: 3)
    let two = try Sampler(count: 20, worldSize: 2, batchSize: 2, seed: 3)
    let alone = try views(loader(threads: 1), one.batches(epoch: 1, rank: 0), epoch: 1).pixels
    let first = try views(loader(threads: 1), two.batches(epoch: 1, rank: 0), epoch: 1).pixels
    let second = try views(loader(threads: 1), two.batches(epoch: 1, rank: 1), epoch: 1).pixels
    #expect(alone == first.merging(second) { pixels, _ in pixels })
    #expect(try alone != views(loader(threads: 1), one.batches(epoch: 1, rank: 0), epoch: 2).pixels)
    #expect(
      try alone != views(loader(threads: 1, seed: 1), one.batches(epoch: 1, rank: 0), epoch: 1).pixels)
  }

  @Test(arguments: [0, 1, 4])
  func `the first bad image in order is reported, after the batches before it`(threads: Int) throws {
    try temporary.write(Array("text".utf8), to: "0/0-4.jpg")
    try temporary.write([], to: "0/2-1.jpg")
    let bad = try #require((0..<20).first { folder[$0].path.string.hasSuffix("0/0-4.jpg") })
    let worse = try #require((0..<20).first { folder[$0].path.string.hasSuffix("0/2-1.jpg") })
    let loader = loader(threads: threads)
    loader.start(batches: [[0, 1], [2, bad, worse], [3]], epoch: 0)
    #expect(try loader.next()?.indices == [0, 1])
    #expect(throws: DataError.notAnImage(path: folder[bad].path)) { try loader.next() }
    #expect(try loader.next() == nil)
    #expect(try views(loader, [[0, 1], [2]]).order == [[0, 1], [2]])
  }

  @Test(arguments: [0, 1, 4])
  func `damaged images are replaced by the next one, its label with it, where that is wished`(threads: Int)
    throws
  {
    let last = folder.count - 1
    // The last of class 0 and the first of class 1; and the last of all, whose next one is the first.
    let damaged = [9, 10, last]
    for index in damaged { try Data("text".utf8).write(to: URL(fileURLWithPath: folder[index].path.string)) }
    let loader = loader(threads: threads, skips: 2)
    loader.start(batches: [[8, 9, 10, last]], epoch: 0)
    let batch = try #require(try loader.next())
    #expect(batch.indices == [8, 9, 10, last])
    #expect(batch.labels == [0, 1, 1, 0])
    #expect(batch.damage.map(\.image).sorted() == [9, 10, 10, last])
    #expect(batch.damage.allSatisfy { $0.error == .notAnImage(path: folder[$0.image].path) })
    let reader = ImageDecoder()
    for (position, (view, stand)) in [(8, 8), (9, 11), (10, 11), (last, 0)].enumerated() {
      let expected = try reader.pixels(
        of: folder[stand].path, TrainTransform(size: 16),
        generator: KeyedGenerator(seed: 0, stream: .geometry, epoch: 0, index: view))
      #expect(Array(batch.pixels[position * 768..<(position + 1) * 768]) == expected)
    }
    loader.recycle(batch)
    loader.start(batches: [[1]], epoch: 0)
    #expect(try loader.next()?.damage == [])
  }

  @Test(arguments: [0, 3])
  func `where nothing is to end, what cannot be used is black and named, and all else is as it is`(
    threads: Int
  ) throws {
    var list = ImageList()
    for index in [0, 1, 2] { list.add(folder[index].path) }
    try Data("text".utf8).write(to: URL(fileURLWithPath: folder[1].path.string))
    list.add("/nowhere.jpg")
    list.add(FilePath(temporary.path).appending("1"))
    #expect(list.count == 14 && list[13].path == folder[19].path && list.failures.isEmpty)
    let loader = BatchLoader(
      folder: list, transform: EvaluationTransform(size: 16), batchSize: 14, seed: 0, threads: threads,
      failures: .black)
    loader.start(batches: [Array(0..<14)], epoch: 0)
    let batch = try #require(try loader.next())
    #expect(batch.damage.map(\.image).sorted() == [1, 3])
    let lit = (0..<14).filter { position in
      batch.pixels[(position * 768)..<((position + 1) * 768)].contains { $0 > 0 }
    }
    #expect(lit == [0, 2] + Array(4..<14))
  }

  @Test func `a folder without images is no image, and is named`() throws {
    try temporary.makeFolder("empty")
    var list = ImageList()
    list.add(temporary.file("empty"))
    #expect(list.count == 0 && list.failures == [.noImages(folder: temporary.file("empty"))])
  }

  @Test func `no more images in a row are passed over than may be, and none that is missing`() throws {
    for index in [3, 4] { try Data("text".utf8).write(to: URL(fileURLWithPath: folder[index].path.string)) }
    let path = folder[6].path
    try FileManager.default.removeItem(atPath: path.string)
    let loader = loader(threads: 1, skips: 1)
    for (index, error) in [
      (3, DataError.notAnImage(path: folder[4].path)), (6, .unreadable(SystemError("open", path, ENOENT))),
    ] {
      loader.start(batches: [[index]], epoch: 0)
      #expect(throws: error) { try loader.next() }
    }
  }

  @Test func `an image that went away is an error that names it`() throws {
    let path = folder[3].path
    try FileManager.default.removeItem(atPath: path.string)
    let loader = loader(threads: 2)
    loader.start(batches: [[3]], epoch: 0)
    #expect(throws: DataError.unreadable(SystemError("open", path, ENOENT))) {
      try loader.next()
    }
  }

  @Test(arguments: [0, 1, 4]) func `a new epoch may start in the middle of another`(threads: Int) throws {
    let loader = loader(threads: threads)
    let expected = try views(loader, batches, epoch: 1)
    for _ in 0..<20 {
      loader.start(batches: batches, epoch: 0)
      _ = try loader.next()
      let found = try views(loader, batches, epoch: 1)
      #expect(found.pixels == expected.pixels)
    }
  }

  @Test(arguments: [0, 1, 4]) func `closing ends the threads in the middle of an epoch`(threads: Int) throws {
    for taken in 0..<4 {
      let loader = loader(threads: threads)
      loader.start(batches: batches, epoch: 0)
      for _ in 0..<taken { _ = try loader.next() }
      loader.close()
      #expect(try loader.next() == nil)
    }
  }

  @Test func `memory is used again`() throws {
    let loader = loader(threads: 0)
    loader.start(batches: batches, epoch: 0)
    let first = try #require(try loader.next())
    loader.recycle(first)
    #expect(try loader.next() === first)
  }
}
