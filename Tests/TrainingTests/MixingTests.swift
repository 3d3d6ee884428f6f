import Foundation
import Randomness
import Recipe
import TestSupport
import Testing
import Torch

@testable import Training

@Suite struct MixingTests {
  /// A plan as `mix_plans.json` holds it.
  private struct StoredPlan: Codable, Equatable {
    let own: Double
    let box: [Int]?

    init(_ share: MixPlan.Share) {
      own = share.own
      box = share.box.map {
        [$0.rows.lowerBound, $0.rows.upperBound, $0.columns.lowerBound, $0.columns.upperBound]
      }
    }
  }

  @Test func `the draws of a run's first ten batches are those that PyTorch was given`() throws {
    let mixing = try #require(Mixing(Recipe(), classes: 10))
    let plans = (0..<10).map { mixing.plan(count: 16, side: 64, epoch: 0, draw: $0) }
    let stored = try JSONDecoder().decode(
      [StoredPlan].self, from: Data(contentsOf: Golden.url("mix_plans.json", in: .module)))
    #expect(plans.map { StoredPlan($0.shares[0]) } == stored)
    #expect(plans.allSatisfy { plan in plan.shares.allSatisfy { $0 == plan.shares[0] } })
    #expect(Set(plans.map { $0.shares[0].box == nil }).count == 2)
  }

  @Test func `a blend and a box do to pixels and targets what they say`() throws {
    let mixing = try #require(Mixing(Recipe(), classes: 4))
    let pixels: [Float] = (0..<2 * 3 * 4 * 4).map { Float($0) }
    let box = MixPlan.Box(rows: 1..<3, columns: 0..<2)
    let plan = MixPlan(shares: [.init(own: 0.25, box: nil), .init(own: 0.75, box: box)])
    let images = Mix(plan, side: 4)(Tensor(pixels, [2, 3, 4, 4]).permuted([0, 2, 3, 1]).contiguous())
    let targets = mixing.targets([1, 3], by: plan)
    let mixed: [Float] = images.permuted([0, 3, 1, 2]).contiguous().elements()
    for place in 0..<48 {
      #expect(mixed[place] == 0.25 * pixels[place] + 0.75 * pixels[48 + place])
      let (row, column) = (place / 4 % 4, place % 4)
      let inside = (1..<3).contains(row) && column < 2
      #expect(mixed[48 + place] == pixels[inside ? place : 48 + place])
    }
    let values: [Float] = targets.elements()
    let off: Float = 0.025
    let (own, partners): (Float, Float) = (off + 0.25 * 0.9, off + 0.75 * 0.9)
    let wanted = [off, own, off, partners, off, own, off, partners]
    #expect(zip(values, wanted).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  @Test func `pairs share a draw, elements do not, and a batch draws once`() {
    func shares(_ mode: Recipe.Mixing.Mode) -> [MixPlan.Share] {
      var mixing = Recipe.Mixing()
      mixing.mode = mode
      var generator = KeyedGenerator(seed: 7, stream: .mixing, epoch: 0)
      return MixPlan(mixing, count: 8, side: 32, generator: &generator).shares
    }
    let (pair, elem, batch) = (shares(.pair), shares(.elem), shares(.batch))
    #expect(pair == pair.reversed())
    #expect(Set(pair.map(\.own)).count == 4)
    #expect(Set(elem.map(\.own)).count == 8)
    #expect(Set(batch.map(\.own)).count == 1)
  }

  /// Means and spreads over 20,000 draws, each within four standard errors of its distribution's.
  @Test func `kinds and strengths follow their distributions`() {
    var generator = KeyedGenerator(seed: 11, stream: .mixing, epoch: 0)
    let shares = (0..<20_000).map { _ in MixPlan.Share(Recipe.Mixing(), 224, &generator) }
    let blended = shares.filter { $0.box == nil }.map(\.own)
    #expect(abs(blended.count - 10_000) < 283)  // four standard deviations
    // Beta(0.8, 0.8): mean 1/2, variance 1 / (4 · 2.6).
    let mean = blended.reduce(0, +) / Double(blended.count)
    let squares = blended.map { own in (own - mean) * (own - mean) }
    let variance = squares.reduce(0, +) / Double(blended.count)
    #expect(abs(mean - 0.5) < 0.0125)
    #expect(abs(variance - 0.09615) < 0.003)
    // A square of uniform area around a uniform centre covers (√u - u/4)² on average, inside the image: 0.3208.
    let cut = shares.filter { $0.box != nil }.map { 1 - $0.own }
    #expect(abs(cut.reduce(0, +) / Double(cut.count) - 0.3208) < 0.012)
  }

  @Test func `bounds on CutMix's sides are kept`() {
    var mixing = Recipe.Mixing()
    mixing.mixup = 0
    mixing.cutmixMinMax = [0.25, 0.75]
    var generator = KeyedGenerator(seed: 3, stream: .mixing, epoch: 0)
    for _ in 0..<1000 {
      let box = MixPlan.Share(mixing, 64, &generator).box
      #expect((16..<48).contains(box?.rows.count ?? 0) && (16..<48).contains(box?.columns.count ?? 0))
      #expect((box?.rows.upperBound ?? 65) <= 64 && (box?.columns.upperBound ?? 65) <= 64)
    }
  }
}
