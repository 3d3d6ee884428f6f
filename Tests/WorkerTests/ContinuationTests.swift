import Foundation
import Recipe
import Testing
import Training

@testable import Datasets
@testable import Worker

/// Where and how a run goes on, without a network.
@Suite struct ContinuationTests {
  private func recipe(ranks: Int, batch: Int) -> Recipe {
    var recipe = Recipe()
    (recipe.worldSize, recipe.data.batchSize) = (ranks, batch)
    return recipe
  }

  private func state(_ recipe: Recipe, after steps: Int?) -> TrainingState {
    TrainingState(
      epoch: 3, steps: 50, bestAccuracy: 0, classes: [], recipe: recipe,
      partial: steps.map { PartialEpoch(steps: $0) })
  }

  /// The samples of each step that are left, over all ranks.
  private func rest(_ recipe: Recipe, of state: TrainingState) throws -> [Set<Int>] {
    let sampler = try Sampler(recipe, count: 100, classes: [100])
    let (epoch, partial) = state.place(for: recipe)
    let ranks = (0..<recipe.worldSize).map { sampler.batches(epoch: epoch, rank: $0)[partial.steps...] }
    return ranks[0].indices.map { step in Set(ranks.flatMap { $0[step] }) }
  }

  @Test func `four ranks of two go on as two of four with the same samples in the same steps`() throws {
    let (four, two) = (recipe(ranks: 4, batch: 2), recipe(ranks: 2, batch: 4))
    let left = try rest(four, of: state(four, after: 5))
    #expect(left.count == 7 && left.allSatisfy { $0.count == 8 })
    #expect(try rest(two, of: state(four, after: 5)) == left)
    #expect(state(four, after: 5).note(for: two)?.contains("the same images in the same steps") == true)
  }

  @Test func `with other updates an epoch goes on after as many images`() {
    let saved = state(recipe(ranks: 4, batch: 2), after: 5)
    #expect(saved.place(for: recipe(ranks: 1, batch: 16)).partial.steps == 2)
    #expect(saved.place(for: recipe(ranks: 1, batch: 4)).partial.steps == 10)
    #expect(saved.note(for: recipe(ranks: 1, batch: 4))?.contains("another run") == true)
  }

  @Test func `the same run needs no note, and a finished epoch is followed by the next`() {
    let saved = state(recipe(ranks: 4, batch: 2), after: nil)
    #expect(saved.note(for: recipe(ranks: 4, batch: 2)) == nil)
    #expect(saved.place(for: saved.recipe) == (4, PartialEpoch()))
    var other = saved
    other.arithmetic = 0
    #expect(other.note(for: saved.recipe)?.contains("another version") == true)
  }

  @Test func `other shards on the hosts are refused inside an epoch, and said at its end`() throws {
    let recipe = recipe(ranks: 4, batch: 2)
    func saved(after steps: Int?) -> TrainingState {
      var saved = state(recipe, after: steps)
      saved.shards = 7
      return saved
    }
    for shards in [8, nil] as [UInt32?] {
      let refused = #expect(throws: Failure.self) {
        try saved(after: 5).note(forShards: shards, steps: 12, in: recipe)
      }
      #expect(refused?.exitStatus == .badConfiguration)
      // With 12 steps all are done, and only the evaluation is to come.
      for steps in [nil, 0, 12] {
        let note = try saved(after: steps).note(forShards: shards, steps: 12, in: recipe)
        #expect(note?.contains("another run") == true)
      }
    }
    #expect(try saved(after: 5).note(forShards: 7, steps: 12, in: recipe) == nil)
    #expect(try state(recipe, after: 5).note(forShards: nil, steps: 12, in: recipe) == nil)
    let read = try JSONDecoder().decode(TrainingState.self, from: JSONEncoder().encode(saved(after: 5)))
    #expect(read.shards == 7)
  }

  @Test func `other images than the checkpoint's run had are said, with how many there were`() throws {
    func images(_ training: Int, _ validation: Int, digest: UInt32 = 1) -> RunImages {
      RunImages(
        training: ImageListing(count: training, classes: 2, digest: digest),
        validation: ImageListing(count: validation, classes: 2, digest: UInt32(validation)))
    }
    let recipe = recipe(ranks: 1, batch: 8)
    var within = state(recipe, after: 5)
    #expect(
      within.warnings(forImages: images(168, 60), in: recipe).isEmpty, "an old checkpoint does not know")
    within.images = images(168, 60)
    within = try JSONDecoder().decode(TrainingState.self, from: JSONEncoder().encode(within))
    #expect(within.warnings(forImages: images(168, 60), in: recipe).isEmpty)
    let more = within.warnings(forImages: images(183, 59, digest: 2), in: recipe)
    #expect(more.count == 2)
    #expect(
      more.first?.contains("learnt from: 168 then, 183 now. The rest of the epoch shows some again") == true)
    #expect(more.last?.contains("was judged by: 60 then, 59 now. Its best result so far") == true)
    let renamed = within.warnings(forImages: images(168, 60, digest: 2), in: recipe)
    #expect(renamed.count == 1 && renamed[0].contains("168 then and now, some under other names"))
    var whole = state(recipe, after: nil)
    whole.images = images(168, 60)
    #expect(
      whole.warnings(forImages: images(183, 60, digest: 2), in: recipe).first?.contains("now. From here")
        == true)
    #expect(whole.warnings(forImages: images(168, 0), in: recipe).isEmpty, "nothing is judged")
  }

  @Test func `losses come back from a checkpoint to the bit`() throws {
    var loss = SmoothedValue()
    for step in 0..<30 { loss.add(2.3 / Double(step + 3)) }
    let saved = PartialEpoch(steps: 30, loss: loss)
    let read = try JSONDecoder().decode(PartialEpoch.self, from: JSONEncoder().encode(saved))
    #expect(read == saved && read.loss.globalAverage.bitPattern == loss.globalAverage.bitPattern)
  }

  @Test func `a state from before there were places inside an epoch is that of its end`() throws {
    let whole = state(recipe(ranks: 1, batch: 8), after: nil)
    var fields = try #require(
      JSONSerialization.jsonObject(with: JSONEncoder().encode(whole)) as? [String: Any])
    #expect(fields["partial"] == nil)
    fields["arithmetic"] = nil
    let old = try JSONDecoder().decode(
      TrainingState.self, from: JSONSerialization.data(withJSONObject: fields))
    #expect(old.partial == nil && old.note(for: whole.recipe) == nil)
  }
}
