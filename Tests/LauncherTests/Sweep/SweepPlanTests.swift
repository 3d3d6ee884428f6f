import Recipe
import Testing

@testable import Launcher

/// What a sweep's file comes to.
@Suite struct SweepPlanTests {
  private func plan(_ text: String, named file: String = "rates.json") throws -> SweepPlan {
    SweepPlan(try SweepFile(text, named: file))
  }

  private func random(_ runs: Int, seed: Int = 1) throws -> SweepPlan {
    try plan(
      """
      {"random": {"runs": \(runs), "seed": \(seed), "flags": {
        "lr": {"min": 1e-5, "max": 1e-3, "log": true}, "epochs": {"min": 3, "max": 5},
        "drop-path": {"min": 0, "max": 0.5}, "opt": ["adamw", "sgd"]}}}
      """)
  }

  @Test func `a grid is every combination, over the flags of all runs`() throws {
    let plan = try plan(
      """
      {"flags": {"data_path": "a b", "nproc": 2, "no-eval": true, "lr-scaling": false, "dist-eval": null},
       "grid": {"lr": [1e-4, 0.001], "aug": [true, false], "opt_betas": [[0.9, 0.99]]}, "output": "out"}
      """)
    #expect(plan.flags == ["aug", "lr", "opt-betas"])
    let base = ["--data-path=a b", "--no-lr-scaling", "--no-eval", "--nproc=2"]
    #expect(
      plan.runs.map(\.flags)
        == [
          ["--aug", "--lr=0.0001"], ["--aug", "--lr=0.001"], ["--no-aug", "--lr=0.0001"],
          ["--no-aug", "--lr=0.001"],
        ].map { base + $0 + ["--opt-betas", "0.9", "0.99"] })
    #expect(plan.runs[3].arguments.suffix(2) == ["--output-dir=out/run-004", "--resume=auto"])
    #expect(plan.runs[2].label(plan.flags) == "aug=false lr=0.0001 opt-betas=0.9 0.99")
    #expect(plan.figure == .acc1)
  }

  @Test(arguments: [
    ("loss", ["--monitor=loss"]), ("balanced", ["--monitor=balanced"]), ("acc1", []), ("ema", []),
  ])
  func `runs keep the weights of the epoch by which they are judged`(figure: String, flags: [String]) throws {
    let judged = try plan(#"{"grid": {"lr": [1]}, "figure": "\#(figure)", "output": "out"}"#)
    #expect(judged.runs[0].flags == flags + ["--lr=1"])
    let asked = try plan(
      #"{"flags": {"monitor": "acc1"}, "grid": {"lr": [1]}, "figure": "\#(figure)", "output": "out"}"#)
    #expect(asked.runs[0].flags == ["--monitor=acc1", "--lr=1"])
  }

  @Test func `draws are the same each time, lie in their ranges, and stay when there are more`() throws {
    let plan = try random(40)
    #expect(try plan == random(40))
    #expect(try random(60).runs.prefix(40).map(\.values) == plan.runs.map(\.values))
    #expect(try random(40, seed: 2).runs.map(\.values) != plan.runs.map(\.values))
    let drawn = plan.runs.map(\.values)
    #expect(plan.flags == ["drop-path", "epochs", "lr", "opt"])
    #expect(drawn.allSatisfy { (0...0.5).contains(Double($0[0]) ?? -1) })
    #expect(Set(drawn.map { $0[1] }) == ["3", "4", "5"])
    #expect(Set(drawn.map { $0[3] }) == ["adamw", "sgd"])
    let rates = drawn.compactMap { Double($0[2]) }
    #expect(rates.count == 40 && rates.allSatisfy { (1e-5...1e-3).contains($0) })
    // Half of them on either side of the middle of the logarithms.
    #expect((10...30).contains(rates.count { $0 < 1e-4 }))
    #expect(drawn.allSatisfy { $0[2].count <= 9 }, "\(drawn)")
  }

  @Test func `more runs at the end are the same sweep, others are not`() throws {
    let (few, more, other) = (try random(4), try random(6), try random(4, seed: 2))
    #expect(more.conflict(with: few.runs.map(\.flags)) == nil)
    #expect(more.conflict(with: []) == nil)
    #expect(few.conflict(with: more.runs.map(\.flags)) == "it has 6 runs, and 4 are asked for now")
    #expect(try #require(few.conflict(with: other.runs.map(\.flags))).contains("its run-001 has --"))
  }

  @Test(arguments: [
    ("[]", "must be an object"), ("{", "not JSON"),
    (#"{"grids": {"lr": [1]}}"#, "there is no grids here; is grid meant?"),
    (#"{"flags": {}}"#, "one of grid and random"),
    (#"{"grid": {"lr": [1]}, "random": {"runs": 1, "flags": {"lr": [1]}}}"#, "one of grid and random"),
    (#"{"grid": {}}"#, "grid: no flag varies here"), (#"{"grid": {"lr": 1}}"#, "grid.lr: must be a list"),
    (#"{"grid": {"lr": []}}"#, "grid.lr: must be a list"),
    (#"{"grid": {"lr": [1, 2, 1]}}"#, "grid.lr: 1 stands here twice"),
    (#"{"grid": {"lr": {"min": 0, "max": 1}}}"#, "grid.lr: must be a list"),
    (#"{"random": {"flags": {"lr": [1]}}}"#, "random: runs must say how many"),
    (#"{"random": {"runs": 2, "flags": {"lr": {"min": 0, "max": 1, "log": true}}}}"#, "above 0 where log"),
    (#"{"random": {"runs": 2, "flags": {"lr": {"min": -1.7e308, "max": 1.7e308}}}}"#, "too far apart"),
    (
      #"{"random": {"runs": 2, "flags": {"lr": {"min": 1, "max": 1}}}}"#,
      "random.flags.lr: min must lie below"
    ),
    (#"{"grid": {"output_dir": ["a"]}}"#, "output_dir: each run has a folder of its own"),
    (#"{"flags": {"nnodes": 2}, "grid": {"lr": [1]}}"#, "one host each"),
    (#"{"flags": {"lr": 2}, "grid": {"lr": [1]}}"#, "lr is among flags, and varied too"),
    (#"{"grid": {"drop_path": [0], "drop-path": [1]}}"#, "drop-path stands here twice"),
    (#"{"grid": {"lr": [1]}, "figure": "f1"}"#, "figure must be one of acc1, balanced, loss, ema"),
    (#"{"random": {"runs": 20000, "flags": {"lr": [1]}}}"#, "from 1 to 10000"),
    (
      #"{"random": {"runs": 2, "flags": {"lr": {"min": 1, "max": 2, "log": "yes"}}}}"#,
      "log must be true or false"
    ),
    (
      #"{"random": {"runs": 2, "flags": {"seed": {"min": 0, "max": 9223372036854775807}}}}"#,
      "from -2^53 to 2^53"
    ),
    (
      #"{"grid": {"\#((1...10).map { "f\($0)\": [\((1...100).map(String.init).joined(separator: ","))" }.joined(separator: "], \""))]}}"#,
      "that is too many runs"
    ),
  ])
  func `what is wrong in a file is named`(text: String, words: String) {
    let error = #expect(throws: RecipeError.self) { try SweepFile(text, named: "a.json") }
    #expect(
      error.map { $0.description.hasPrefix("a.json:") && $0.description.contains(words) } == true,
      "\(error as Any)")
    #expect(error?.exitStatus == .badConfiguration)
  }

  @Test func `the folder is called after the file unless the file says otherwise`() throws {
    #expect(try plan(#"{"grid": {"lr": [1]}}"#, named: "my/rates.json").output == "rates")
    #expect(try plan(#"{"grid": {"lr": [1]}}"#, named: "my/rates").output == "rates-runs")
  }

  @Test func `a run's flags are looked at before any of them begins`() throws {
    let plan = try plan(
      #"{"flags": {"data-path": "x"}, "grid": {"drop-path": [0.1, -1], "model": ["alt_gvt_nano", "nothing"]}}"#
    )
    let refusals = plan.runs.compactMap { SweepCheck.refusal(of: $0) }
    #expect(refusals.map(\.run.number) == [2, 3, 4])
    #expect(refusals.allSatisfy { $0.status == ExitStatus.usage.rawValue })
    let text = SweepCheck.text(refusals, of: 4)
    #expect(text.contains("run-003 cannot start: --drop-path -1.0"), "\(text)")
    #expect(SweepCheck.text(Array(refusals.prefix(1)), of: 1).hasPrefix("no run can start: "))
  }
}
