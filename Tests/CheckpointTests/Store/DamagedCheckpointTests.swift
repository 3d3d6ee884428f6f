import Foundation
import Testing

@testable import Checkpoint

/// Two checkpoints, the newer one harmed in every way: the older one is found, and the harm is named.
@Suite struct DamagedCheckpointTests {
  let folder: TemporaryFolder
  let store: CheckpointStore

  init() throws {
    folder = try TemporaryFolder()
    store = CheckpointStore(folder: "\(folder.path)/checkpoints")
    try store.save(epoch: 1)
    try store.save(epoch: 2)
  }

  /// The bias comes first in the file, as its name does; the last byte is the weight's.
  @Test(arguments: [
    (-1, "tensor head.weight"), (-64 * 4, "tensor head.weight"), (-65 * 4, "tensor head.bias"),
  ])
  func `a flipped byte is found and its tensor named`(offset: Int, tensor: String) throws {
    try flipByte(path("model.safetensors"), at: offset)
    try expectRefusal("epoch-2/model.safetensors: \(tensor): its bytes changed")
  }

  @Test func `every flipped byte is found`() throws {
    for file in folder.names("checkpoints/epoch-2") {
      let whole = try Data(contentsOf: URL(fileURLWithPath: path(file)))
      for offset in 0..<whole.count {
        try flipByte(path(file), at: offset)
        let epoch = try store.newestEpoch()
        // White space in the manifest may change without harm.
        #expect(epoch == 1 || file == "manifest.json" && epoch == 2, "\(file) at \(offset)")
        try whole.write(to: URL(fileURLWithPath: path(file)))
      }
    }
    #expect(try store.newestEpoch() == 2)
  }

  @Test func `a file cut short is found`() throws {
    for file in folder.names("checkpoints/epoch-2") {
      let whole = try Data(contentsOf: URL(fileURLWithPath: path(file)))
      for count in [0, 1, 8, whole.count / 2, whole.count - 1] {
        try whole.prefix(count).write(to: URL(fileURLWithPath: path(file)))
        #expect(try store.newestEpoch() == 1, "\(file) of \(count)")
      }
      try whole.write(to: URL(fileURLWithPath: path(file)))
    }
  }

  @Test(arguments: ["model.safetensors", "state.json"])
  func `a missing file is named`(file: String) throws {
    try FileManager.default.removeItem(atPath: path(file))
    try expectRefusal("cannot open \(path(file)): No such file")
  }

  @Test func `a missing manifest means the writer did not finish`() throws {
    try FileManager.default.removeItem(atPath: path("manifest.json"))
    try expectRefusal("epoch-2 is not a complete checkpoint: it has no manifest.json")
  }

  @Test func `another format is refused`() throws {
    let text = try String(contentsOfFile: path("manifest.json"), encoding: .utf8)
    #expect(text.contains(#""version" : 1"#))
    try text.replacingOccurrences(of: #""version" : 1"#, with: #""version" : 2"#)
      .write(toFile: path("manifest.json"), atomically: true, encoding: .utf8)
    try expectRefusal("its format 2 is not one that this program reads")
  }

  @Test func `a file of another checkpoint is found`() throws {
    let older = try Data(contentsOf: URL(fileURLWithPath: "\(store.folder)/epoch-1/model.safetensors"))
    try older.write(to: URL(fileURLWithPath: path("model.safetensors")))
    try expectRefusal("tensor head.bias: its bytes changed")
  }

  /// From the newest to the oldest, manifests that are missing or cut first; all are named, none is used.
  @Test func `every refusal is reported`() throws {
    let names = [
      CheckpointName(epoch: 3, step: 50), CheckpointName(epoch: 3, step: 9), CheckpointName(epoch: 3),
    ]
    for name in names { try CheckpointWriter(store).succeed(name, floats: 10) }
    try FileManager.default.removeItem(atPath: "\(store.folder)/epoch-0003-step-000050/manifest.json")
    let manifest = "\(store.folder)/epoch-0003-step-000009/manifest.json"
    try Data(contentsOf: URL(fileURLWithPath: manifest)).prefix(100).write(to: URL(fileURLWithPath: manifest))
    try flipByte("\(store.folder)/epoch-0003/model.safetensors", at: -1)
    try flipByte(path("model.safetensors"), at: -1)
    #expect(try store.newestEpoch() == 1)
    let refused = store.newestVerified().refused.map(\.description)
    let reasons = [
      "epoch-0003-step-000050 is not a complete checkpoint: it has no manifest.json",
      "epoch-0003-step-000009 is not a complete checkpoint: its manifest.json is damaged",
      "epoch-0003/model.safetensors: tensor w: its bytes changed",
      "epoch-2/model.safetensors: tensor head.weight: its bytes changed",
    ]
    #expect(refused.count == 4)
    for (refusal, reason) in zip(refused, reasons) { #expect(refusal.contains(reason)) }
  }

  private func path(_ file: String) -> String {
    "\(store.folder)/epoch-2/\(file)"
  }

  private func expectRefusal(_ reason: String) throws {
    #expect(try store.newestEpoch() == 1)
    let refused = store.newestVerified().refused.map(\.description)
    #expect(refused.count == 1)
    #expect(refused.first?.contains(reason) == true, "\(refused)")
  }
}
