import Foundation
import Testing

@testable import Training

@Suite struct ExaminationTests {
  private func verdict(
    _ image: Int, _ label: Int, _ predicted: Int, _ confidence: Float = 0.5, loss: Double = 1
  ) -> Verdict {
    Verdict(
      image: image, label: label, predicted: predicted, confidence: confidence,
      isAmongFive: label == predicted || label == 0, loss: loss)
  }

  @Test func `the calibration error is numpy's, on the edges of bins too`() throws {
    for golden in try ClassificationGolden.all() {
      let calibration = Calibration(
        golden.labels.indices.map {
          verdict($0, golden.labels[$0], golden.predicted[$0], golden.confidences[$0])
        })
      #expect(abs(try #require(calibration.error) - golden.ece) < 1e-12)
      #expect(calibration.bins.reduce(0) { $0 + $1.images } == golden.labels.count)
    }
    #expect(Calibration([]).error == nil && Calibration([]).confidence == nil)
  }

  @Test func `whoever evaluated which image, the same is found`() {
    let verdicts = (0..<50).map {
      verdict($0, $0 % 3, $0 % 5 % 3, Float($0 % 7) / 7, loss: 1 / Double($0 + 1))
    }
    let whole = Examination(verdicts, classes: 3)
    #expect(Examination(verdicts.shuffled(), classes: 3) == whole)
    #expect(Examination(verdicts.shuffled(), classes: 3).meanLoss == whole.meanLoss)
    #expect(Verdict.read(Verdict.bytes(verdicts)) == verdicts)
  }

  @Test func `mistakes come by confidence, and of equals in the order of the folder`() {
    let found = Examination(
      [verdict(3, 1, 2, 0.9), verdict(0, 0, 0, 1), verdict(2, 1, 0, 0.9), verdict(1, 2, 0, 0.95)], classes: 3)
    #expect(found.mistakes.map(\.image) == [1, 2, 3])
    #expect(found.accuracy1 == 25 && found.accuracy5 == 25)
  }

  @Test func `the confusion matrix has a cell for each pair that came up`() {
    let found = Examination(
      [verdict(0, 0, 0), verdict(1, 0, 1), verdict(2, 1, 0), verdict(3, 1, 0)], classes: 9)
    typealias Cell = Examination.Cell
    #expect(
      found.confusion == [
        Cell(label: 0, predicted: 0, images: 1), Cell(label: 0, predicted: 1, images: 1),
        Cell(label: 1, predicted: 0, images: 2),
      ])
    #expect(found.confusions.map(\.images) == [2, 1])
  }

  @Test func `without images nothing is made up`() {
    let found = Examination([], classes: 3)
    #expect(found.accuracy1 == nil && found.accuracy5 == nil && found.meanLoss == nil)
    #expect(found.mistakes.isEmpty && found.confusion.isEmpty)
  }

  @Test func `a verdict is softmax and cross-entropy of an image's own logits`() {
    let logits: [Float] = [9, 9, 1, 3, 2, 9]
    let verdict = Verdict(image: 7, label: 0, logits: logits[2..<5], ranked: [1, 2, 0])
    let sum = exp(1.0) + exp(3.0) + exp(2.0)
    #expect(abs(Double(verdict.confidence) - exp(3.0) / sum) < 1e-7)
    #expect(abs(verdict.loss - (log(sum) - 1)) < 1e-12 && verdict.isAmongFive && !verdict.isCorrect)
    let broken = Verdict(image: 0, label: 0, logits: [.nan, .nan], ranked: [0, 1])
    #expect(broken.confidence == 0 && broken.loss.isNaN && Calibration([broken]).bins[0].images == 1)
  }
}
