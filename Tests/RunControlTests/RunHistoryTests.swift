import Checkpoint
import Foundation
import System
import Testing
import TestSupport

@testable import Drawing
@testable import RunControl

/// What became of a run, from the bytes of its files alone.
@Suite struct RunHistoryTests {
  @Test func `a run that is done says so, with its best and where that lies`() {
    let history = RunHistory(.trained(epochs: 3, of: 3), host: "here")
    #expect(history.ending == .done && history.exitStatus == 0)
    #expect(history.epochs == 3 && history.epochsDone == 3 && history.updates == 30)
    #expect(history.best == EpochLog.Best(accuracy: 20, epoch: 1))
    #expect(history.text(at: 2000, plain).contains("Acc@1 20.00 % in epoch 1: out/best.safetensors"))
    #expect(history.seconds(at: 5000) == 100)
    #expect(history.restarts == 0 && history.model == "alt_gvt_nano" && history.workers == 2)
    #expect(
      history.next.map(\.command) == [
        "twins-launch evaluate out --data-path /home/ann/digits", "twins-launch resume out --epochs 4",
      ])
  }

  @Test func `the last weights and their average are named, and the speed is that of all steps`() {
    var traces = RunTraces.trained(epochs: 2, of: 2)
    traces.log = Array(
      #"{"train_loss": 2, "test_acc1": 20, "test_acc1_ema": 25, "epoch": 0}"#.utf8 + [newline]
        + #"{"train_loss": 1, "test_acc1": 10, "test_acc1_ema": 30, "epoch": 1}"#.utf8 + [newline])
    for name in ["best", "last"] { traces.weights["\(name)_ema.safetensors"] = .some(nil) }
    // 10 steps at 100 images/s and 30 at 300 take as long: 40 steps in the time of 20 at 100.
    traces.steps = StepLines(
      Array(
        [(0, 1, 100.0), (0, 10, 100), (1, 15, 300), (1, 30, 300)].map { epoch, step, speed in
          #"{"epoch": \#(epoch), "step": 1, "epoch_step": \#(step), "images_per_second": \#(speed)}"# + "\n"
        }.joined().utf8))
    let lines = RunHistory(traces, host: "here").text(at: 2000, plain).split(separator: "\n").map {
      $0.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
    }
    for line in [
      "best Acc@1 20.00 % in epoch 0: out/best.safetensors",
      "best EMA Acc@1 30.00 % in epoch 1: out/best_ema.safetensors",
      "last Acc@1 10.00 % in epoch 1: out/last.safetensors",
      "last EMA Acc@1 30.00 % in epoch 1: out/last_ema.safetensors", "speed 200.0 images/s over all steps",
    ] { #expect(lines.contains(line), "\(line) is not in \(lines)") }
    traces.weights = [:]
    #expect(!RunHistory(traces, host: "here").text(at: 2000, plain).contains("safetensors"))
  }

  /// A launcher reads them too, while it supervises the run.
  @Test func `numbers that no run has are passed over, and end no reader`() {
    let large = Int.max
    var traces = RunTraces.trained(epochs: 3, of: 3)
    traces.log +=
      Array(#"{"train_lr": 1, "train_loss": 1, "test_acc1": 1, "epoch": \#(large)}"#.utf8) + [newline]
    traces.steps = StepLines(
      Array((RunTraces.steps(epochs: 3) + #"{"epoch": \#(large), "step": \#(large)}"# + "\n").utf8))
    traces.journal += Array(#"{"ended": 1e300, "status": 0}"#.utf8) + [newline]
    traces.recipe = Array(#"{"schedule": {"epochs": \#(large)}, "judging": {"earlyStop": \#(large)}}"#.utf8)
    let history = RunHistory(traces, host: "here")
    #expect(history.epochsDone == 3 && history.epochs == nil && history.updates == 30)
    #expect(history.seconds(at: 5000) == 100)
    #expect(history.text(at: 2000, plain).contains("Acc@1 20.00 % in epoch 1"))
    #expect(RunReport(history, nil, at: 2000).text.contains("20.00"))
  }

  @Test func `an evaluation is advised by which the run was judged`() {
    var traces = RunTraces.trained(epochs: 3, of: 3)
    func advised(_ recipe: String) -> String? {
      traces.recipe = Array(#"{"schedule": {"epochs": 3}, \#(recipe)}"#.utf8)
      return RunHistory(traces, host: "here").next.first?.command
    }
    #expect(
      advised(#""data": {"path": "/photos", "heldOut": 0.1}, "judging": {"mirrors": true}"#)
        == "twins-launch evaluate out --data-path /photos --val-split 0.1 --tta")
    let data = #""data": {"path": "/photos"}"#
    #expect(
      advised(#"\#(data), "precision": {"level": "O1", "dtype": "bfloat16"}"#)
        == "twins-launch evaluate out --data-path /photos --amp O1")
    #expect(
      advised(#"\#(data), "precision": {"level": "O1", "dtype": "float16"}"#)
        == "twins-launch evaluate out --data-path /photos --amp O1 --amp-dtype float16")
  }

  /// Where host 1 does not see the output folder, it can neither be resumed there by its name nor its weights be read.
  @Test func `what several hosts are advised does on the disks that they have`() {
    var traces = RunTraces.trained(epochs: 3, of: 3)
    traces.recipe = Array(
      #"{"data": {"path": "/photos", "shardsByHost": true}, "schedule": {"epochs": 3}}"#.utf8)
    traces.journal = Array(
      RunTraces.journal(ending: 0).replacing(#""workers":2"#, with: #""workers":2,"hosts":2"#).utf8)
    traces.record?.arguments = ["--nnodes", "2", "--node-rank", "0", "--rdzv-endpoint", "node0:1"]
    func next() -> [NextCommand] { RunHistory(traces, host: "here").next }
    let meeting = "--shards-by-host --nnodes 2 --node-rank N --rdzv-endpoint node0:1"
    #expect(next().map(\.purpose) == ["evaluate, on every host", "train longer, on every host"])
    #expect(
      next().map(\.command) == [
        "with a copy of out/best.safetensors: twins-launch evaluate best.safetensors --data-path ITS-SHARDS \(meeting)",
        "the same command with --resume auto --epochs 4",
      ])
    traces.hosts = [1]
    #expect(
      next().map(\.command) == [
        "twins-launch evaluate out --data-path /photos \(meeting)",
        "twins-launch resume out --epochs 4 --node-rank N",
      ])
    traces.record?.arguments = ["--resume", "auto"]
    #expect(
      next().map(\.command) == [
        "twins-launch evaluate out --data-path /photos --shards-by-host", "the same command with --epochs 4",
      ], "what starts the launchers says who they are")
  }

  @Test func `images are named without the folder that the run was started in`() {
    var traces = RunTraces.trained(epochs: 3, of: 3)
    traces.recipe = Array(#"{"data": {"path": "../photos"}, "schedule": {"epochs": 3}}"#.utf8)
    traces.record?.directory = "/no/such/scratch"
    #expect(
      RunHistory(traces, host: "here").next.first?.command
        == "twins-launch evaluate out --data-path /no/such/photos")
  }

  @Test func `weights of another epoch than the best are not taken for its`() {
    var traces = RunTraces.trained(epochs: 3, of: 3)
    for (epoch, isNamed) in [(nil, true), (1, true), (0, false)] as [(Int?, Bool)] {
      traces.weights["best.safetensors"] = .some(epoch)
      let text = RunHistory(traces, host: "here").text(at: 2000, plain)
      #expect(text.contains("Acc@1 20.00 % in epoch 1"))
      #expect(text.contains("out/best.safetensors") == isNamed, "\(String(describing: epoch))")
    }
  }

  /// As where a full disk had room for weights and for no checkpoint.
  @Test func `how far the newest checkpoint is behind is said, where it is`() {
    var traces = RunTraces.trained(epochs: 6, of: 6)
    #expect(!RunHistory(traces, host: "here").text(at: 2000, plain).contains("behind"))
    traces.checkpoint = CheckpointName(epoch: 0)
    let history = RunHistory(traces, host: "here")
    #expect(history.epochsBehind == 5)
    #expect(
      history.text(at: 2000, plain).contains(
        "checkpoint    epoch-0000, 5 epochs behind: a run that goes on does them again"))
    traces.checkpoint = CheckpointName(epoch: 5, step: 10)
    #expect(RunHistory(traces, host: "here").epochsBehind == 0)
    traces.isAlive = true
    #expect(RunHistory(traces, host: "here").epochsBehind == nil)
  }

  @Test func `a long reason is broken between words, and a command is not`() {
    var traces = RunTraces.trained(epochs: 1, of: 3, ending: nil)
    let reason = "rank 0 failed: exit 66; " + Array(repeating: "words", count: 40).joined(separator: " ")
    traces.journal += Array("{\"ended\":1100,\"status\":66,\"reason\":\"\(reason)\"}\n".utf8)
    let history = RunHistory(traces, host: "here")
    let lines = history.text(at: 2000, width: 60, plain).split(separator: "\n")
    let broken = lines.filter { $0.contains("words") }
    #expect(broken.count > 3 && broken.allSatisfy { $0.count <= 60 })
    #expect(broken.dropFirst().allSatisfy { $0.hasPrefix("         ") }, "\(broken)")
    #expect(history.text(at: 2000, plain).contains(reason))
  }

  @Test func `a run that ended early is done, and trains longer with more patience`() {
    var traces = RunTraces.trained(epochs: 2, of: 9)
    traces.recipe = Array(#"{"schedule": {"epochs": 9}, "judging": {"earlyStop": 3}}"#.utf8)
    let history = RunHistory(traces, host: "here")
    #expect(history.ending == .done && history.next.last?.command == "twins-launch resume out --early-stop 6")
    #expect(history.text(at: 2000, plain).contains("2 of 9, ended early"))
    traces.log = RunTraces.log(epochs: 9)
    #expect(
      RunHistory(traces, host: "here").next.last?.command
        == "twins-launch resume out --epochs 13 --early-stop 6")
  }

  @Test(arguments: [
    (75, RunHistory.Ending.stopped("stopped by SIGTERM"), 75 as CInt),
    (79, .failed(79, "stopped by SIGTERM"), 79), (137, .failed(137, "stopped by SIGTERM"), 137),
    (143, .stopped("stopped by SIGTERM"), 143),
  ])
  func `how the launcher ended is what it noted`(status: Int, ending: RunHistory.Ending, exit: CInt) {
    var traces = RunTraces.trained(epochs: 1, of: 3, ending: nil)
    traces.journal += Array("{\"ended\":1100,\"status\":\(status),\"reason\":\"stopped by SIGTERM\"}\n".utf8)
    let history = RunHistory(traces, host: "here")
    #expect(history.ending == ending && history.exitStatus == exit)
    #expect(history.reason == "stopped by SIGTERM")
    let halved = status == 79 ? " --lr 0.00025" : ""
    #expect(history.next.map(\.command) == ["twins-launch resume out\(halved)"])
  }

  @Test(arguments: [75, 79]) func `what a worker finished after its launcher had ended is done`(status: Int) {
    var traces = RunTraces.trained(epochs: 3, of: 3, ending: status)
    #expect(RunHistory(traces, host: "here").ending != .done, "its last line was there before")
    traces.written = 1200
    #expect(RunHistory(traces, host: "here").ending == .done)
    traces.log = RunTraces.log(epochs: 2)
    #expect(RunHistory(traces, host: "here").ending != .done)
  }

  @Test func `a launcher without an end was killed, unless it was another host's`() {
    let traces = RunTraces.trained(epochs: 1, of: 3, ending: nil)
    let history = RunHistory(traces, host: "here")
    #expect(history.ending == .killed && history.exitStatus == 70 && history.ended == nil)
    #expect(history.seconds(at: 9999) == 50, "up to its last line")
    #expect(history.next.map(\.command) == ["twins-launch resume out"])
    let elsewhere = RunHistory(traces, host: "there")
    #expect(elsewhere.ending == .elsewhere("here") && elsewhere.next.isEmpty)
    var alive = traces
    alive.isAlive = true
    #expect(RunHistory(alive, host: "here").ending == .running)
    #expect(RunHistory(alive, host: "here").seconds(at: 1007) == 7)
  }

  @Test func `of a run that no launcher noted, what is finished is done and the rest is not known`() {
    var traces = RunTraces.trained(epochs: 3, of: 3)
    traces.journal = []
    #expect(RunHistory(traces, host: "here").ending == .done)
    traces.log = RunTraces.log(epochs: 2)
    let history = RunHistory(traces, host: "here")
    #expect(history.ending == .untold && history.exitStatus == 1)
    #expect(history.began == nil && history.ended == nil && history.seconds(at: 1) == nil)
    #expect(history.workers == 2, "as the recipe has it")
    traces.record = nil
    traces.checkpoint = nil
    #expect(
      RunHistory(traces, host: "here").next.map(\.command) == [
        "twins-launch --nproc 2 --config out/recipe.json --resume auto --output-dir out"
      ])
  }

  @Test func `half a line is none, and figures that are not there are not shown`() {
    var traces = RunTraces.trained(epochs: 2, of: 5, ending: nil)
    traces.log += Array(#"{"train_lr": 1e-06, "train_lo"#.utf8)
    traces.journal += Array(#"{"ended":11"#.utf8)
    #expect(RunHistory(traces, host: "here").epochsDone == 2)
    #expect(RunHistory(traces, host: "here").ending == .killed)
    let nothing = RunHistory(RunTraces(output: "out"), host: "here")
    #expect(nothing.isEmpty && nothing.next.isEmpty)
    #expect(nothing.text(at: 0, plain) == "run out: ended, or was killed: nothing tells how")
    #expect(RunTable(histories: [nothing], now: 0).lines(width: 80)[1] == "out  unknown")
  }

  @Test func `the steps of a run that was stopped are those of its checkpoint`() {
    var traces = RunTraces.trained(epochs: 2, of: 5, ending: 75)
    traces.steps = StepLines(
      Array((RunTraces.steps(epochs: 2) + #"{"epoch": 2, "step": 27, "epoch_step": 7}"# + "\n").utf8))
    func epochs() -> String {
      RunHistory(traces, host: "here").text(at: 2000, plain).split(separator: "\n")
        .first { $0.contains("  epochs") }.map(String.init) ?? ""
    }
    #expect(epochs().hasSuffix("2 of 5, and 7 steps or more of the next; 27 updates or more"))
    traces.checkpoint = CheckpointName(epoch: 2, step: 9)
    #expect(epochs().hasSuffix("2 of 5, and 9 steps of the next; 27 updates or more"))
    traces.checkpoint = CheckpointName(epoch: 2, step: 7)
    #expect(epochs().hasSuffix("2 of 5, and 7 steps of the next; 27 updates"))
    traces.isAlive = true
    #expect(epochs().hasSuffix("7 steps or more of the next; 27 updates or more"))
  }

  @Test func `a run without evaluation has no best`() {
    var traces = RunTraces.trained(epochs: 1, of: 1)
    traces.log =
      Array(
        #"{"train_lr": 1, "train_loss": 2.5, "test_loss": null, "test_acc1": null, "test_acc5": null, "epoch": 0, "n_parameters": 9}"#
          .utf8) + [newline]
    let history = RunHistory(traces, host: "here")
    #expect(history.best == nil && history.epochsDone == 1 && history.ending == .done)
    #expect(!history.text(at: 0, plain).contains("best"))
  }

  @Test func `where another figure decides, the best is by that, and the file is its`() {
    var traces = RunTraces.trained(epochs: 1, of: 2)
    func line(_ epoch: Int, _ accuracy: Double, _ balanced: Double, _ loss: Double) -> String {
      #"{"epoch": \#(epoch), "test_acc1": \#(accuracy), "test_balanced_acc": \#(balanced), "test_loss": \#(loss)}"#
        + "\n"
    }
    traces.log = Array((line(0, 10, 60, 1.5) + line(1, 20, 50, 2)).utf8)
    for (monitor, figure) in [("loss", "loss 1.5000"), ("balanced", "balanced accuracy 60.00 %")] {
      traces.recipe = Array(#"{"schedule": {"epochs": 2}, "judging": {"monitor": "\#(monitor)"}}"#.utf8)
      let text = RunHistory(traces, host: "here").text(at: 0, plain)
      #expect(text.contains("\(figure) in epoch 0: out/best.safetensors"), "\(text)")
      #expect(text.contains("  20.00 % in epoch 1: out/last.safetensors"))
      #expect(text.contains("--monitor \(monitor)"))
    }
    #expect(RunHistory(traces, host: "here").judged(average: true) == nil)
  }

  @Test func `how images were seen is told where the reference does otherwise`() {
    var traces = RunTraces.trained(epochs: 1, of: 1)
    let usual = RunHistory(traces, host: "here").text(at: 0, plain)
    #expect(!usual.contains(" flags") && !usual.contains("class weights"))
    traces.recipe = Array(
      """
      {"data": {"inputSize": 224, "cropMode": "squash", "verticalFlip": 0.5}, "judging": {"mirrors": true},
       "loss": {"classWeights": "w.txt", "weightsOfFile": "owl 2.0"}}
      """.utf8)
    let text = RunHistory(traces, host: "here").text(at: 0, plain)
    #expect(text.contains("--crop-mode squash --vflip 0.5 --tta\n"), "\(text)")
    #expect(text.contains("owl 2.0, as w.txt said"))
  }

  @Test func `restarts are counted over all launches, and the last one's reason is told`() {
    var traces = RunTraces.trained(epochs: 1, of: 3, ending: nil)
    for attempt in 0..<30 {
      traces.journal += Array(
        "{\"failed\":1001,\"attempt\":\(attempt),\"reason\":\"rank 1 failed: \\u001b[31m\"}\n".utf8)
    }
    traces.journal += Array(RunTraces.journal(ending: 0).utf8)
    let history = RunHistory(traces, host: "here")
    #expect(history.restarts == 30 && history.launches.count == 2)
    #expect(history.text(at: 0, plain).contains("30, the last after: rank 1 failed: \\x1b[31m"))
    #expect(history.seconds(at: 0) == nil, "nobody knows when the first launcher went")
    traces.journal = Array(
      (RunTraces.journal(ending: nil) + RunTraces.journal(ending: 0, earlier: 1030)).utf8)
    #expect(RunHistory(traces, host: "here").seconds(at: 0) == 130, "it was heard up to there")
    traces.journal = Array(RunTraces.journal(ending: 0, earlier: 900).utf8)
    let noted = RunHistory(traces, host: "here")
    #expect(noted.began == nil && noted.seconds(at: 0) == nil, "it had begun before it was noted")
  }

  @Test func `of another program's files only what is known is told`() {
    var traces = RunTraces(output: "theirs")
    traces.recipe = Array(#"{"flour": 500, "a.b": 1, "a": {"b": 2}}"#.utf8)
    traces.log = Array("epoch,loss\n1,2\nEpoch 3 of 4\n{\"epoch\": -1}\n[]\n\u{0}\n".utf8)
    let history = RunHistory(traces, host: "here")
    #expect(history.isEmpty && history.epochs == nil && history.loss == nil)
  }

  @Test func `ten thousand epochs are read in a moment`() {
    var traces = RunTraces.trained(epochs: 1, of: 10_000)
    traces.log = RunTraces.log(epochs: 10_000)
    let history = RunHistory(traces, host: "here")
    #expect(history.epochsDone == 10_000 && history.best?.epoch == 1)
    #expect(history.text(at: 0, plain).split(separator: "\n").allSatisfy { $0.count < 100 })
  }

  @Test func `a table fits its width, and cuts names from the left`() {
    let deep = String(repeating: "deep/", count: 40) + "run"
    let histories = ["out", deep].map { name in
      var traces = RunTraces.trained(epochs: 10_000, of: 10_000)
      traces.output = name
      return RunHistory(traces, host: "here")
    }
    let lines = RunTable(histories: histories, now: 0).lines(width: 80)
    #expect(lines.allSatisfy { $0.count <= 80 }, "\(lines)")
    #expect(lines[2].hasPrefix("…") && lines[2].contains("deep/run  done"))
  }

  @Test func `the report has the keys of a live status`() throws {
    let history = RunHistory(.trained(epochs: 3, of: 3), host: "here")
    let line = try controlLine(HistoryReport(history, at: 0))
    let report = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    #expect(report["run"] as? String == "r1" && report["state"] as? String == "done")
    #expect(report["healthy"] as? Bool == false && (report["ranks"] as? [Any])?.isEmpty == true)
    #expect(report["epoch"] as? Int == 2 && report["epochs_done"] as? Int == 3)
    #expect((report["best"] as? [String: Any])?["acc1"] as? Double == 20)
    #expect(report["uptime_seconds"] as? Double == 100 && report["reason"] == nil)
  }

  private func plain(_ values: [Double], _ width: Int) -> String { "" }
}
