import Testing

@testable import WorkerLink

@Suite struct RunLayoutTests {
  @Test func `the files of a run keep the names that scripts and earlier runs know`() {
    #expect(
      Set(RunLayout.files) == [
        "best.safetensors", "last.safetensors", "best_ema.safetensors", "last_ema.safetensors", "log.txt",
        "train.jsonl", "log.txt.earlier", "train.jsonl.earlier", "recipe.json", "report.html",
        "summary.csv", "summary.csv.earlier", "by-class.json",
      ])
    #expect(RunLayout.weights(.best, average: true) == "best_ema.safetensors")
    #expect(RunLayout.lock == "\(RunLayout.launcher)/lock" && RunLayout.launch == "launch.json")
  }
}
