import Foundation
import Glibc
import System
import Testing

@testable import Checkpoint

/// A folder that goes with its owner.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    // In memory where that is possible: each of some thousand fsyncs would wait for the disk.
    let parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
    path = "\(parent)/checkpoint-\(UUID())"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  func names(_ sub: String = "") -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: "\(path)/\(sub)")) ?? []).sorted()
  }

  func write(_ bytes: Data, _ name: String) throws -> String {
    try bytes.write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    return "\(path)/\(name)"
  }
}

/// Tensors that own their numbers.
struct Numbers {
  let name: String
  let values: [Float]

  /// Calls `body` with views of all of them.
  static func withViews<Result>(of all: [Numbers], _ body: ([TensorView]) throws -> Result) rethrows -> Result
  {
    try withViews(of: all[...], [], body)
  }

  private static func withViews<Result>(
    of rest: ArraySlice<Numbers>, _ views: [TensorView], _ body: ([TensorView]) throws -> Result
  ) rethrows -> Result {
    guard let first = rest.first else { return try body(views) }
    return try first.values.withUnsafeBytes { bytes in
      let view = TensorView(name: first.name, type: .float32, shape: [first.values.count], bytes: bytes)
      return try withViews(of: rest.dropFirst(), views + [view], body)
    }
  }
}

/// What the tests save beside the tensors.
struct State: Codable, Equatable {
  var epoch: Int
  var best = 97.25
}

extension CheckpointStore {
  /// Saves two files whose numbers, and the epoch of whose state, are the epoch's and some more.
  func save(epoch: Int, from start: Int = 0, isBest: Bool = false) throws {
    let name = "epoch-\(epoch)"
    let epoch = epoch + start
    let weights = [
      Numbers(name: "head.weight", values: (0..<64).map { Float($0 + epoch) }),
      Numbers(name: "head.bias", values: [Float(epoch)]),
    ]
    try Numbers.withViews(of: weights) { views in
      try save(
        name: name,
        files: [
          TensorFile(name: "model", tensors: views), TensorFile(name: "optimizer", tensors: [views[0]]),
        ],
        state: State(epoch: epoch), isBest: isBest)
    }
  }

  /// The epoch of the newest checkpoint that is whole, after a look at its numbers.
  func newestEpoch() throws -> Int? { try newestVerified().checkpoint.map(epoch) }

  /// The epoch that a name has, after a look at its numbers; nil where there is none of that name.
  func epoch(of name: String) throws -> Int? {
    guard disk.exists(path(of: name)) else { return nil }
    return try epoch(in: VerifiedCheckpoint(verifying: path(of: name)))
  }

  private func epoch(in checkpoint: VerifiedCheckpoint) throws -> Int {
    let epoch = try checkpoint.state(State.self).epoch
    #expect(try checkpoint.tensors(of: "model").floats("head.bias") == [Float(epoch)])
    #expect(try checkpoint.tensors(of: "optimizer").floats("head.weight").first == Float(epoch))
    return epoch
  }
}

extension SafetensorsFile {
  func floats(_ name: String) throws -> [Float] {
    Array(try tensor(named: name).bytes.bindMemory(to: Float.self))
  }
}

/// Counts the operations of a disk, and lets them fail from one on.
final class FailingFileSystem: Sendable {
  private let count = Monitor(0)
  private let failure = Monitor(FileSystem.Call?.none)
  let first: Int
  let isCrash: Bool

  /// Operation number `first` fails, as a broken disk does; all that follow too where the process is to have died.
  init(failingAt first: Int, isCrash: Bool) {
    self.first = first
    self.isCrash = isCrash
  }

  var operations: Int { count.withLock { $0 } }

  /// The first operation that failed; nil where none has.
  var failed: FileSystem.Call? { failure.withLock { $0 } }

  var disk: FileSystem {
    FileSystem { call in
      let number = self.count.withLock { count in
        defer { count += 1 }
        return count
      }
      if number == self.first { self.failure.withLock { $0 = call } }
      return number == self.first || self.isCrash && number > self.first ? .fail(EIO) : .proceed
    }
  }
}
