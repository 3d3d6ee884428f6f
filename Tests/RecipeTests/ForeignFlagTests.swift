import ArgumentParser
import Testing

@testable import Flags

@Suite struct ForeignFlagTests {
  @Test(arguments: [
    ("--img-size", "--input-size"), ("--grad-accum-steps", "--accumulate"),
    ("--grad_accum_steps", "--accumulate"),
    ("--initial-checkpoint", "--finetune"), ("--checkpoint-hist", "--keep"), ("-b", "--batch-size"),
    ("-j", "--num-workers"), ("--fast-dev-run", "--dry-run"), ("--experiment", "--output-dir"),
    ("--max_epochs", "--epochs"),
  ])
  func `a flag of another program is answered with ours of the same meaning`(theirs: String, ours: String)
    throws
  {
    let error = #expect(throws: (any Error).self) { try parse(theirs, "5") }
    let message = error.map { TrainingFlags.message(for: $0) } ?? ""
    let advice = try #require(ForeignFlags.advice(onMessage: message), "\(message)")
    #expect(advice.contains("here it is \(ours)"), "\(advice)")
  }

  @Test func `the flags that are named exist`() {
    let help = TrainingFlags.helpMessage(includeHidden: true, columns: 200)
    for flag in ForeignFlags.ours
    where ![
      "--nproc", "--run-id", "--run-dir", "--transport", "--nnodes", "--node-rank", "--rdzv-endpoint",
      "--exec",
    ].contains(flag) {
      #expect(help.contains(flag), "\(flag)")
    }
    for flag in ForeignFlags.theirs { #expect(!help.contains("\(flag) "), "\(flag) is our own") }
  }

  @Test func `other mistakes are left to the parser`() {
    #expect(
      ForeignFlags.advice(onMessage: "Unknown option '--batch-sise'. Did you mean '--batch-size'?") == nil)
    #expect(ForeignFlags.advice(onMessage: "Missing value for '--lr <rate>'") == nil)
  }
}
