import Testing
import Training

@testable import Worker

/// The reference's lines to the letter: its scripts find values by their place on the line.
@Suite struct ReferenceLinesTests {
  private func timing(step: Double, data: Double, count: Int) -> Timing {
    var timing = Timing()
    for _ in 0..<count {
      timing.step.add(step)
      timing.data.add(data)
    }
    return timing
  }

  private func loss(_ values: Double...) -> String {
    var loss = SmoothedValue()
    for value in values { loss.add(value) }
    return ReferenceLines.meter("loss", loss)
  }

  @Test func `a training line`() {
    let timing = timing(step: 0.5, data: 0.125, count: 31)
    let line = ReferenceLines.step(
      header: "Epoch: [0]", index: 30, of: 1251, meters: ["lr: 0.000001", loss(6.9, 7.1)], timing: timing,
      fps: timing.fps(images: 1024), peakMegabytes: 12345)
    #expect(
      line
        == "Epoch: [0]  [  30/1251]  eta: 0:10:10  lr: 0.000001  loss: 6.9000 (7.0000)  time: 0.5000  "
        + "fps:2048.0000  data: 0.1250  max mem: 12345")
  }

  @Test func `the reference's script finds the images per second in it`() {
    // awk '{print $14}' | awk -F: '{print $2}'
    let line = ReferenceLines.step(
      header: "Epoch: [7]", index: 990, of: 1251, meters: ["lr: 0.000001", loss(6.9)],
      timing: timing(step: 1, data: 0, count: 1), fps: 1.5, peakMegabytes: 1)
    let field = line.split(separator: " ")[13]
    #expect(field.split(separator: ":") == ["fps", "1.5000"])
  }

  @Test func `a test line has no images per second`() {
    let line = ReferenceLines.step(
      header: "Test:", index: 0, of: 33, meters: [loss(1), "acc1: 75.0000 (75.0000)"],
      timing: timing(step: 2, data: 1, count: 1), peakMegabytes: 7)
    #expect(
      line
        == "Test:  [ 0/33]  eta: 0:01:06  loss: 1.0000 (1.0000)  acc1: 75.0000 (75.0000)  time: 2.0000  "
        + "data: 1.0000  max mem: 7")
  }

  @Test func `totals`() {
    #expect(
      ReferenceLines.total(header: "Epoch: [0]", seconds: 600.48, steps: 1251)
        == "Epoch: [0] Total time: 0:10:00 (0.4800 s / it)")
    #expect(
      ReferenceLines.total(header: "Test:", seconds: 0, steps: 0)
        == "Test: Total time: 0:00:00 (0.0000 s / it)")
  }

  @Test(arguments: [
    (0.0, "0:00:00"), (5.99, "0:00:05"), (59.999, "0:00:59"), (3600.0, "1:00:00"), (36_000.0, "10:00:00"),
    (86_399.9, "23:59:59"), (86_400.0, "1 day, 0:00:00"), (93_784.0, "1 day, 2:03:04"),
    (2.0 * 86_400 + 45_296, "2 days, 12:34:56"),
  ])
  func `durations are Python's`(seconds: Double, text: String) {
    #expect(ReferenceLines.duration(seconds) == text)
  }

  @Test func `images per second are 0 for the first 25 steps`() {
    #expect(timing(step: 0.5, data: 0, count: 25).fps(images: 64) == 0)
    #expect(timing(step: 0.5, data: 0, count: 26).fps(images: 64) == 128)
  }

  @Test func `images per second are those of the last twenty steps`() {
    var timing = timing(step: 100, data: 0, count: 10)
    for _ in 0..<20 { timing.step.add(0.25) }
    #expect(timing.fps(images: 64) == 256)
  }
}
