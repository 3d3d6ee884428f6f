import Datasets
import Testing

@testable import Training
@testable import Worker

@Suite struct ImageWaitTests {
  private func wait(
    _ waited: Double = 60, of all: Double = 100, reading: Double = 10, making: Double = 90, threads: Int = 4,
    processors: Int = 4, isPacked: Bool = false, isCached: Bool = false
  ) -> ImageWait {
    ImageWait(
      all: all, waited: waited, work: LoaderWork(reading: reading, making: making), threads: threads,
      processors: processors, isPacked: isPacked, isCached: isCached)
  }

  @Test func `a wait that is short, or a small part of the time, is not worth a word`() {
    #expect(wait(4.9, of: 10).bottleneck == nil)
    #expect(wait(19.9, of: 100).bottleneck == nil)
    #expect(wait(0, of: 0).bottleneck == nil)
    #expect(wait(5, of: 25).bottleneck == .decoding)
  }

  @Test func `reading comes before threads, and threads before processors`() {
    #expect(wait(reading: 51, making: 50, threads: 1).bottleneck == .disk)
    #expect(wait(threads: 3).bottleneck == .threads)
    #expect(wait(threads: 0, processors: 1).bottleneck == .threads)
    #expect(wait(threads: 4).bottleneck == .decoding)
    #expect(wait(threads: 6).bottleneck == .decoding)
  }

  @Test(arguments: [
    (ImageWait.Bottleneck.disk, false, "dataset pack"), (.disk, false, "--num-workers 8"),
    (.disk, true, "--num-workers 8"), (.threads, false, "use --num-workers 4"),
    (.decoding, false, "dataset pack --max-side"), (.decoding, true, "60 % of the time (60 of 100 s)"),
  ])
  func `the sentence names the flag`(bottleneck: ImageWait.Bottleneck, isPacked: Bool, says: String) {
    let sentence = wait(isPacked: isPacked).sentence(bottleneck)
    #expect(sentence.contains(says), "\(sentence)")
  }

  @Test func `images are kept in memory by the flag that keeps them, unless it is given`() {
    for isPacked in [false, true] {
      #expect(wait(isPacked: isPacked).sentence(.disk).contains("or read each image once with --cache ram"))
      #expect(!wait(isPacked: isPacked, isCached: true).sentence(.disk).contains("--cache"))
    }
  }

  @Test func `an epoch has one warning at most, and the run one for each reason`() {
    var lines: [String] = []
    var work = LoaderWork(reading: 1, making: 9)
    let empty = ImageWait(threads: 2, processors: 2, isPacked: false, isCached: false)
    let warning = ImageWaitWarning(empty, work: { work }, warn: { lines.append($0) })
    func run(epoch: Int, steps: Int, waited: Double) {
      let record = EpochRecord(epoch: epoch, learningRate: 0, steps: steps, place: PartialEpoch())
      warning.begin(record)
      for _ in 0..<steps { warning.settle(step(waited: waited)) }
      warning.finish(record)
    }
    run(epoch: 0, steps: 20, waited: 0.1)
    #expect(lines.isEmpty)
    run(epoch: 1, steps: 20, waited: 5)
    #expect(
      lines.count == 1 && lines[0].hasPrefix("warning: steps wait for their images for 50 % of the time"))
    run(epoch: 2, steps: 2, waited: 5)
    #expect(lines.count == 1)
    work = LoaderWork(reading: 9, making: 1)
    run(epoch: 3, steps: 2, waited: 5)
    #expect(lines.count == 2 && lines[1].contains("Reading takes 90 %"))
  }

  @Test func `an evaluation that waits is said likewise, once for each reason`() {
    var lines: [String] = []
    let empty = ImageWait(
      threads: 1, processors: 4, isPacked: true, isCached: true, waiter: .evaluation)
    let warning = ImageWaitWarning(
      empty, work: { LoaderWork(reading: 1, making: 9) }, warn: { lines.append($0) })
    for _ in 0..<3 {
      warning.begin()
      for _ in 0..<10 { warning.add(seconds: 1, waited: 0.83) }
      warning.judge()
    }
    #expect(
      lines == [
        "warning: the evaluation waits for its images for 83 % of the time (8 of 10 s). Decoding takes 90 % of the work of "
          + "1 decode thread, and there are 4 processors for them: use --num-workers 4"
      ])
  }

  private func step(waited: Double) -> StepRecord {
    var step = StepRecord(
      epoch: 0, updates: 1, loss: 1, learningRate: 0, gradientNorm: 1, signals: [], phases: [:],
      communication: CommunicationTime())
    (step.stepSeconds, step.dataSeconds) = (10, waited)
    return step
  }
}
