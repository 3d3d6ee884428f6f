import Foundation
import Testing

/// The scripts in `test/`, with a shell script in the place of `twins-launch`.
@Suite struct ScriptTests {
  /// Writes what a run of two epochs writes: 1,000 and 40 iterations of 16 images, 100 and 50 images a second.
  private static let launcher = #"""
    #!/bin/bash
    while [ $# -gt 0 ]; do [ "$1" = --output-dir ] && out=$2; shift; done
    mkdir -p "$out"
    echo "Epoch: [0]  [   0/1001]  eta: 1 day, 2:00:00  lr: 0.1  loss: 2.5 (2.6)  time: 9  fps:0.0000  data: 0"
    echo "Epoch: [0]  [  20/1001]  eta: 1 day, 2:00:00  lr: 0.1  loss: 2.5 (2.6)  time: 9  fps:999.0000  data: 0"
    echo "Epoch: [0]  [  30/1001]  eta: 1 day, 2:00:00  lr: 0.1  loss: 2.5 (2.4)  time: 9  fps:100.0000  data: 0"
    echo "Epoch: [0]  [ 990/1001]  eta: 0:00:01  lr: 0.1  loss: 2.5 (2.3)  time: 9  fps:200.5000  data: 0"
    echo "Epoch: [0]  [1000/1001]  eta: 0:00:00  lr: 0.1  loss: 2.5 (2.2)  time: 9  fps:999.0000  data: 0"
    echo "Epoch: [1]  [39/40]  eta: 0:00:00  lr: 0.1  loss: 2.5 (2.1)  time: 9  fps:999.0000  data: 0"
    echo "Test:  [30/40]  eta: 0:00:00  loss: 1  acc1: 1 (1)  acc5: 1 (1)  time: 9  data: 0"
    echo '{"epoch": 0, "step": 1, "images_per_second": 100}' >>"$out/train.jsonl"
    echo '{"epoch": 0, "step": 1001, "images_per_second": 100}' >>"$out/train.jsonl"
    echo '{"epoch": 1, "step": 1002, "images_per_second": 50}' >>"$out/train.jsonl"
    echo '{"epoch": 1, "step": 1041, "images_per_second": 50}' >>"$out/train.jsonl"
    echo '{"train_loss": 2.2, "test_acc1": 70.5, "epoch": 0}' >>"$out/log.txt"
    echo '{"train_loss": 2.1, "test_acc1": 71.25, "epoch": 1}' >>"$out/log.txt"
    """#

  @Test func `the figures are the reference's, and an earlier run's do not count`() throws {
    let run = try ScriptRun("train_full_8p", launcher: Self.launcher)
    for _ in 0..<2 {
      let (status, output) = try run("--data_path=/d", "--nproc=2", "--batch_size=8")
      #expect(status == 0)
      #expect(output.contains("every iteration included: 96.300\n"))  // 1,041 × 16 / (160.16 + 12.8)
      let block = output.split(separator: "\n").suffix(4)
      #expect(block.first == "------------------ Final result ------------------")
      #expect(
        block.dropFirst().prefix(2) == [
          "Final Performance images/sec : 150.250", "Final Train Accuracy : 71.250",
        ])
      #expect(block.last?.hasPrefix("E2E Training Duration sec : ") == true)
    }
    let name = "Twins_ALTGVT_Small_bs8_2p_acc"
    let values = try run.file("\(name).log").split(separator: "\n")
    #expect(
      values.map { String($0.prefix { $0 != "=" }) } == [
        "Network ", "RankSize ", "BatchSize ", "DeviceType ", "CaseName ", "ActualFPS ", "TrainingTime ",
        "TrainAccuracy ", "ActualLoss ", "E2ETrainingTime ",
      ])
    #expect(values.contains("RankSize = 2") && values.contains("CaseName = \(name)"))
    #expect(values.contains("TrainingTime = 106.49") && values.contains("ActualLoss = 2.1000"))
    #expect(try run.file("train_\(name)_loss.txt") == "2.6\n2.6\n2.4\n2.3\n2.2\n2.1\n")
  }

  @Test(arguments: [("exit 79", 79), ("kill -9 $$", 137), ("echo nothing was written", 70)])
  func `a training that fails makes the script fail, without figures`(script: String, status: Int32) throws {
    let run = try ScriptRun("train_full_8p", launcher: "#!/bin/bash\necho the last line\n\(script)\n")
    let (ended, output) = try run("--data_path=/d")
    #expect(ended == status)
    #expect(!output.contains("Final"))
    #expect(output.contains("[Error] "))
    #expect(status == 70 || output.contains("the last line"))
    #expect(throws: (any Error).self) { try run.file("Twins_ALTGVT_Small_bs128_8p_acc.log") }
  }

  @Test func `each script passes the port's values on, options over them, paths from where it was called`()
    throws
  {
    let echo = "#!/bin/bash\necho \"$*\"\nexit 1\n"
    let cases = [
      (
        "train_performance_1p",
        ["--nproc 1 ", "--epochs 2 ", "--max_step=1000", "--no_eval", "--batch-size 128 "]
      ),
      ("train_performance_8p", ["--nproc 8 ", "--epochs 2 ", "--model alt_gvt_small "]),
      ("train_full_8p", ["--nproc 8 ", "--epochs 100 ", "--drop-path 0.3 ", "--amp O1"]),
      ("train_finetune_1p", ["--nproc 1 ", "--epochs 10 ", "--finetune /w.pth"]),
    ]
    for (script, wanted) in cases {
      let run = try ScriptRun(script, launcher: echo)
      let (_, output) = try run("--data_path=images", "--finetune_pth=/w.pth", "--lr=0.1")
      for words in wanted + ["--data-path \(run.folder)/images ", "--lr=0.1"] {
        #expect(output.contains(words), "\(script): \(words)")
      }
    }
  }

  @Test func `what is missing is named`() throws {
    let run = try ScriptRun("train_finetune_1p", launcher: Self.launcher)
    #expect(
      try run("--data_path=/d") == (64, "[Error] --finetune_pth=FILE is missing: the weights to start from\n")
    )
    #expect(try run("--finetune_pth=/w.pth").output.hasPrefix("[Error] --data_path=DIR is missing"))
    #expect(try run("data").status == 64)
  }
}

/// A script of `test/` in a folder of its own.
private final class ScriptRun {
  let folder: String
  private let script: String

  init(_ name: String, launcher: String) throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    script = root.appending(path: "test/\(name).sh").path
    folder =
      FileManager.default.temporaryDirectory.resolvingSymlinksInPath().appending(
        path: "script-\(UUID().uuidString)"
      ).path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try launcher.write(toFile: "\(folder)/launcher", atomically: false, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(folder)/launcher")
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  func callAsFunction(_ arguments: String...) throws -> (status: Int32, output: String) {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: "/bin/bash")
    process.arguments = [script] + arguments
    process.currentDirectoryURL = URL(filePath: folder)
    process.environment = [
      "PATH": "/usr/bin:/bin", "TWINS_LAUNCH": "\(folder)/launcher", "TWINS_TEST_OUTPUT": "\(folder)/output",
    ]
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }

  func file(_ name: String) throws -> String {
    try String(contentsOfFile: "\(folder)/output/\(name)", encoding: .utf8)
  }
}
