import Foundation
import SystemPackage
import Testing

@testable import Datasets

extension ImportTests {
  @Test(arguments: ["validation", "valid", "val", "dev", "test", "Test-split"])
  func `the shards of a WebDataset's folders go where their names say`(name: String) throws {
    for (number, folder) in ["train", name].enumerated() {
      try temporary.write(tar([("1.jpg", image(number)), ("1.cls", [0x37])]), to: "w/\(folder)/000.tar")
    }
    let tally = try imported("w")
    #expect((tally.training.images, tally.validation.images) == (1, 1))
    #expect(try files("train") == ["00007/000_1.jpg": image(0)])
    #expect(try files("val") == ["00007/000_1.jpg": image(1)])
  }

  @Test func `no shard is passed over, wherever it lies, and what goes where is said`() throws {
    let folders = ["test", "train", "train/more", "unnamed", "validation"]
    for (number, folder) in folders.enumerated() {
      try temporary.write(tar([("1.jpg", image(number)), ("1.cls", [0x37])]), to: "w/\(folder)/000.tar")
    }
    var said: [String] = []
    let tally = try DatasetImporter(temporary.file("w"), to: out, ImportHints())
      .write(isPartial: true) { said.append($0) }
    #expect((tally.training.images, tally.validation.images) == (3, 2))
    #expect(
      try files("train") == [
        "00007/train_000_1.jpg": image(1), "00007/train_more_000_1.jpg": image(2),
        "00007/unnamed_000_1.jpg": image(3),
      ])
    #expect(
      try files("val") == ["00007/test_000_1.jpg": image(0), "00007/validation_000_1.jpg": image(4)])
    #expect(said.contains("1 shard in unnamed/: train/"))
    #expect(said.contains { $0.hasPrefix("val/ gets the shards for testing and those for validation alike") })
  }

  @Test func `Python's NaN in a description is no reason to stop`() throws {
    let json = #"{"score": NaN, "caption": null, "label": 3, "box": [Infinity, -Infinity, NaN]}"#
    try temporary.write(tar([("1.jpg", image(1)), ("1.json", Array(json.utf8))]), to: "w.tar")
    try imported("w.tar")
    #expect(try files("train") == ["00003/w_1.jpg": image(1)])
  }

  @Test(arguments: [false, true])
  func `of a sample's images the one called KEY.EXT is taken, and others are counted`(isCompressed: Bool)
    throws
  {
    let archive = tar([
      ("1.seg.png", image(9)), ("1.jpg", image(1)), ("1.depth.png", image(8)), ("1.cls", [0x37]),
      ("2.v2.jpg", image(2)), ("2.cls", [0x37]),
    ])
    try temporary.write(isCompressed ? gzipped(archive) : archive, to: "w.tar")
    var said: [String] = []
    _ = try DatasetImporter(temporary.file("w.tar"), to: out, ImportHints())
      .write(isPartial: true) { said.append($0) }
    #expect(try files("train") == ["00007/w_1.jpg": image(1), "00007/w_2.jpg": image(2)])
    #expect(said.last == "2 images beside KEY.EXT, as KEY.seg.png, were not taken")
    try temporary.write(
      tar([("1.a.png", image(9)), ("1.b.jpg", image(1)), ("1.cls", [0x37])]), to: "w.tar")
    #expect(throws: DataError.self) { try imported("w.tar") }
  }

  @Test func `a sample's name that is too long is cut, and keeps its ending`() throws {
    let key = String(repeating: "k", count: 99)
    let shard = String(repeating: "s", count: 200)
    try temporary.write(
      tar(
        [("\(key)1.jpg".suffix(100), image(1)), ("\(key)1.cls".suffix(100), [0x37])].map { (String($0), $1) }),
      to: "\(shard).tar")
    for _ in 0..<2 { #expect(try imported("\(shard).tar").training.images == 1) }
    let name = try #require(try files("train").keys.first)
    #expect(name.utf8.count == 6 + 255 && name.hasSuffix(".jpg"))
  }
}
