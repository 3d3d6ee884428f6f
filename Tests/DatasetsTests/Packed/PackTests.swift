import Foundation
import Randomness
import System
import SystemPackage
import Testing

@testable import Datasets

@Suite struct PackTests {
  let temporary: TemporaryFolder
  var folder: FilePath { temporary.file("folder") }
  var out: FilePath { temporary.file("out") }

  init() throws {
    temporary = try TemporaryFolder()
    let images = ["decode/rgb.png", "decode/baseline-420.jpg", "decode/grey.jpg", "evaluation/landscape.jpg"]
    for split in ["train", "val"] {
      for number in 0..<22 {
        let name = number == 7 ? "a\tb\n.jpg" : "below/\(number).image.jpg"
        try temporary.write(
          Fixture.bytes(images[number % 4]), to: "folder/\(split)/\(["é", "a b", "c\\d"][number % 3])/\(name)"
        )
      }
    }
  }

  @discardableResult
  func pack(
    perShard: Int = 5, _ recompression: Recompression? = nil, threads: Int = 2
  ) throws -> [DatasetPacker.Split] {
    try DatasetPacker(folder, to: out, imagesPerShard: perShard, recompression: recompression)
      .pack(threads: threads) { _, _, _ in }
  }

  @Test func `a pack is the folder: images, classes, order and bytes`() throws {
    let splits = try pack()
    #expect(splits.map(\.images) == [22, 22])
    #expect(splits.map(\.shards) == [5, 5])
    let (loose, packed) = (try ImageFolderPair(folder), try ImageFolderPair(out))
    for (a, b) in [(loose.training, packed.training), (loose.validation, packed.validation)] {
      #expect(b.count == 22)
      #expect(a.classes == b.classes)
      #expect(a.classCounts == b.classCounts)
      #expect(a.digest == b.digest)
      let memory = (FileMemory(), FileMemory())
      for index in 0..<a.count {
        #expect(a.label(at: index) == b.label(at: index))
        #expect(a.name(of: index).elementsEqual(b.name(of: index)))
        let bytes = try (a.contents(of: index, in: memory.0), b.contents(of: index, in: memory.1))
        #expect(bytes.0.elementsEqual(bytes.1))
      }
    }
  }

  @Test func `images are taken from a pack as from a folder, among files of their own`() throws {
    try pack()
    let file = folder.appending("train/é/below/0.image.jpg")
    var list = ImageList()
    for path in [file, out, file, out.appending("val"), file] { list.add(path) }
    #expect(list.count == 3 + 22 + 22 + 22 && list.failures.isEmpty)
    let packed = try ImageFolderPair(out)
    let memory = FileMemory()
    for (index, images, place) in [
      (1, packed.training, 0), (44, packed.validation, 21), (46, packed.validation, 0),
    ] {
      #expect(list[index].path == images[place].path)
      let bytes = Array(try list.contents(of: index, in: memory))
      #expect(try bytes == Array(images.contents(of: place, in: memory)))
    }
    for index in [0, 45, 68] { #expect(list[index].path == file) }
    #expect(try Array(list.contents(of: 68, in: memory)) == Fixture.bytes("decode/rgb.png"))
  }

  @Test(arguments: [0, 1, 2, 3])
  func `training on a pack sees the folder's pixels`(threads: Int) throws {
    try pack()
    let (loose, packed) = (try ImageFolderPair(folder).training, try ImageFolderPair(out).training)
    #expect(try epoch(of: packed, threads) == epoch(of: loose, 0))
  }

  private func epoch(of folder: ImageFolder, _ threads: Int) throws -> [[UInt8]] {
    let loader = BatchLoader(
      folder: folder, transform: TrainTransform(size: 16, augmentation: RandAugment()), batchSize: 4, seed: 1,
      threads: threads)
    let sampler = try Sampler(count: folder.count, worldSize: 1, batchSize: 4, seed: 3)
    var batches: [[UInt8]] = []
    loader.start(batches: sampler.batches(epoch: 1, rank: 0), epoch: 1)
    while let batch = try loader.next() {
      batches.append(Array(batch.pixels) + batch.labels.map { UInt8($0) })
      loader.recycle(batch)
    }
    return batches
  }

  @Test func `tar reads the shards, an image and its class by turns`() throws {
    try pack()
    let tar = Process()
    let pipe = Pipe()
    tar.executableURL = URL(fileURLWithPath: "/bin/tar")
    tar.arguments = ["-tf", "\(out)/train/shard-000004.tar"]
    tar.standardOutput = pipe
    try tar.run()
    let names = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      .split(separator: "\n")
    tar.waitUntilExit()
    #expect(tar.terminationStatus == 0)
    #expect(names.count == 4)
    for pair in stride(from: 0, to: names.count, by: 2) {
      let (image, label) = (names[pair].split(separator: "."), names[pair + 1].split(separator: "."))
      #expect(image[0] == label[0])
      #expect(["jpg", "png"].contains(image[1]))
      #expect(label[1] == "cls")
    }
  }

  /// A sample as `Tests/Readers/packs.py` prints it.
  private struct Sample: Decodable {
    let number: Int
    let `extension`: String
    let bytes: Data
    let label: Int
  }

  @Test func `WebDataset reads the folder's images, each once and with its class`() throws {
    try pack()
    let images = try ImageFolderPair(folder).training
    let python = Process()
    let pipe = Pipe()
    python.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    let shards = (0..<5).map { "\(out)/train/shard-00000\($0).tar" }
    python.arguments = ["PYTHONPATH=.deps/readers/python", "python3", "Tests/Readers/packs.py"] + shards
    python.standardOutput = pipe
    try python.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    python.waitUntilExit()
    try #require(python.terminationStatus == 0, "scripts/readers fetches what reads them")
    let samples = try JSONDecoder().decode([Sample].self, from: output)
    #expect(samples.map(\.number).sorted() == Array(0..<images.count))
    let memory = FileMemory()
    for sample in samples {
      #expect(sample.label == images.label(at: sample.number))
      #expect(try sample.bytes.elementsEqual(images.contents(of: sample.number, in: memory)))
      // By content: `b.jpg` may be a PNG.
      #expect(sample.extension == (sample.bytes.first == 0x89 ? "png" : "jpg"))
    }
  }

  @Test func `a packing goes on where it was, and a finished one is left alone`() throws {
    try pack()
    let index = out.appending("train/index.tsv")
    let whole = try RegularFile.contents(of: index)
    #expect(try pack().allSatisfy(\.wasThere))
    // As if it had ended before the index: two shards with their lines, of which one is not whole.
    try FileManager.default.removeItem(atPath: index.string)
    let images = try ImageFolderPair(folder).training
    let writer = ShardWriter(images, to: out.appending("train"), imagesPerShard: 5, nil)
    let shard = try writer.begin(2)
    for position in 0..<5 {
      try shard.append(writer.sample(position, of: 2, FileMemory(), ImageDecoder()))
    }
    try shard.finish()
    #expect(writer.isWritten(2))
    #expect(!writer.isWritten(3))
    try FileManager.default.removeItem(atPath: "\(out)/train/shard-000004.tar")
    #expect(try pack(threads: 1).map(\.wasThere) == [false, true])
    #expect(try RegularFile.contents(of: index) == whole)
    let left = Folders.names(in: "\(out)/train").sorted()
    #expect(left == ["index.tsv"] + (0..<5).map { "shard-00000\($0).tar" })
    // As if it had been killed right after the index.
    try temporary.write([1], to: "out/train/shard-000001.tar.tsv")
    #expect(try pack().allSatisfy(\.wasThere))
    #expect(Folders.names(in: "\(out)/train").sorted() == left)
  }

  @Test func `nothing is packed into a folder of images, which the index would hide`() throws {
    try temporary.write([1], to: "out/val/cat/1.jpg")
    #expect(throws: DataError.wouldBeHidden(folder: out.appending("val"))) { try pack() }
    #expect(try ShardIndex(in: out.appending("val")) == nil)
  }

  @Test func `a pack of other settings is not taken for this one`() throws {
    try pack()
    #expect(throws: DataError.otherPack(folder: out.appending("train"))) { try pack(perShard: 6) }
    let smaller = Recompression(longestSide: 40, quality: 90)
    #expect(throws: DataError.otherPack(folder: out.appending("train"))) { try pack(smaller) }
  }

  @Test func `an image that cannot be used ends the packing, without an index`() throws {
    try temporary.write([1, 2, 3], to: "folder/train/é/bad.jpg")
    let path = folder.appending("train/é/bad.jpg")
    #expect(throws: DataError.notAnImage(path: path)) { try pack() }
    #expect(try ShardIndex(in: out.appending("train")) == nil)
    #expect(!Folders.names(in: "\(out)/train").contains { $0.hasSuffix(".unfinished") })
  }

  @Test func `larger images are made smaller, others keep their bytes`() throws {
    try pack(Recompression(longestSide: 100, quality: 90))
    let (loose, packed) = (try ImageFolderPair(folder).training, try ImageFolderPair(out).training)
    let memory = (FileMemory(), FileMemory())
    var smaller = 0
    for index in 0..<loose.count {
      let before = try EncodedImage(loose.contents(of: index, in: memory.0), path: "before")
      let after = try EncodedImage(packed.contents(of: index, in: memory.1), path: "after")
      if max(before.width, before.height) <= 100 {
        #expect(before.bytes.elementsEqual(after.bytes))
      } else {
        smaller += 1
        #expect(max(after.width, after.height) == 100)
        #expect(after.format == .jpeg)
        #expect(
          abs(after.width * before.height - before.width * after.height) <= before.width + before.height)
      }
    }
    #expect(smaller > 0 && smaller < loose.count)
  }
}
