import Checkpoint
import Collective
import Datasets
import Foundation
import Recipe
import enum Recipe.ExitStatus
import System
import SystemPackage
import TestSupport
import Testing
import Torch

@testable import Training
@testable import Worker

@Suite struct FailureTests {
  private static let errors: [(any Error & Sendable, ExitStatus)] = [
    (RecipeError("--lr 0: must be above 0"), .usage),
    (RecipeError("no", exitStatus: .badConfiguration), .badConfiguration),
    (Failure("stopped", exitStatus: .stoppedEarly), .stoppedEarly),
    (DataError.noSuchFolder("/d"), .missingInput),
    (DataError.missingSplit("val", dataset: "/d"), .missingInput),
    (DataError.missingShard("/p/train/shard-000003.tar"), .missingInput),
    (DataError.shardsNowhere([3], folder: "/p/train", hosts: 2), .missingInput),
    (DataError.incompletePacks([], isByHost: false), .missingInput),
    (DataError.noShardLeft(host: 1, folder: "/p/train"), .missingInput),
    (DataError.emptyClass("cat", folder: "/d/train"), .badData),
    (DataError.unreadable(SystemError("open", "/d/x.jpg", ENOENT)), .missingInput),
    (DataError.unreadable(SystemError("open", "/d/x.jpg", ENXIO)), .badData),
    (DataError.unreadable(SystemError("read", "/d/x.jpg", ESTALE)), .inputOutput),
    (ClassMismatch(origin: "w", trained: ["a"], found: ["b"]), .badConfiguration),
    (DataError.damagedImage(path: "/d/x.jpg", reason: "cut"), .badData),
    (DataError.batchLargerThanData(count: 1, batchSize: 2, worldSize: 3), .badConfiguration),
    (DataError.unwritable(path: "/d", reason: "full"), .inputOutput),
    (CollectiveError.lostPeer(rank: 3, operation: "all-reduce", observation: "gone"), .software),
    (CheckpointError.system(operation: "open", path: "/c", errno: ENOENT), .missingInput),
    (CheckpointError.system(operation: "create", path: "/c", errno: ENOENT), .inputOutput),
    (CheckpointError.system(operation: "rename", path: "/c", errno: ENOENT), .inputOutput),
    (CheckpointError.system(operation: "write", path: "/c", errno: ENOSPC), .inputOutput),
    (CheckpointError.badFile(path: "/c", reason: "cut"), .badData),
    (CheckpointError.badTensor(path: "/c", tensor: "w", reason: "cut"), .badData),
    (CheckpointError.incomplete(folder: "/c", reason: "no manifest"), .inputOutput),
    (TrainingError.diverged(loss: .nan, gradientNorm: 1), .diverged),
    (TrainingError.imagesMissing, .badData),
    (TrainingError.collective(.closed), .software),
    (TrainingError.collective(.noRoom(detail: "too large")), .badConfiguration),
    (CollectiveError.noRoute(detail: "unreachable"), .badConfiguration),
    (CollectiveError.refused(detail: "no"), .badConfiguration),
    (TrainingError.weightsDiffer(ranks: [2], steps: 100), .software),
    (CocoaError(.fileWriteUnknown), .inputOutput),
  ]

  @Test(arguments: errors.indices) func `every error has its status`(index: Int) {
    let (error, status) = Self.errors[index]
    #expect(Failure(error).exitStatus == status)
    #expect(!Failure(error).description.isEmpty)
  }

  @Test func `an error's own words are kept`() {
    let error = CollectiveError.lostPeer(rank: 3, operation: "all-reduce", observation: "gone")
    #expect(Failure(error).description == error.description)
    #expect(Failure(TrainingError.collective(error)).description == error.description)
  }

  @Test func `divergence says what it saw and what to do`() {
    let text = Failure(TrainingError.diverged(loss: .infinity, gradientNorm: 2.5)).description
    #expect(text.contains("loss inf, gradient norm 2.5"))
    #expect(text.contains("--lr"))
  }

  @Test func `weights of another network are a bad configuration`() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/w.safetensors"
    try Safetensors.write([], metadata: [:], to: path)
    let file = try SafetensorsFile(path: path)
    let error = try #require(throws: WeightsMismatch.self) {
      try WeightsMismatch.check(file, against: [("head.bias", [3])])
    }
    #expect(Failure(error).exitStatus == .badConfiguration)
  }
}
