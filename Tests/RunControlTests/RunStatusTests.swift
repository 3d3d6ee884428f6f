import Foundation
import Testing

@testable import Drawing
@testable import RunControl

@Suite struct RunStatusTests {
  @Test func `as people read it`() {
    let status = RunStatus(
      run: "digits", attempt: 1, launcher: 4711, state: .running, uptimeSeconds: 754, epoch: 3, step: 17,
      stepsOfEpoch: 1251, loss: 2.34567, imagesPerSecond: 812.51, healthy: false,
      ranks: [
        RunStatus.Rank(
          rank: 0, pid: 4712, state: .running, phase: "communicate", seconds: 12.04, step: 17, restarts: 1),
        RunStatus.Rank(
          rank: 1, pid: 4713, state: .stopped, phase: "forward", seconds: 12.1, step: 17, restarts: 1),
        RunStatus.Rank(rank: 2, state: .ended, restarts: 1),
      ])
    #expect(
      status.text == """
        run digits, attempt 1: running for 12 min 34 s, launcher pid 4711
        epoch 3, step 17 of 1251, loss 2.3457, 812.5 images/s

        rank  pid   state    phase        for     step  restarts
        0     4712  running  communicate  12.0 s  17    1
        1     4713  stopped  forward      12.1 s  17    1         <- a signal or a debugger holds it; `kill -CONT 4713` lets it go on
        2     -     ended    -            -       -     1
        """)
  }

  @Test func `workers on cards show them, and how much of their memory was taken`() {
    let status = RunStatus(
      run: "r", attempt: 0, launcher: 1, state: .running, uptimeSeconds: 1, healthy: true,
      ranks: [
        RunStatus.Rank(
          rank: 0, pid: 2, state: .running, phase: "data", seconds: 1, step: 3, restarts: 0, card: "cuda:0",
          cardPeakMegabytes: 20_480.4, slow: "slow"),
        RunStatus.Rank(rank: 1, pid: 3, state: .running, restarts: 0),
      ])
    #expect(
      status.text.hasSuffix(
        """
        rank  pid  state    phase  for    step  restarts  card    max mem
        0     2    running  data   1.0 s  3     0         cuda:0  20480 MB  <- slow
        1     3    running  -      -      -     0         -       -
        """))
  }

  @Test func `a rank whose newest checkpoint was not saved is marked, slow or not`() throws {
    var (fast, slow) = (
      RunStatus.Rank(rank: 2, state: .running, restarts: 0),
      RunStatus.Rank(rank: 3, state: .running, restarts: 0, slow: "slow")
    )
    #expect(fast.remark == nil)
    (fast.unsaved, slow.unsaved) = (true, true)
    let status = RunStatus(
      run: "r", attempt: 0, launcher: 1, state: .running, uptimeSeconds: 1, healthy: true,
      ranks: [fast, slow])
    let marks = status.text.split(separator: "\n").suffix(2).map { $0.split(separator: "<- ").last }
    let words = "its newest checkpoint was not saved, and its log says why"
    #expect(marks == [words[...], "slow; \(words)"])
    #expect(String(decoding: try JSONEncoder().encode(fast), as: UTF8.self).contains(#""unsaved":true"#))
  }

  @Test func `readers that are gone are told of`() {
    var status = RunStatus(
      run: "digits", attempt: 0, launcher: 4711, state: .running, uptimeSeconds: 1, healthy: true, ranks: [])
    status.unread = ["nobody reads standard output (Broken pipe)"]
    #expect(
      status.text.hasPrefix(
        """
        run digits, attempt 0: running for 1.0 s, launcher pid 4711
        nobody reads standard output (Broken pipe): its lines are in the logs alone

        """))
  }
}
