import Testing

@testable import Launcher
@testable import Drawing
@testable import RunControl

@Suite struct FailureReportTests {
  @Test func `a killed worker`() {
    let ends = [
      end(0, .killed(15), 13.1, byLauncher: true), end(1, .exited(70), 12.6),
      end(2, .exited(75), 13, byLauncher: true), end(3, .killed(9), 12.4),
      end(4, .killed(9), 16.4, byLauncher: true), end(5, .exited(0), 12.1),
    ]
    let lines = ["Epoch: [0]  [ 10/62]  loss: 2.1503", "Epoch: [0]  [ 20/62]  loss: 1.9377"]
    #expect(
      report(ends, failed: 3, lines: lines).text == """
        ── rank 3 failed, and the run was stopped ──────────────────────────────────
           run      digits
           worker   rank 3 of 6, pid 48213
           ended    killed by SIGKILL (signal 9), 12.4 s after the start
           likely   killed from outside, or by the kernel because memory ran out
           log      out/run/logs/attempt-0/rank-3.log

           its last 2 lines
           │ Epoch: [0]  [ 10/62]  loss: 2.1503
           │ Epoch: [0]  [ 20/62]  loss: 1.9377

           the others
           rank 0   stopped by the launcher
           rank 1   exit 70 after rank 3 was lost
           rank 2   stopped by the launcher
           rank 4   stopped by the launcher, with SIGKILL as it did not end by itself
           rank 5   finished

           next     dmesg | tail    (names the process when memory ran out)
           then     the same command with --resume auto
        ────────────────────────────────────────────────────────────────────────────

        """)
  }

  @Test func `a bad data set of a lone worker`() {
    let report = report([end(0, .exited(65), 0.84)], failed: 0, lines: ["error: val/ has no class 'cat'"])
    #expect(
      report.text == """
        ── rank 0 failed, and the run was stopped ──────────────────────────────────
           run      digits
           worker   rank 0 of 1, pid 48213
           ended    exit 65, 0.8 s after the start
           likely   the data set or a file of weights cannot be used
           log      out/run/logs/attempt-0/rank-0.log

           its last line
           │ error: val/ has no class 'cat'

           next     twins-worker dataset scan '/my images' --decode
        ────────────────────────────────────────────────────────────────────────────

        """)
  }

  @Test func `a program of the user's says itself why it failed, and its status says nothing`() {
    var report = report([end(0, .exited(65), 4)], failed: 0, lines: [])
    report.advice.knowsStatuses = false
    #expect(report.text.contains("   likely   not known; its lines may say more\n"))
    #expect(
      report.text.contains("next     twins-worker train --data-path '/my images' --model alt_gvt_small\n"))
    report.message = "ValueError: no such\nlayer"
    #expect(
      report.text.contains(
        "exit 65, 4.0 s after the start\n   error    ValueError: no such\n            layer\n   log "),
      "\(report.text)")
  }

  @Test func `a bug is looked for with one worker`() {
    let text = report([end(0, .killed(11), 4000)], failed: 0, lines: []).text
    #expect(text.contains("ended    killed by SIGSEGV (signal 11), 1 h 6 min after the start\n"))
    #expect(text.contains("output   none\n"))
    #expect(text.contains("next     twins-worker train --data-path '/my images' --model alt_gvt_small\n"))
  }

  @Test func `a stopped peer is named`() {
    let ends = [end(0, .exited(70), 9), end(1, .killed(9), 13, byLauncher: true)]
    var report = report(ends, failed: 0, lines: [])
    report.outcome.stoppedRanks = [1]
    #expect(report.text.contains("   likely   rank 1 was stopped, by a signal or a debugger, "))
    #expect(report.text.contains("   next     the same command with --resume auto, after finding out who"))
  }

  @Test func `a failure that another attempt follows is short`() {
    let ends = [end(0, .killed(9), 102.5), end(1, .killed(15), 103, byLauncher: true)]
    var report = report(ends, failed: 0, lines: ["torn"])
    report.outcome.start = .seconds(90)
    report.outcome.progress = Progress(epoch: 3, step: 1870)
    report.attempt = 2
    report.card = "cuda:0, which is 3 of CUDA_VISIBLE_DEVICES"
    report.cardReading = CardReading(name: "NVIDIA H100", celsius: 91, slowdowns: [.heat], xids: [79])
    report.memoryKills = .init(number: 1, source: .init(path: "/cg/memory.events", isOfGroup: true))
    #expect(
      report.shortText == """
        ── rank 0 failed ───────────────────────────────────────────────────────────
           run      digits, attempt 2
           worker   rank 0 of 2, pid 48213, card cuda:0, which is 3 of CUDA_VISIBLE_DEVICES
           card     NVIDIA H100: 91 °C, slowed by heat, Xid 79
           ended    killed by SIGKILL (signal 9), 12.5 s after the start
           likely   the kernel killed it because memory ran out (oom_kill in /cg/memory.events)
           at       epoch 3, after step 1870 of the run
           log      out/run/logs/attempt-0/rank-0.log

           its last line
           │ torn
        ────────────────────────────────────────────────────────────────────────────

        """)
  }

  @Test func `a host that was lost is named, and its ranks are its victims`() {
    let lost = Ending.withoutHost(
      HostFault(of: [1], .lost, reason: "host 1 (node2, 10.0.0.2) was not heard for 10.0 s"))
    let ends = [
      end(0, .exited(70), 21.5), end(1, .killed(15), 22, byLauncher: true), end(2, lost, 21),
      end(3, lost, 21),
    ]
    var report = report(ends, failed: 2, lines: [])
    report.places = HostPlaces(all: 2, workers: 2)
    report.advice.isUnderWay = true
    #expect(
      report.text == """
        ── host 1 was lost, and the run was stopped ────────────────────────────────
           run      digits
           ended    21.0 s after the start
           reason   host 1 (node2, 10.0.0.2) was not heard for 10.0 s
           likely   the host is down, its launcher was ended or held, or the network between the hosts is cut

           the ranks
           rank 0   exit 70 after host 1 was lost, on host 0
           rank 1   stopped by the launcher, on host 0
           rank 2   lost with its host, on host 1
           rank 3   lost with its host, on host 1

           next     the same command with --resume auto, after seeing to that host
        ────────────────────────────────────────────────────────────────────────────

        """)
  }

  @Test func `hosts that did not come are named together, and no rank is blamed`() {
    let fault = HostFault(of: [1, 2], .late, reason: "hosts 1, 2 did not come to node0:29400 within 10 min")
    let ends = (0..<3).map {
      end($0, $0 == 1 ? .withoutHost(fault) : .withdrawn, 600, byLauncher: $0 != 1)
    }
    var report = report(ends, failed: 1, lines: [])
    report.places = HostPlaces(all: 3, workers: 1)
    #expect(
      report.text == """
        ── hosts 1, 2 did not come, and the run was stopped ────────────────────────
           run      digits
           ended    10 min 0 s after the start
           reason   hosts 1, 2 did not come to node0:29400 within 10 min
           likely   the launcher does not run there, or does not reach that address

           the ranks
           rank 0   not started, on host 0
           rank 1   not started, on host 1
           rank 2   not started, on host 2

           next     the same command, after seeing to those hosts
        ────────────────────────────────────────────────────────────────────────────

        """)
  }

  @Test func `what a host says itself why it cannot start needs no guess`() {
    let fault = HostFault(of: [0], .unable, reason: "host 0 (n) cannot start: no such folder", status: 66)
    let text = report([end(0, .withoutHost(fault), 1)], failed: 0, lines: []).text
    #expect(!text.contains("likely") && text.contains("   next     the same command, after mending this on"))
  }

  @Test func `a worker of one of several hosts is named with its host`() {
    var report = report([end(0, .exited(0), 1), end(1, .exited(3), 1)], failed: 1, lines: [])
    (report.host, report.places) = (
      "host 1 (node2, 10.0.0.2)", HostPlaces(all: report.outcome.ends.count, workers: 1)
    )
    #expect(report.text.contains("   worker   rank 1 of 2 on host 1 (node2, 10.0.0.2), pid 48213\n"))
    #expect(report.text.contains("   rank 0   finished, on host 0\n"))
  }

  /// Another process of this machine may have been the one.
  @Test func `memory of the whole machine is named with care`() {
    var report = report([end(0, .killed(9), 1)], failed: 0, lines: [])
    report.memoryKills = .init(number: 1, source: .init(path: "/proc/vmstat", isOfGroup: false))
    #expect(report.text.contains("memory ran out, likely this one (oom_kill in /proc/vmstat)"))
    var other = self.report([end(0, .killed(11), 1)], failed: 0, lines: [])
    other.memoryKills = report.memoryKills
    #expect(!other.text.contains("oom_kill"))
  }

  /// A worker that cannot start a thread ends by SIGILL, as one with a defect does.
  @Test(arguments: [4, 5, 6, 11]) func `a limit is not called a bug`(signal: CInt) {
    let text = report([end(0, .killed(signal), 1)], failed: 0, lines: []).text
    #expect(!text.contains("a bug") && text.contains("limit"), "\(text)")
    #expect(text.contains("ulimit -"), "\(text)")
  }

  @Test func `divergence is named`() {
    #expect(
      report([end(0, .exited(79), 90)], failed: 0, lines: []).text.contains("likely   the loss diverged\n"))
  }

  @Test func `quotes for the shell`() {
    #expect(shellQuoted(["a-b_c=1.5", "two words", "it's", ""]) == #"a-b_c=1.5 'two words' 'it'\''s' ''"#)
  }

  @Test(arguments: [(0.04, "0.0 s"), (59.96, "59.9 s"), (60, "1 min 0 s"), (3661, "1 h 1 min")])
  func `says durations as people do`(seconds: Double, text: String) {
    #expect(elapsed(.seconds(seconds)) == text)
  }

  private func end(_ rank: Int, _ ending: Ending, _ seconds: Double, byLauncher: Bool = false) -> WorkerEnd {
    WorkerEnd(rank: rank, ending: ending, moment: .seconds(seconds), stoppedByLauncher: byLauncher)
  }

  @Test func `a worker that waited in vain for room`() {
    var report = report(
      [end(0, .exited(74), 5)], failed: 0, lines: ["error: no room. The weights take 7 MB."])
    report.outcome.lacksRoom = true
    #expect(report.text.contains("   likely   the disk is full\n"))
    #expect(
      report.text.contains(
        "   next     the same command with --resume auto, after freeing as much as its last line says; `df -h` shows where"
      ))
  }

  private func report(_ ends: [WorkerEnd], failed rank: Int, lines: [String]) -> FailureReport {
    FailureReport(
      runIdentifier: "digits", outcome: Outcome(ends: ends, firstFailure: rank, stopSignal: nil),
      failure: ends[rank], process: 48213, lastLines: lines,
      logPath: "out/run/logs/attempt-0/rank-\(rank).log",
      advice: FailureReport.Advice(
        debug: ["twins-worker", "train", "--data-path", "/my images", "--model", "alt_gvt_small"],
        data: "/my images"))
  }
}
