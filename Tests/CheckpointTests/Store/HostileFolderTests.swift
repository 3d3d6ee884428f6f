import Foundation
import Glibc
import Testing

@testable import Checkpoint

/// A newer checkpoint whose numbers no writer would have put down: it is refused with its reason, and the older one is used.
@Suite struct HostileFolderTests {
  let folder: TemporaryFolder
  let store: CheckpointStore

  init() throws {
    folder = try TemporaryFolder()
    store = CheckpointStore(folder: "\(folder.path)/checkpoints")
    try store.save(epoch: 1)
    try store.save(epoch: 2)
  }

  private var manifest: String { "\(store.folder)/epoch-2/manifest.json" }

  private func expectRefusal(_ reason: String) throws {
    #expect(try store.newestEpoch() == 1)
    let refused = store.newestVerified().refused.map(\.description)
    #expect(refused.count == 1 && refused[0].contains(reason), "\(refused)")
    // Whoever counts bytes and saves must not fall over it either.
    _ = store.makeRoom(for: 1 << 40, keeping: 1)
    try store.save(epoch: 3)
    #expect(try store.newestEpoch() == 3)
  }

  @Test func `what cannot be listed is not taken for a store without checkpoints`() throws {
    try store.requireListing()
    try CheckpointStore(folder: "\(folder.path)/none").requireListing()
    for (name, errno) in [("file", ENOTDIR), ("link", ENOENT)] {
      let path = "\(folder.path)/\(name)"
      if name == "file" { try Data().write(to: URL(filePath: path)) } else { symlink("/not/mounted", path) }
      #expect(throws: CheckpointError.system(operation: "list", path: path, errno: errno)) {
        try CheckpointStore(folder: path).requireListing()
      }
    }
  }

  @Test(arguments: [
    (#""sequence" : 2"#, #""sequence" : 9223372036854775807"#, "9223372036854775807 is none of a save"),
    (#""sequence" : 2"#, #""sequence" : -1"#, "-1 is none of a save"),
    (#""size" : "#, #""size" : 9007199254740993"#, "more than a petabyte"),
    (#""size" : "#, #""size" : 922337203685477"#, "more than a petabyte"),
    (#""size" : "#, #""size" : -"#, "less than nothing"),
    (#""name" : "state.json""#, #""name" : "../epoch-1/state.json""#, "names no file of it"),
    (#""name" : "state.json""#, #""name" : "state\u0000.json""#, "names no file of it"),
    (#""name" : "state.json""#, #""name" : """#, "names no file of it"),
  ])
  func `a manifest that lies is damaged`(text: String, other: String, reason: String) throws {
    let content = try String(contentsOfFile: manifest, encoding: .utf8)
    #expect(content.contains(text))
    try content.replacingOccurrences(of: text, with: other).write(
      toFile: manifest, atomically: true, encoding: .utf8)
    try expectRefusal("its manifest.json is damaged: ")
    #expect(
      CheckpointStore(folder: store.folder).list().unreadable.first?.description.contains(reason) == true)
  }

  @Test func `a pipe in the place of a file is not waited for`() throws {
    for file in ["model.safetensors", "state.json", "manifest.json"] {
      let path = "\(store.folder)/epoch-2/\(file)"
      try FileManager.default.removeItem(atPath: path)
      mkfifo(path, 0o600)
      #expect(try store.newestEpoch() == 1)
      let refused = store.newestVerified().refused.map(\.description)
      #expect(refused.count == 1 && refused[0].contains("it is a pipe"), "\(refused)")
    }
    try store.save(epoch: 3)
    #expect(try store.newestEpoch() == 3)
    let weights = "\(folder.path)/weights.pth"
    mkfifo(weights, 0o600)
    let error = #expect(throws: CheckpointError.self) { try WeightsFile(path: weights) }
    #expect(error?.description == "\(weights): it is a pipe, a socket or a device, and no file")
  }

  /// A file of holes takes no disk, and would take all memory.
  @Test func `a manifest of a terabyte is not read`() throws {
    #expect(truncate(manifest, 1 << 40) == 0)
    try expectRefusal("which nothing of its kind needs")
  }
}
