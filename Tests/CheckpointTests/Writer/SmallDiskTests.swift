import Foundation
import TestSupport
import Testing

@testable import Checkpoint

/// Real disks that are full or take no writes; where none can be made, `CheckpointWriterTests` plays them.
@Suite(.enabled(if: SmallDisk.isPossible)) struct SmallDiskTests {
  @Test func `a full disk ends nothing`() throws {
    try SmallDisk.run(size: "1m") { disk in
      let writer = CheckpointWriter(CheckpointStore(folder: "\(disk.path)/checkpoints"), keeping: 2)
      try writer.succeed(CheckpointName(epoch: 0), floats: 50_000)
      try writer.succeed(CheckpointName(epoch: 1), floats: 50_000)
      // 900 kB do not fit, not even beside the newest one alone.
      let failure = try #require(writer.save(CheckpointName(epoch: 2), floats: 225_000).failure)
      #expect(failure.kind == .noSpace)
      #expect((900_000..<901_000).contains(failure.bytesNeeded))
      #expect((600_000..<700_000).contains(failure.bytesFree ?? 0))
      let text = failure.description
      #expect(text.contains("model.safetensors: No space left on device. `df -h` shows"), "\(text)")
      #expect(text.contains("It takes 0.9 MB, and 0.6 MB are free."), "\(text)")
      let names = try FileManager.default.contentsOfDirectory(atPath: writer.store.folder)
      #expect(names.sorted() == ["epoch-0000", "epoch-0001"])
      // What was half-written is gone, so a smaller one fits.
      try writer.succeed(CheckpointName(epoch: 2), floats: 50_000)
      let found = writer.store.newestVerified()
      #expect(found.checkpoint?.name == "epoch-0002" && found.refused == [])
    }
  }

  @Test func `what would go after a save goes before it where there is no room for both`() throws {
    try SmallDisk.run(size: "1m") { disk in
      let writer = CheckpointWriter(CheckpointStore(folder: "\(disk.path)/checkpoints"), keeping: 2)
      try writer.succeed(CheckpointName(epoch: 0), floats: 100_000)
      try writer.succeed(CheckpointName(epoch: 1), floats: 100_000)
      #expect(try writer.succeed(CheckpointName(epoch: 2), floats: 100_000).removed == ["epoch-0000"])
      // A best one stays, whatever that costs, and so does the newest.
      try writer.succeed(CheckpointName(epoch: 3), floats: 100_000, isBest: true)
      try writer.succeed(CheckpointName(epoch: 4), floats: 100_000)
      #expect(writer.save(CheckpointName(epoch: 5), floats: 100_000).failure?.kind == .noSpace)
      let names = try FileManager.default.contentsOfDirectory(atPath: writer.store.folder)
      #expect(names.sorted() == ["epoch-0003", "epoch-0004"])
    }
  }

  /// A disk that fills up in every place of the checkpoint, and is emptied again.
  @Test func `a disk that fills up anywhere ends nothing`() throws {
    try SmallDisk.run(size: "256k") { disk in
      let writer = CheckpointWriter(CheckpointStore(folder: "\(disk.path)/checkpoints"), keeping: 1)
      try writer.succeed(CheckpointName(epoch: 0), floats: 1000)
      let ballast = "\(disk.path)/ballast"
      var failures = 0
      for kilobytes in stride(from: 200, through: 256, by: 4) {
        var file = try FileWriter(creating: ballast, on: FileSystem())
        try? file.write([UInt8](repeating: 1, count: kilobytes << 10))
        let outcome = writer.save(CheckpointName(epoch: kilobytes), floats: 3000)
        if let failure = outcome.failure {
          #expect(failure.kind == .noSpace, "\(failure)")
          failures += 1
        }
        #expect(writer.store.newestVerified().checkpoint != nil)
        #expect(writer.store.newestVerified().refused == [])
        try FileSystem().remove(ballast)
      }
      #expect(failures > 3)
      try writer.succeed(CheckpointName(epoch: 999), floats: 3000)
      #expect(try FileManager.default.contentsOfDirectory(atPath: writer.store.folder) == ["epoch-0999"])
    }
  }

  @Test func `a read-only disk ends nothing`() throws {
    try SmallDisk.run(size: "1m") { disk in
      let writer = CheckpointWriter(CheckpointStore(folder: "\(disk.path)/checkpoints"))
      try writer.succeed(CheckpointName(epoch: 0), floats: 1000)
      try disk.makeReadOnly()
      let failure = try #require(writer.save(CheckpointName(epoch: 1), floats: 1000).failure)
      #expect(failure.kind == .readOnly)
      #expect(failure.description.contains("Read-only file system. Choose a folder"), "\(failure)")
      #expect(writer.store.newestVerified().checkpoint?.name == "epoch-0000")
    }
  }
}
