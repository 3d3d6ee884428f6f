public import FoundationEssentials
import System

/// A checkpoint's manifest, by which other hosts' stores tell whether they have the same or a newer one.
public struct CheckpointTag: Codable, Equatable, Sendable {
  /// The checkpoint's name in the store, such as `epoch-0007`.
  public let name: String
  /// The content of its manifest, with the checksums of all its files.
  public let manifest: Data

  /// A short checksum that tells this checkpoint's content from others'.
  public var digest: UInt32 { manifest.withUnsafeBytes { CRC32C(of: $0).value } }

  /// The name of the run on several hosts that saved it; nil for a run on one host.
  public var lineage: String? { (try? Manifest(manifest, in: name))?.lineage }

  /// Whether it was saved after `rival`.
  public func isNewer(than rival: CheckpointTag) -> Bool {
    guard let own = try? Manifest(manifest, in: name) else { return false }
    guard let other = try? Manifest(rival.manifest, in: rival.name) else { return true }
    return own.sequence == other.sequence
      ? CheckpointStore.isFurther(name, rival.name) : own.sequence > other.sequence
  }
}

extension VerifiedCheckpoint {
  /// The checkpoint's tag.
  public func tag() throws(CheckpointError) -> CheckpointTag {
    CheckpointTag(name: name, manifest: try Manifest.content(in: folder))
  }
}

extension CheckpointStore {
  /// Passes the bytes of a checkpoint's files, piece by piece, for another store to `receive` in the same
  /// pieces.
  public func send(_ tag: CheckpointTag, to body: (UnsafeRawBufferPointer) throws -> Void) throws {
    for file in try Manifest(tag.manifest, in: path(of: tag.name)).files {
      let content = try MappedFile(path: "\(path(of: tag.name))/\(file.name)")
      defer { withExtendedLifetime(content) {} }
      for start in stride(from: 0, to: content.bytes.count, by: Self.longestPiece) {
        try body(UnsafeRawBufferPointer(rebasing: content.bytes.dropFirst(start).prefix(Self.longestPiece)))
      }
    }
  }

  /// Stores the run's name in a checkpoint, so that its hosts' checkpoints can be told from other runs';
  /// returns the new tag.
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

  /// Receives a checkpoint from another store, replacing an earlier one of its name.
  ///
  /// When this returns, the checkpoint is verified and on the disk; on any error nothing has changed.
  ///
  /// - Parameters:
  /// - count: How many checkpoints to keep, this one included.
  /// - fill: Fills a buffer with the next piece from the other store.
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

  /// Receives a file piece by piece, since it may not fit in memory.
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
