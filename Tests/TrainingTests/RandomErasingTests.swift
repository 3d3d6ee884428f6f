import CKernels
import Datasets
import Recipe
import Testing
import Torch

@testable import Training

@Suite struct RandomErasingTests {
  private let side = 32

  private func erased(_ erasing: RandomErasing, views: [Int], on value: Double = 5) -> [[Float]] {
    let images = Tensor.zeros([views.count, side, side, 3])
    images.fill(value)
    erasing.erasures(side: side, seed: 3, epoch: 1, views: views).apply(to: images)
    let all = images.permuted([0, 3, 1, 2]).contiguous().elements(as: Float.self)
    let size = 3 * side * side
    return views.indices.map { Array(all[($0 * size)..<(($0 + 1) * size)]) }
  }

  private func boxes(_ erasing: RandomErasing, _ view: Int) -> [RandomErasing.Box] {
    erasing.boxes(width: side, height: side, seed: 3, epoch: 1, view: view)
  }

  /// Whether a flat index of an image lies in one of the boxes.
  private func isInside(_ boxes: [RandomErasing.Box], _ index: Int) -> Bool {
    let x = index % side
    let y = index / side % side
    return boxes.contains { box in
      let region = box.region
      return (region.x..<(region.x + region.width)).contains(x)
        && (region.y..<(region.y + region.height)).contains(y)
    }
  }

  @Test(arguments: RandomErasing.Mode.allCases, [1, 3])
  func `boxes are erased in every channel and nothing else is`(mode: RandomErasing.Mode, count: Int) {
    let erasing = RandomErasing(probability: 0.7, mode: mode, count: count)
    let views = Array(100..<120)
    for (view, image) in zip(views, erased(erasing, views: views)) {
      let boxes = boxes(erasing, view)
      for (index, value) in image.enumerated() { #expect((value != 5) == isInside(boxes, index)) }
    }
    #expect(views.contains { boxes(erasing, $0).isEmpty })
    #expect(views.contains { !boxes(erasing, $0).isEmpty })
  }

  @Test(arguments: RandomErasing.Mode.allCases)
  func `single boxes are erased by the same numbers as those that may lie over one another`(
    mode: RandomErasing.Mode
  ) {
    let erasing = RandomErasing(probability: 0.7, mode: mode)
    let boxes = (100..<120).map { self.boxes(erasing, $0) }
    func images(_ erasures: Erasures) -> [Float] {
      let images = Tensor.zeros([boxes.count, side, side, 3])
      images.fill(5)
      erasures.apply(to: images)
      return images.elements()
    }
    let apart = erasing.apart(boxes, side: side)
    #expect(apart.count == boxes.joined().reduce(0) { $0 + 3 * $1.region.width * $1.region.height })
    #expect(images(apart) == images(erasing.overlaid(boxes, side: side)))
  }

  @Test(arguments: [0, 0.5, 1]) func `filled up, the same is erased`(probability: Double) {
    var preprocessing = Recipe.Preprocessing()
    preprocessing.means = [0.1, 0.2, probability]
    let erasing = RandomErasing(probability: probability)
    let bytes = (0..<4 * 3 * side * side).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ $0 / 91) }
    bytes.withUnsafeBytes { pixels in
      let erasures = erasing.erasures(side: side, seed: 3, epoch: 1, views: [7, 8, 9, 10])
      func images(_ erasures: Erasures) -> [Float] {
        let images = Normalizer(preprocessing, on: .cpu)(Tensor(bytes: pixels, [4, side, side, 3], .uint8))
        erasures.apply(to: images)
        return images.elements()
      }
      for room in [0, 3 * side * side, 12 * side * side] {
        let filled = erasures.filled(to: room, of: pixels, preprocessing)
        #expect(images(filled) == images(erasures))
        #expect(filled.count == max(room, erasures.count))
      }
    }
  }

  @Test(arguments: [0.02, 0.25, 1], [4, 128])
  func `what is usually erased has room, and no more is taken than can be`(probability: Double, images: Int) {
    let erasing = RandomErasing(probability: probability)
    let room = erasing.usualRoom(images: images, side: side)
    let all = Double(images * 3 * side * side)
    #expect((all * probability / 6...all / 3 + 1).contains(Double(room)))
    // So many boxes are drawn that one in ten thousand would show.
    let larger = (0..<2_000 / images).count { batch in
      let views = Array(batch * images..<(batch + 1) * images)
      return erasing.erasures(side: side, seed: 1, epoch: 0, views: views).count > room
    }
    #expect(Double(larger) <= 0.03 * Double(2_000 / images))
  }

  @Test func `const is zero, rand is one number a channel, pixel is one each`() throws {
    func values(_ mode: RandomErasing.Mode) -> [Set<Float>] {
      let image = erased(RandomErasing(probability: 1, mode: mode), views: [7])[0]
      let plane = side * side
      return (0..<3).map { Set(image[($0 * plane)..<(($0 + 1) * plane)].filter { $0 != 5 }) }
    }
    let area = try #require(boxes(RandomErasing(probability: 1), 7).first).region
    #expect(values(.const) == [[0], [0], [0]])
    #expect(values(.rand).map(\.count) == [1, 1, 1])
    #expect(Set(values(.rand)).count == 3)
    #expect(values(.pixel).allSatisfy { $0.count > area.width * area.height * 9 / 10 })
  }

  @Test func `noise has mean 0 and deviation 1`() {
    let erasing = RandomErasing(probability: 1)
    let noise = erased(erasing, views: Array(0..<200)).flatMap { $0.filter { $0 != 5 } }.map(Double.init)
    let count = Double(noise.count)
    let mean = noise.reduce(0, +) / count
    let variance = noise.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / count
    #expect(abs(mean) < 4 / count.squareRoot())
    #expect(abs(variance - 1) < 4 * (2 / count).squareRoot())
  }

  @Test func `an image loses the same in whatever batch and place it stands`() {
    let erasing = RandomErasing(probability: 1)
    let together = erased(erasing, views: [4, 9, 2, 30])
    let first = erased(erasing, views: [4, 2])
    let second = erased(erasing, views: [9, 30])
    #expect(together == [first[0], second[0], first[1], second[1]])
    #expect(Set(together).count == 4)
  }

  @Test func `boxes are filled as if one was painted after the other`() {
    let erasing = RandomErasing(probability: 1, count: 4)
    let views = Array(0..<40)
    for (view, image) in zip(views, erased(erasing, views: views)) {
      var painted = [Float](repeating: 5, count: image.count)
      for box in boxes(erasing, view) {
        let noise = Tensor.empty([box.region.height, box.region.width, 3])
        floats_normal(noise.floats().baseAddress, noise.count, box.noiseSeed)
        let planes = noise.permuted([2, 0, 1]).contiguous().elements(as: Float.self)
        let inside = painted.indices.filter { isInside([box], $0) }
        for (index, value) in zip(inside, planes) { painted[index] = value }
      }
      #expect(image == painted)
    }
    #expect(views.contains { overlap(boxes(erasing, $0)) })
  }

  private func overlap(_ boxes: [RandomErasing.Box]) -> Bool {
    (0..<side * side).contains { index in boxes.count { isInside([$0], index) } > 1 }
  }
}
