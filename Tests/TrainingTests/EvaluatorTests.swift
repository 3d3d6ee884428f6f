import Collective
import Recipe
import TestSupport
import Testing
import Torch

@testable import Datasets
@testable import Training

@Suite struct EvaluatorTests {
  /// 37 images divide by none of the sizes; 3 images leave most of eight ranks without any.
  @Test(arguments: [37, 3]) func `any number of ranks counts every image once`(images: Int) throws {
    let tallies = try [1, 2, 3, 5, 8].map { size in
      let all = try onGroup(of: size) { group in
        let evaluator = Evaluator(recipe: Recipe(), group: group, on: .cpu)
        var own = Evaluator.Tally()
        if group.rank < images {
          own += evaluator.tally(
            RuleBatch(step: 0, count: images).share(of: group.rank, among: size), by: try makeRuleNetwork())
        }
        return try evaluator.sum(own, classes: 10)
      }
      #expect(all.allSatisfy { $0 == all[0] })
      return all[0]
    }
    for tally in tallies {
      #expect(tally.images == images)
      #expect((tally.correct1, tally.correct5) == (tallies[0].correct1, tallies[0].correct5))
      #expect(tally.classes == tallies[0].classes)
      #expect(tally.classes.images.reduce(0, +) == images && tally.classes.predicted.reduce(0, +) == images)
      #expect(tally.classes.correct.reduce(0, +) == tally.correct1)
      #expect(abs(tally.loss - tallies[0].loss) <= 1e-5 * tallies[0].loss)
    }
  }

  @Test func `an image and its mirror image come to the same mean, whichever comes first`() throws {
    var recipe = Recipe()
    recipe.judging.mirrors = true
    let evaluator = Evaluator(recipe: recipe, group: SoloGroup(), on: .cpu)
    let batch = RuleBatch(step: 0, count: 4).share(of: 0)
    let mirrored = RuleBatch(step: 0, count: 4).share(of: 0)
    for place in 0..<4 {
      let (own, other) = (Array(batch.view(at: place)), mirrored.view(at: place))
      for byte in own.indices {
        let (pixel, channel) = (byte / 3, byte % 3)
        let (row, column) = (pixel / 64, pixel % 64)
        let source: Int = (row * 64 + 63 - column) * 3 + channel
        other[byte] = own[source]
      }
    }
    let network = try makeRuleNetwork()
    let (one, other) = (evaluator.tally(batch, by: network), evaluator.tally(mirrored, by: network))
    let plain = Evaluator(recipe: Recipe(), group: SoloGroup(), on: .cpu).tally(batch, by: network)
    #expect(abs(one.loss - other.loss) < 1e-4 && abs(one.loss - plain.loss) > 1e-3)
  }

  @Test func `an untrained network of ten classes is right about some of many images`() throws {
    let evaluator = Evaluator(recipe: Recipe(), group: SoloGroup(), on: .cpu)
    let tally = evaluator.tally(RuleBatch(step: 0, count: 64).share(of: 0), by: try makeRuleNetwork())
    #expect((1..<64).contains(tally.correct5))
    #expect(tally.correct1 <= tally.correct5)
  }

  @Test func `a class is correct when it ranks first, or among five`() {
    var tally = Evaluator.Tally()
    tally.count([[3, 1, 4, 0, 5], [2, 7, 1, 8, 0], [9, 8, 7, 6, 5]], [3, 8, 1])
    #expect(tally.correct1 == 1)
    #expect(tally.correct5 == 2)
    #expect(tally.classes.images == [0, 1, 0, 1, 0, 0, 0, 0, 1, 0])
    #expect(tally.classes.predicted == [0, 0, 1, 1, 0, 0, 0, 0, 0, 1])
  }
}
