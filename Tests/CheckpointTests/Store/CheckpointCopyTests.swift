import Foundation
import Testing

@testable import Checkpoint

@Suite struct CheckpointCopyTests {
  let folder: TemporaryFolder
  private let first, second: CheckpointStore

  init() throws {
    folder = try TemporaryFolder()
    first = CheckpointStore(folder: "\(folder.path)/first")
    second = CheckpointStore(folder: "\(folder.path)/second")
  }

  private func save(_ name: String, _ value: Float, in store: CheckpointStore) throws -> CheckpointTag {
    // More than a piece, and an empty tensor.
    let weights = [
      Numbers(name: "w", values: Array(repeating: value, count: 3_000_000)), Numbers(name: "e", values: []),
    ]
    try Numbers.withViews(of: weights) { views in
      try store.save(
        name: name, files: [TensorFile(name: "model", tensors: views)], state: State(epoch: Int(value)))
    }
    return try VerifiedCheckpoint(verifying: store.path(of: name)).tag()
  }

  /// The pieces that a store gives.
  private func pieces(_ tag: CheckpointTag, of store: CheckpointStore) throws -> [[UInt8]] {
    var pieces: [[UInt8]] = []
    try store.send(tag) { pieces.append(Array($0)) }
    return pieces
  }

  private func receive(_ tag: CheckpointTag, _ pieces: [[UInt8]], in store: CheckpointStore) throws {
    var rest = pieces[...]
    try store.receive(tag, keeping: 1) { room in
      let piece = try #require(rest.first)
      rest = rest.dropFirst()
      try #require(piece.count == room.count)
      room.copyBytes(from: piece)
    }
    #expect(rest.isEmpty)
  }

  @Test func `another store gets a checkpoint as it is, in place of its own of that name`() throws {
    let tag = try save("epoch-0001", 1, in: first)
    _ = try save("epoch-0001", 9, in: second)
    try receive(tag, pieces(tag, of: first), in: second)
    let copy = try #require(second.newestVerified().checkpoint)
    #expect(try copy.tag() == tag)
    #expect(try copy.state(State.self) == State(epoch: 1))
    #expect(folder.names("second") == ["epoch-0001"])
    for name in folder.names("first/epoch-0001") {
      #expect(
        FileManager.default.contentsEqual(
          atPath: "\(folder.path)/first/epoch-0001/\(name)",
          andPath: "\(folder.path)/second/epoch-0001/\(name)"))
    }
  }

  @Test func `what arrives damaged leaves what was there`() throws {
    let (tag, earlier) = (try save("epoch-0001", 1, in: first), try save("epoch-0001", 9, in: second))
    var pieces = try pieces(tag, of: first)
    pieces[1][5] ^= 1
    #expect(throws: CheckpointError.self) { try receive(tag, pieces, in: second) }
    #expect(try second.newestVerified().checkpoint?.tag() == earlier)
    #expect(folder.names("second") == ["epoch-0001"])
  }

  @Test func `where the disk fails as the names change, what was there is there`() throws {
    let (tag, earlier) = (try save("epoch-0001", 1, in: first), try save("epoch-0001", 9, in: second))
    let pieces = try pieces(tag, of: first)
    let path = second.folder
    let failing = second.on(FileSystem { $0.operation == .sync && $0.path == path ? .fail(EIO) : .proceed })
    #expect(throws: CheckpointError.self) { try receive(tag, pieces, in: failing) }
    #expect(try second.newestVerified().checkpoint?.tag() == earlier)
    try receive(tag, pieces, in: second)
    #expect(try second.newestVerified().checkpoint?.tag() == tag)
    #expect(folder.names("second") == ["epoch-0001"])
  }

  @Test(arguments: ["../epoch-0001", ".epoch", ""]) func `a name that leads elsewhere is refused`(
    name: String
  ) throws {
    let tag = CheckpointTag(name: name, manifest: try save("epoch-0001", 1, in: first).manifest)
    #expect(throws: CheckpointError.self) { try second.receive(tag, keeping: 1) { _ in } }
    #expect(folder.names() == ["first"])
  }

  @Test func `the one that was saved last is the newest, wherever it lies`() throws {
    let tags = try (0..<3).map { try save("epoch-000\($0)", Float($0), in: first) }
    #expect(tags[2].isNewer(than: tags[1]) && !tags[1].isNewer(than: tags[2]))
    #expect(!tags[1].isNewer(than: tags[1]))
    // As far by the count of saves, further in the run.
    let other = try save("epoch-0007", 7, in: second)
    #expect(other.isNewer(than: tags[0]) && !other.isNewer(than: tags[1]))
    let damaged = CheckpointTag(name: "epoch-0099", manifest: Data("{}".utf8))
    #expect(!damaged.isNewer(than: tags[0]) && tags[0].isNewer(than: damaged))
  }

  @Test func `a store keeps the run that it began with`() throws {
    var (named, other) = (first, second)
    (named.lineage, other.lineage) = ("a", "b")
    #expect(try save("epoch-0000", 0, in: first).lineage == nil)
    #expect(try save("epoch-0001", 1, in: named).lineage == "a")
    let tag = try save("epoch-0002", 2, in: other)
    #expect(tag.lineage == "b")
    try receive(tag, pieces(tag, of: second), in: named)
    #expect(
      folder.names("first") == ["epoch-0001", "epoch-0002"],
      "the one that came stays, though another counts as newer")
    #expect(try save("epoch-0003", 3, in: named).lineage == "a")
  }

  @Test func `a probe is seen in its own folder alone, and goes`() throws {
    let probe = try #require(DiskProbe(in: "\(folder.path)/out"))
    #expect(DiskProbe.isSeen(probe.name, in: "\(folder.path)/out"))
    #expect(!DiskProbe.isSeen(probe.name, in: folder.path))
    probe.remove()
    #expect(folder.names("out").isEmpty)
    #expect(DiskProbe(in: "/proc/nowhere") == nil)
  }

  @Test func `whoever comes later reads the name that the first has given, which goes with the first`() throws
  {
    let first = try #require(DiskMark(at: ".mark", in: "\(folder.path)/out"))
    let second = try #require(DiskMark(at: ".mark", in: "\(folder.path)/out"))
    let other = try #require(DiskMark(at: ".mark", in: folder.path))
    #expect(second.text == first.text)
    #expect(other.text != first.text)
    second.remove()
    #expect(folder.names("out") == [".mark"])
    first.remove()
    #expect(folder.names("out").isEmpty)
    #expect(DiskMark(at: ".mark", in: "/proc/nowhere") == nil)
  }
}
