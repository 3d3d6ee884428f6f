import Checkpoint
import Datasets
import FoundationEssentials
import Recipe
import TestSupport
import Testing

@testable import Training

/// A state whose every byte is as it was written, by somebody who means harm: it is damaged, and the next older is used.
@Suite struct HostileStateTests {
  private let folder: TemporaryFolder
  private let store: CheckpointStore

  init() throws {
    folder = try TemporaryFolder()
    store = CheckpointStore(folder: folder.path)
  }

  private func state(epoch: Int) -> TrainingState {
    var loss = SmoothedValue()
    loss.add(1)
    return TrainingState(
      epoch: epoch, steps: 5, bestAccuracy: 50, bestAverage: 0, classes: ["a"], recipe: Recipe(),
      lossScale: LossScale(),
      partial: PartialEpoch(steps: 3, loss: loss), plateau: Plateau(rate: 1), thawedAfter: 2,
      judgement: Judgement(by: .loss))
  }

  @Test(arguments: [
    (["epoch"], "9223372036854775807"), (["epoch"], "-1"), (["steps"], "9223372036854775807"),
    (["partial", "steps"], "9223372036854775807"), (["partial", "loss", "count"], "9223372036854775807"),
    (["lossScale", "goodSteps"], "9223372036854775807"), (["lossScale", "factor"], "1e300"),
    (["bestAccuracy"], "1e300"), (["bestAverage"], "-1"),
    (["plateau", "rate"], "1e300"), (["plateau", "worse"], "-1"), (["thawedAfter"], "6"),
    (["judgement", "worse"], "-1"),
    (["recipe", "data", "batchSize"], "9223372036854775807"),
    (["recipe", "accumulation"], "4611686018427387904"), (["recipe", "worldSize"], "0"),
  ])
  func `a number that no run reaches is damage`(path: [String], number: String) throws {
    try store.save(name: "epoch-0000", files: [], state: state(epoch: 0))
    let honest = try JSONTree(encoding: state(epoch: 1))
    try store.save(name: "epoch-0001", files: [], state: honest.with(path, JSONTree(parsing: number)))
    let found = store.newestVerified { checkpoint throws(CheckpointError) in
      _ = try checkpoint.state(TrainingState.self).place(for: Recipe())
    }
    #expect(found.checkpoint?.name == "epoch-0000")
    #expect(
      found.refused.map(\.description).first?.contains("epoch-0001/state.json: it is damaged: ") == true)
  }

  @Test func `what a run saves is sound`() throws {
    try store.save(name: "epoch-0000", files: [], state: state(epoch: 0))
    #expect(try store.newestVerified().checkpoint?.state(TrainingState.self) == state(epoch: 0))
  }
}

extension JSONTree {
  /// The tree with another value at a path that is there.
  fileprivate func with(_ path: [String], _ value: JSONTree) -> JSONTree {
    guard let key = path.first, case .object(var members) = self, let member = members[key] else {
      return value
    }
    members[key] = member.with(Array(path.dropFirst()), value)
    return .object(members)
  }
}
