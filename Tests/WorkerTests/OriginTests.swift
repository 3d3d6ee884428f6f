import ArgumentParser
import Checkpoint
import Flags
import Foundation
import Recipe
import TestSupport
import Testing

@testable import Worker

/// What ranks start from, on disks of their own.
@Suite struct OriginTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func weights(_ name: String, epoch: String = "3") throws -> Resume {
    let path = "\(folder.path)/\(name)"
    try Safetensors.write([], metadata: ["epoch": epoch], to: path)
    return .weights(try WeightsFile(path: path))
  }

  private func origin(_ start: Resume?, on host: Int, _ flags: String...) throws -> Origin {
    try Origin(start, try TrainingFlags.parse(["--eval"] + flags).request().run, on: host)
  }

  @Test func `the same file at another path is the same`() throws {
    let first = try origin(weights("a.safetensors"), on: 0)
    let other = try origin(weights("b.safetensors"), on: 1)
    #expect(other.difference(from: first, rank: 2) == nil)
  }

  @Test func `another file at the same path is named with both sides`() throws {
    let first = try origin(weights("a.safetensors"), on: 0)
    let other = try origin(weights("a.safetensors", epoch: "4"), on: 1)
    let failure = try #require(other.difference(from: first, rank: 2))
    #expect(failure.exitStatus == .badConfiguration)
    #expect(
      failure.description.hasPrefix(
        "rank 2 on host 1 starts from other weights than rank 0: \(folder.path)/a.safetensors (checksum "),
      "\(failure)")
    #expect(failure.description.contains("Give all hosts the same file"), "\(failure)")
  }

  @Test func `an average is not the weights beside it`() throws {
    let first = try origin(weights("a.safetensors"), on: 0)
    let other = try origin(weights("a.safetensors"), on: 1, "--use-ema", "--resume", "a")
    let failure = try #require(other.difference(from: first, rank: 1))
    #expect(failure.description.hasPrefix("rank 1 on host 1 takes the average of the weights (--use-ema)"))
    #expect(try #require(first.difference(from: other, rank: 1)).description.hasPrefix("rank 0 takes"))
  }

  @Test func `who found nothing differs from who found something`() throws {
    let first = try origin(weights("a.safetensors"), on: 0)
    let failure = try #require(origin(nil, on: 1).difference(from: first, rank: 1))
    #expect(failure.exitStatus == .inputOutput)
    #expect(failure.description.contains("and rank 1 on host 1 from nothing"), "\(failure)")
  }
}
