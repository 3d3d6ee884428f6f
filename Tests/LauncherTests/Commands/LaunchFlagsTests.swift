import ArgumentParser
import Testing

@testable import Launcher
@testable import RunControl

@Suite struct FlagGroupsTests {
  @Test(arguments: [
    ["--nproc", "8", "--model", "m", "--dist-eval"],
    ["--nproc=8", "--transport", "ipc", "--shm-size=1G", "--model", "m", "--dist-eval"],
    ["--model", "m", "--nproc-per-node", "8", "--dist-eval"],
    ["--model", "m", "--dist-eval", "--run-id", "a", "--run-dir=/tmp/x", "--grace", "2.5"],
    ["--threads-per-worker", "1", "--model", "m", "--dist-eval", "--"],
  ])
  func `launch flags stay behind`(_ arguments: [String]) {
    #expect(LaunchFlags.removed(from: arguments) == ["--model", "m", "--dist-eval"])
  }

  @Test(arguments: [
    ["--nproc", "8", "--plain", "runs/first", "--data-path", "d"],
    ["runs/first", "--nproc", "8", "--plain", "--tta"],
    ["--tta", "--nproc", "8", "runs/first", "--plain"],
    ["--nproc", "8", "--no-shards-by-host", "nproc", "--plain"],
    ["nproc", "--nproc", "8", "--plain"],
  ])
  func `launch flags alone are kept, wherever the weights are named`(_ arguments: [String]) {
    #expect(LaunchFlags.kept(from: arguments) == ["--nproc", "8", "--plain"])
    #expect(
      LaunchFlags.kept(from: ["--nproc=8", "runs/first", "--node-rank", "1"]) == [
        "--nproc=8", "--node-rank", "1",
      ])
  }

  @Test func `values are kept as they are`() {
    let arguments = ["--data-path", "train", "--output-dir=a=b", "--opt-betas", "0.9", "0.999", "--lr", "-1"]
    #expect(LaunchFlags.removed(from: arguments) == arguments)
  }

  /// A flag added to `LaunchFlags` but not to the list would stand in commands of workers, which do not know it.
  @Test func `every launch flag is listed`() {
    let words = (LaunchFlags.helpMessage() + RingFlags.helpMessage()).split {
      $0 == " " || $0 == "\n" || $0 == ","
    }
    let flags = Set(words.filter { $0.hasPrefix("--") }.map(String.init))
    #expect(flags.subtracting(["--help"]) == LaunchFlags.names.union(RingFlags.names))
  }

  @Test func `finds the value of a flag`() {
    let flags = FlagGroups(["--data-path", "a", "--data-path=b", "--eval"])
    #expect(flags.value(of: "data-path") == "b")
    #expect(flags.value(of: "model") == nil)
    #expect(flags.value(of: "eval") == nil)
  }

  @Test func `a switch is on that is not taken back`() {
    #expect(FlagGroups(["--no-eval", "--eval"]).isOn("eval"))
    #expect(!FlagGroups(["--eval", "--no-eval"]).isOn("eval") && !FlagGroups([]).isOn("eval"))
  }
}

@Suite struct LaunchFlagsTests {
  @Test func `parses`() throws {
    let flags = try LaunchFlags.parse(["--nproc", "8", "--run-id", "digits.1", "--grace=2.5"])
    #expect(flags.workers == .exactly(8))
    #expect(flags.runIdentifier == RunIdentifier("digits.1"))
    #expect(flags.grace == 2.5)
    #expect(try LaunchFlags.parse([]).workers == .automatic)
    #expect(try LaunchFlags.parse([]).restarts.budget(usual: 0).count == 0)
    #expect(try LaunchFlags.parse(["--max-restarts", "2"]).restarts.budget(usual: 0).count == 2)
    #expect(try LaunchFlags.parse(["--nproc-per-node", "auto"]).workers == .automatic)
  }

  @Test(arguments: [
    ["--nproc", "0"], ["--nproc", "-1"], ["--nproc", "many"], ["--nproc", "1025"], ["--run-id", "a/b"],
    ["--run-id", ""], ["--run-id", ".."], ["--grace", "-1"], ["--threads-per-worker", "0"], ["--nproc"],
  ])
  func `refuses`(_ arguments: [String]) {
    let error = #expect(throws: (any Error).self) { try LaunchFlags.parse(arguments) }
    #expect(error.map { LaunchFlags.exitCode(for: $0) } == .validationFailure)
  }

  @Test func `automatic is one worker for each card`() {
    #expect(WorkerCount.automatic.resolved { 4 } == 4)
    #expect(WorkerCount.automatic.resolved { 0 } == 1)
    #expect(WorkerCount.exactly(8).resolved { 4 } == 8)
  }

  @Test func `random run identifiers are valid`() {
    #expect(RunIdentifier(RunIdentifier.random().text) != nil)
    #expect(RunIdentifier(String(repeating: "x", count: 65)) == nil)
  }
}
