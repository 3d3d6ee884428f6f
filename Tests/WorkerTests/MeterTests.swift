import Testing
import Training

@testable import Worker

@Suite struct SmoothedValueTests {
  private func value(_ numbers: some Sequence<Double>) -> SmoothedValue {
    var value = SmoothedValue()
    for number in numbers { value.add(number) }
    return value
  }

  @Test func `the median of an even number is the lower middle`() {
    #expect(value([4, 1, 3, 2]).median == 2)
    #expect(value([5, 1, 3]).median == 3)
  }

  @Test func `the window holds the last twenty`() {
    let series = value((1...30).map(Double.init))
    #expect(series.median == 20)
    #expect(series.average == 20.5)
  }

  @Test func `the global average forgets nothing`() {
    #expect(value((1...30).map(Double.init)).globalAverage == 15.5)
    #expect(value((1...30).map(Double.init)).count == 30)
  }

  @Test func `weights count in the global average alone`() {
    var value = SmoothedValue()
    value.add(10, weight: 3)
    value.add(50, weight: 1)
    #expect(value.globalAverage == 20)
    #expect(value.average == 30)
    #expect(value.median == 10)
  }

  @Test func `nothing seen is zero`() {
    let nothing = SmoothedValue()
    #expect([nothing.median, nothing.average, nothing.globalAverage] == [0, 0, 0])
  }

  @Test func `a test line's averages weigh batches by their images`() {
    var meters = EvaluationMeters()
    for (images, correct, loss) in [(3, 3, 3.0), (1, 0, 5.0)] {
      var tally = Evaluator.Tally()
      tally.images = images
      tally.correct1 = correct
      tally.correct5 = images
      tally.loss = loss
      meters.add(tally)
    }
    #expect(
      meters.fields == [
        "loss: 1.0000 (2.0000)", "acc1: 0.0000 (75.0000)", "acc5: 100.0000 (100.0000)",
      ])
  }
}
