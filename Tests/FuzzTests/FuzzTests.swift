import ArgumentParser
import Foundation
import Randomness
import System
import SystemPackage
import TestSupport
import Testing

@testable import Checkpoint
@testable import Datasets
@testable import Flags
@testable import Recipe
@testable import RunControl
@testable import Training

/// Every reader of what others wrote, with inputs that nobody thought of.
@Suite(.serialized) struct FuzzTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func file(_ bytes: [UInt8]) throws -> String {
    let path = folder.path + "/input"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return path
  }

  @Test func `images`() throws { try readImages("images", ImageFolder.extensions) }

  /// Those that are read in Swift; `scripts/fuzz-images` has the others.
  @Test(arguments: [["bmp"], ["ppm", "pgm", "pbm"]])
  func `images that are read in Swift`(endings: [String]) throws {
    try readImages(endings[0], endings, isCounted: true)
  }

  private func readImages(_ name: String, _ endings: [String], isCounted: Bool = false) throws {
    let reader = ImageDecoder()
    let transforms: [any Transform] = [
      EvaluationTransform(size: 32), TrainTransform(size: 32, augmentation: RandAugment()),
    ]
    try Fuzz(name).run(try Corpus.images(endings), isCounted: isCounted) { bytes in
      try bytes.withUnsafeBufferPointer { bytes in
        let image = try EncodedImage(bytes, path: "input")
        // Larger ones only take longer.
        guard image.width * image.height < 1 << 20 else { return }
        let region = PixelRegion(width: image.width, height: image.height)
        _ = try image.decode(region, into: ByteBuffer())
        for transform in transforms { try draw(image, transform, with: reader) }
      }
    }
  }

  /// Makes the sample of an image as evaluation or training does.
  private func draw(
    _ image: EncodedImage, _ transform: any Transform, with reader: ImageDecoder
  ) throws {
    var generator = KeyedGenerator(seed: UInt64(image.bytes.count), stream: .geometry, epoch: 0)
    let plan = transform.plan(width: image.width, height: image.height, generator: &generator)
    var sample = [UInt8](repeating: 0, count: plan.window.byteCount)
    try sample.withUnsafeMutableBufferPointer { try reader.draw(image, plan, into: $0) }
  }

  /// Behind a right checksum.
  @Test func `indexes of packed data sets`() throws {
    try Fuzz("indexes").run(Corpus.indexes) { bytes in
      let seal = String(bytes.withUnsafeBytes { CRC32C(of: $0).value }, radix: 16)
      let line = "#crc32c\t\(String(repeating: "0", count: 8 - seal.count))\(seal)\n"
      let images = ImageFolder(
        FilePath(folder.path), try ShardIndex(bytes + line.utf8, at: "index.tsv", Stamp("index.tsv")).split)
      let memory = FileMemory(retries: ReadRetries())
      for index in 0..<images.count { try? _ = images.contents(of: index, in: memory) }
    }
  }

  @Test func `archives of images`() throws {
    try Fuzz("archives").run(Corpus.archives) { bytes in
      let stream = try ArchiveStream(FilePath(file(bytes)))
      var archive = TarReader(stream)
      while let member = try archive.next() { _ = try archive.contents(of: member) }
    }
  }

  @Test func `weights`() throws {
    try Fuzz("weights").run(Corpus.weights) { bytes in try readAll(WeightsFile(path: file(bytes))) }
  }

  /// Behind right checksums, so that the changes reach the pickle machine.
  @Test func `pickles`() throws {
    try Fuzz("pickles").run(Corpus.pickles) { bytes in
      let archive = ZipWriter([
        .init("f/data.pkl", bytes), .init("f/data/0", [UInt8](repeating: 1, count: 16)),
      ])
      try readAll(WeightsFile(path: file(archive.bytes)))
    }
  }

  /// Touches every byte, so that one outside of the file is noticed.
  private func readAll(_ file: WeightsFile) throws {
    for tensor in file.tensors { _ = tensor.bytes.reduce(0, ^) }
    _ = Weights(metadata: file.metadata)
  }

  /// Changed files, and changed states behind right checksums.
  @Test func `checkpoint folders`() throws {
    let store = CheckpointStore(folder: folder.path + "/checkpoints")
    let honest = try JSONTree(encoding: Corpus.state)
    try store.save(name: "epoch-0000", files: [], state: honest)
    let path = store.folder + "/epoch-0000/manifest.json"
    let manifest = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    let state = Array(String(decoding: try JSONEncoder().encode(honest), as: UTF8.self).utf8)
    try Fuzz("checkpoints").run([manifest, state] + Corpus.atEdges(manifest) + Corpus.atEdges(state)) {
      bytes in
      if let tree = try? JSONTree(parsing: String(decoding: bytes, as: UTF8.self)) {
        try store.save(name: "epoch-0001", files: [], state: tree)
      }
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      _ = store.newestVerified { checkpoint throws(CheckpointError) in
        _ = try checkpoint.state(TrainingState.self).place(for: Recipe())
      }
      _ = store.makeRoom(for: .max, keeping: 1)
    }
  }

  @Test func `recipes`() throws {
    try Fuzz("recipes").run(Corpus.recipes) { bytes in
      _ = try TrainingFlags.parse(["--config", file(bytes)]).request().settings(worldSize: 8).table
    }
  }

  @Test func `control requests`() throws {
    try Fuzz("requests").run(Corpus.requests) { _ = try controlMessage(ControlRequest.self, $0) }
  }
}
