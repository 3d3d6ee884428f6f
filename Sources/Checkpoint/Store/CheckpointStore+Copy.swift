public import FoundationEssentials
import System

/// A checkpoint as its store describes it, by which other stores know whether they have the same, or a newer one.
public struct CheckpointTag: Codable, Equatable, Sendable {
  /// Its name in the store, as `epoch-0007`.
  public let name: String
  /// The content of its manifest, with the checksums of all that it holds.
  public let manifest: Data

  /// Tells its content from that of others in a few digits.
  public var digest: UInt32 { manifest.withUnsafeBytes { CRC32C(of: $0).value } }

  /// The run of several hosts that saved it; nil for one of a single host.
  public var lineage: String? { (try? Manifest(manifest, in: name))?.lineage }

  /// Whether it was saved after the other one.
  public func isNewer(than rival: CheckpointTag) -> Bool {
    guard let own = try? Manifest(manifest, in: name) else { return false }
    guard let other = try? Manifest(rival.manifest, in: rival.name) else { return true }
    return own.sequence == other.sequence
      ? CheckpointStore.isFurther(name, rival.name) : own.sequence > other.sequence
  }
}

extension VerifiedCheckpoint {
  /// What tells it from others.
  public func tag() throws(CheckpointError) -> CheckpointTag {
    CheckpointTag(name: name, manifest: try Manifest.content(in: folder))
  }
}

extension CheckpointStore {
  /// Gives the bytes of a checkpoint's files to another store, which is to `receive` them in the same pieces.
  public func send(_ tag: CheckpointTag, to body: (UnsafeRawBufferPointer) throws -> Void) throws {
    for file in try Manifest(tag.manifest, in: path(of: tag.name)).files {
      let content = try MappedFile(path: "\(path(of: tag.name))/\(file.name)")
      defer { withExtendedLifetime(content) {} }
      for start in stride(from: 0, to: content.bytes.count, by: Self.longestPiece) {
        try body(UnsafeRawBufferPointer(rebasing: content.bytes.dropFirst(start).prefix(Self.longestPiece)))
      }
    }
  }

  /// Has a checkpoint say of which run it is, so that those of its hosts are told from others; its tag from then on.
  public func name(_ tag: CheckpointTag, asOf run: String) throws(CheckpointError) -> CheckpointTag {
    let folder = path(of: tag.name)
    var manifest = try Manifest(in: folder)
    manifest.lineage = run
    let bytes = try encoded(manifest, for: tag.name)
    try AtomicFile.write(to: "\(folder)/\(Manifest.fileName)", on: disk) { writer throws(CheckpointError) in
      try writer.write(bytes)
    }
    return CheckpointTag(name: tag.name, manifest: Data(bytes))
  }

  /// Takes in a checkpoint of another store, in place of an earlier one of its name.
  ///
  /// When this returns, the checkpoint is as it was written there, verified and on the disk; on any error all is as it was.
  ///
  /// - Parameters:
  ///   - count: How many checkpoints stay, this one among them.
  ///   - fill: Puts the next piece of what the other store gives where it is told to.
  public func receive(
    _ tag: CheckpointTag, keeping count: Int, from fill: (UnsafeMutableRawBufferPointer) throws -> Void
  ) throws {
    guard !tag.name.hasPrefix("."), !tag.name.contains("/"), !tag.name.isEmpty else {
      throw CheckpointError.incomplete(folder: folder, reason: "'\(tag.name)' names no checkpoint of it")
    }
    let temporary = temporaryPath(of: tag.name)
    let manifest = try Manifest(tag.manifest, in: temporary)
    try makeStore()
    try removeLeftovers()
    do {
      try disk.makeFolder(temporary)
      for file in manifest.files { try receive(file, in: temporary, from: fill) }
      var writer = try FileWriter(creating: "\(temporary)/\(Manifest.fileName)", on: disk)
      try writer.write(Array(tag.manifest))
      try writer.sync()
      try disk.syncFolder(temporary)
      _ = try VerifiedCheckpoint(verifying: temporary)
    } catch {
      try? disk.remove(temporary)
      throw error
    }
    // What cannot be removed now goes before the next save or copy.
    _ = try publish(tag.name)
    _ = prune(keeping: count, sparing: tag.name)
  }

  /// A file need not fit into memory.
  private func receive(
    _ file: Manifest.File, in folder: String, from fill: (UnsafeMutableRawBufferPointer) throws -> Void
  ) throws {
    var writer = try FileWriter(creating: "\(folder)/\(file.name)", on: disk)
    let room = MemoryBlock(byteCount: min(file.size, Self.longestPiece))
    while writer.count < file.size {
      let piece = UnsafeMutableRawBufferPointer(rebasing: room.bytes.prefix(file.size - writer.count))
      try fill(piece)
      try writer.write(UnsafeRawBufferPointer(piece))
    }
    try writer.sync()
  }

  private static let longestPiece = 8 << 20
}
