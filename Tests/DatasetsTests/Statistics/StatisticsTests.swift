import Foundation
import Randomness
import System
import SystemPackage
import Testing

@testable import Datasets

@Suite struct StatisticsTests {
  private let temporary: TemporaryFolder
  private var folder: FilePath { temporary.file("set") }

  init() throws { temporary = try TemporaryFolder() }

  /// A picture of sixteen random blobs, the same in any size.
  private func picture(_ seed: UInt64, width: Int, height: Int, brighter: Double = 0) -> [UInt8] {
    var generator = KeyedGenerator(seed: seed, stream: .geometry, epoch: 0)
    let blobs = (0..<16).map { _ in (generator.uniform(), generator.uniform(), generator.uniform() * 2 - 1) }
    return (0..<(width * height)).flatMap { pixel -> [UInt8] in
      let (x, y) = (
        (Double(pixel % width) + 0.5) / Double(width), (Double(pixel / width) + 0.5) / Double(height)
      )
      let value = blobs.reduce(0.5 + brighter) { sum, blob in
        let distance = (x - blob.0) * (x - blob.0) + (y - blob.1) * (y - blob.1)
        return sum + blob.2 * 0.4 * max(0, 1 - distance * 12)
      }
      let level = UInt8(max(0, min(255, value * 255)))
      return [level, level, UInt8(level / 2)]
    }
  }

  private func write(_ pixels: [UInt8], width: Int, to name: String) throws {
    let png = try #require(encodedPNG(pixels, width: width, height: pixels.count / 3 / width))
    try temporary.write(png, to: "set/\(name)")
  }

  private func measured(_ pixels: [UInt8], width: Int) throws -> ImageMeasurement {
    try pixels.withUnsafeBufferPointer { bytes in
      try ImageMeasurement(
        DecodedRows(start: #require(bytes.baseAddress), stride: width * 3), width: width,
        height: bytes.count / 3 / width,
        ImageMeasurement.Fingerprint(count: 0, checksum: 0))
    }
  }

  @Test(arguments: [
    ([3.0], [3.0, 3, 3, 3, 3]), ([4, 1, 3, 2], [1, 1.75, 2.5, 3.25, 4]), ([1, 9, 5], [1, 3, 5, 7, 9]),
  ])
  func `quartiles are NumPy's`(values: [Double], expected: [Double]) throws {
    let found = try #require(Quartiles(values))
    #expect([found.least, found.lower, found.median, found.upper, found.most] == expected)
    #expect(Quartiles([]) == nil)
  }

  @Test func `means and squares are those of all pixels`() throws {
    let pixels: [UInt8] = [0, 255, 51, 255, 255, 51, 0, 0, 51, 255, 0, 51]
    let found = try measured(pixels, width: 2)
    #expect(found.mean == SIMD3(0.5, 0.5, 0.2))
    let off = found.meanSquare - SIMD3(0.5, 0.5, 0.04)
    #expect((off * off).sum() < 1e-24)
    #expect(abs(found.brightness - (0.5 * 0.886 + 0.2 * 0.114)) < 1e-12)
    // Longer rows than one sum of 32 bits has room for.
    let wide = try measured([UInt8](repeating: 255, count: 3 * 70_000), width: 70_000)
    #expect(wide.mean == SIMD3(1, 1, 1) && wide.meanSquare == SIMD3(1, 1, 1))
  }

  @Test func `a hash has a bit for each step to the right that is up`() {
    let up = DifferenceHash(fields: (0..<72).map { Double($0 % 9) })
    #expect((up.bits, up.telling) == (.max, 64))
    let down = DifferenceHash(fields: (0..<72).map { Double(-($0 % 9)) })
    #expect((down.bits, down.telling) == (0, 64))
    let flat = DifferenceHash(fields: (0..<72).map { $0 == 1 ? 1 : 0 })
    #expect((flat.bits, flat.telling, flat.isTelling) == (1 << 63, 2, false))
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `a picture looks like itself in another size, and unlike others`(seed: UInt64) throws {
    let first = try measured(picture(seed, width: 90, height: 72), width: 90).hash
    let smaller = try measured(picture(seed, width: 61, height: 47), width: 61).hash
    let other = try measured(picture(seed + 100, width: 90, height: 72), width: 90).hash
    #expect((first.bits ^ smaller.bits).nonzeroBitCount <= DifferenceHash.tolerance)
    #expect((first.bits ^ other.bits).nonzeroBitCount > DifferenceHash.tolerance)
  }

  @Test func `the nearest hash is found as if all were compared`() {
    var generator = KeyedGenerator(seed: 3, stream: .geometry, epoch: 0)
    var hashes = (0..<400).map { _ in generator.next() }
    // Some are there several times.
    hashes += hashes.suffix(100)
    let similar = SimilarHashes(hashes)
    for trial in 0..<400 {
      var hash = hashes[generator.integer(below: 500)]
      for _ in 0..<(trial % 8) { hash ^= 1 << UInt64(generator.integer(below: 64)) }
      let all = hashes.indices.map { ($0, (hashes[$0] ^ hash).nonzeroBitCount) }.min {
        ($0.1, $0.0) < ($1.1, $1.0)
      }
      let found = similar.nearest(to: hash)
      if let all, all.1 <= 4 {
        #expect(found?.index == all.0 && found?.distance == all.1)
      } else {
        #expect(found == nil)
      }
    }
    #expect(SimilarHashes([]).nearest(to: 1) == nil)
  }

  @Test(arguments: [0, 1, 7, 30]) func `parts of a list come back in its order from any number of threads`(
    count: Int
  ) {
    let all = Array(0..<count)
    for threads in [1, 2, 3, 8, 64] {
      #expect(inParts(of: all, threads: threads) { $0.filter { $0 % 3 != 1 } } == all.filter { $0 % 3 != 1 })
    }
  }

  @Test func `a folder's numbers, duplicates and near-duplicates`() throws {
    for number in 0..<4 as Range<UInt64> {
      try write(
        picture(number, width: 60, height: 40), width: 60, to: "train/\(number < 3 ? "a" : "b")/\(number).png"
      )
    }
    try write(picture(0, width: 60, height: 40), width: 60, to: "train/b/again.png")
    try write(picture(1, width: 60, height: 40), width: 60, to: "val/a/copy.png")
    try write(picture(2, width: 90, height: 60), width: 90, to: "val/a/larger.png")
    try write(picture(50, width: 20, height: 40), width: 20, to: "val/b/own.png")
    try write([UInt8](repeating: 9, count: 300), width: 10, to: "val/b/plain.png")
    let found = try DatasetStatistics(measuring: folder, threads: 1)
    for threads in [2, 3, 16] { #expect(try DatasetStatistics(measuring: folder, threads: threads) == found) }
    #expect(found.splits.map(\.name) == ["train", "val"])
    #expect(found.splits.map(\.images) == [5, 4])
    #expect(found.splits[0].imbalance == 1.5)
    #expect(found.splits[1].width?.median == 40 && found.splits[1].aspect?.least == 0.5)
    #expect(
      found.duplicates == [
        DuplicateSet(
          files: ["train/a/0.png", "train/b/again.png"], areOfSeveralClasses: true, areInBothSplits: false),
        DuplicateSet(
          files: ["train/a/1.png", "val/a/copy.png"], areOfSeveralClasses: false, areInBothSplits: true),
      ])
    #expect(found.nearDuplicates.map(\.validation) == ["val/a/larger.png"])
    #expect(found.nearDuplicates.map(\.training) == ["train/a/2.png"])
    #expect(found.plainImages == 1 && found.problems.isEmpty)
    // A pack of it is no different, but for the paths' endings.
    _ = try DatasetPacker(folder, to: temporary.file("pack"), imagesPerShard: 3, recompression: nil)
      .pack(threads: 1) { _, _, _ in }
    var packed = try DatasetStatistics(measuring: temporary.file("pack"), threads: 2)
    packed.folder = found.folder
    #expect(packed == found)
  }

  @Test func `a class may be called train`() throws {
    for name in ["cat", "train"] {
      try write(picture(1, width: 20, height: 30), width: 20, to: "\(name)/1.png")
    }
    let found = try DatasetStatistics(measuring: folder, threads: 1)
    #expect(found.splits.map(\.name) == [""])
    #expect(found.splits[0].classes.map(\.name.text) == ["cat", "train"])
  }

  @Test func `a folder that is not split is one, and damage is not counted`() throws {
    try write(picture(1, width: 20, height: 30), width: 20, to: "a/1.png")
    try write([10, 20, 30, 30, 40, 50], width: 2, to: "b/2.png")
    try temporary.write([1, 2, 3], to: "set/b/bad.png")
    let found = try DatasetStatistics(measuring: folder, threads: 2)
    #expect(found.splits.map(\.name) == [""])
    #expect(found.splits[0].images == 2 && found.problems.count == 1)
    #expect(found.splits[0].classes.map(\.images) == [1, 1])
    #expect(found.nearDuplicates.isEmpty)
    try FileManager.default.removeItem(atPath: "\(folder)/a")
    let alone = try DatasetStatistics(measuring: folder, threads: 1).splits[0]
    let mean = try #require(alone.mean).map { $0 * 255 }
    let deviation = try #require(alone.standardDeviation).map { $0 * 255 }
    #expect(zip(mean + deviation, [20.0, 30, 40, 10, 10, 10]).allSatisfy { abs($0 - $1) < 1e-9 })
    #expect(throws: DataError.self) { try DatasetStatistics(measuring: temporary.file("no"), threads: 1) }
  }
}
