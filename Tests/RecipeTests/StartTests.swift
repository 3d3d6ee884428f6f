import Recipe
import Testing

@testable import Flags

/// What is said of a start that cannot learn.
@Suite struct StartTests {
  /// A command line, the updates of an epoch, and how the sentences begin.
  static let cases: [(line: String, updates: Int, sentences: [String])] = [
    ("", 1251, []),
    ("--epochs 7", 1251, []),
    ("--epochs 6", 1251, ["the warm-up never ends: with --warmup-epochs 5 of --epochs 6"]),
    ("--epochs 5", 1251, ["the warm-up never ends: with --warmup-epochs 5 of --epochs 5"]),
    ("--epochs 1 --warmup-epochs 0", 1251, []),
    (
      "--batch-size 2 --accumulate 2", 1251,
      [
        "the peak learning rate, 3.90625e-06 for 4 images an update, is below --min-lr 1e-05. Take --lr 0.0005"
      ]
    ),
    ("--batch-size 2 --accumulate 2 --no-lr-scaling", 1251, []),
    (
      "--no-lr-scaling --lr 1e-7", 1251,
      [
        "the peak learning rate, 1e-07 for 64 images an update, is below --min-lr 1e-05 and --warmup-lr 1e-06. "
          + "Give a higher --lr, or lower --min-lr and --warmup-lr"
      ]
    ),
    ("--no-lr-scaling --lr 1e-7 --warmup-epochs 0 --min-lr 0", 1251, []),
    (
      "--sampler balanced --class-weights balanced", 1251, ["rare classes are made up for twice: --sampler"]
    ),
    ("--sampler balanced --class-weights rare.txt", 1251, []), ("", 20, []),
    (
      "", 5, ["only 5 updates an epoch, of 64 images each: little is learnt in one. A smaller --batch-size"]
    ),
    ("--batch-size 4 --no-lr-scaling", 1, ["only 1 update an epoch, of 4 images each"]),
  ]

  @Test(arguments: cases)
  func `a start that cannot learn is said`(line: String, updates: Int, sentences: [String]) throws {
    let doubts = try parse(words(line)).recipe(worldSize: 1).doubts(updates: updates)
    #expect(doubts.count == sentences.count, "\(doubts)")
    for (doubt, start) in zip(doubts, sentences) { #expect(doubt.hasPrefix(start), "\(doubt)") }
  }

  @Test(arguments: [
    ("--epochs 4", "--warmup-epochs 0"), ("--epochs 40 --warmup-epochs 50", "--warmup-epochs 4"),
  ])
  func `the warm-up that is advised does end`(line: String, advice: String) throws {
    let doubt = try #require(try parse(words(line)).recipe(worldSize: 8).doubts(updates: 100).first)
    #expect(doubt.contains("Use \(advice), "))
    #expect(try parse(words("\(line) \(advice)")).recipe(worldSize: 8).doubts(updates: 100) == [])
  }

  @Test func `the first lines say how an epoch is divided and in what is computed`() throws {
    let recipe = try parse(words("--batch-size 8 --accumulate 4 --amp O1 --clip-grad 0")).recipe(worldSize: 2)
    #expect(
      recipe.stepLine(steps: 21)
        == "Steps: 21 an epoch, each one update from 64 images (batch 8 × 2 workers × 4 batches)")
    #expect(
      recipe.arithmeticLine
        == "Precision: float32, products in bfloat16; optimizer: adamw, weight decay 0.05, gradients not clipped"
    )
    #expect(
      Recipe().stepLine(steps: 5)
        == "Steps: 5 an epoch, each one update from 64 images (batch 64 × 1 worker)")
  }
}
