import Glibc
import System
import SystemPackage
import Testing

@testable import Datasets

/// A pack of which shards are gone or cut off, and which is packed again.
@Suite struct RepackTests {
  private let temporary: TemporaryFolder
  private var folder: FilePath { temporary.file("folder") }
  private var out: FilePath { temporary.file("out") }

  init() throws {
    temporary = try TemporaryFolder()
    for number in 0..<12 {
      try temporary.write(
        Fixture.bytes("decode/rgb.png"), to: "folder/\(number < 9 ? "train" : "val")/a/\(number).png")
    }
  }

  private func pack() throws -> [DatasetPacker.Split] {
    try DatasetPacker(folder, to: out, imagesPerShard: 2, recompression: nil).pack(threads: 1) { _, _, _ in }
  }

  private func bytes(_ name: String) throws -> [UInt8] { try RegularFile.contents(of: out.appending(name)) }

  @Test(arguments: [
    ("train/shard-000001.tar", nil), ("train/shard-000004.tar", 1000), ("val/shard-000000.tar", 0),
  ])
  func `what is missing of a pack is packed again`(shard: String, length: Int?) throws {
    #expect(try pack().map(\.wasThere) == [false, false])
    #expect(try pack().map(\.wasThere) == [true, true])
    let names = ["train/index.tsv", "val/index.tsv", shard]
    let whole = try names.map(bytes)
    if let length {
      try temporary.write(Array(whole[2].prefix(length)), to: "out/\(shard)")
    } else {
      try #require(out.appending(shard).withPlatformString { unlink($0) } == 0)
    }
    #expect(try pack().map(\.wasThere) == [!shard.hasPrefix("train"), !shard.hasPrefix("val")])
    #expect(try names.map(bytes) == whole)
    #expect(try pack().map(\.wasThere) == [true, true])
  }
}
