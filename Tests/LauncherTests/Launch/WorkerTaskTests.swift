import ArgumentParser
import Flags
import Recipe
import Testing

@testable import Launcher

@Suite struct WorkerTaskTests {
  private func task(_ line: String) throws -> WorkerTask {
    let flags = line.split(separator: " ").map(String.init)
    return WorkerTask(
      trainingWith: flags, try TrainingFlags.parse(flags).request(), writingTo: "OUT")
  }

  /// The request says what the command line says.
  private func isOne(_ task: WorkerTask) throws -> Bool {
    task.request == (try TrainingFlags.parse(Array(task.arguments.dropFirst())).request())
  }

  @Test func `the launcher alone removes an earlier run`() throws {
    let task = try task("--overwrite --lr 1")
    #expect(task.arguments == ["train", "--lr", "1"])
    #expect(try isOne(task))
  }

  @Test func `a run that goes on writes where it was found, an evaluation nowhere`() throws {
    let task = try task("--resume x --lr 1")
    #expect(task.arguments == ["train", "--resume", "x", "--lr", "1", "--output-dir", "OUT"])
    #expect(try isOne(task))
    #expect(try self.task("--resume x --eval").arguments == ["train", "--resume", "x", "--eval"])
    #expect(try self.task("--resume x --output-dir o").request?.run.outputDir == "o")
  }

  @Test func `another attempt goes on from the newest checkpoint`() throws {
    let task = try task("--finetune w.pth --use-ema --lr 1 --output-dir o").goingOn()
    #expect(task.arguments == ["train", "--resume", "auto", "--lr", "1", "--output-dir", "o"])
    #expect(try isOne(task))
  }

  @Test func `flags that a run began with are not said to be idle when it starts again by itself`() throws {
    let flags = "--recipe small --start-epoch 2 --epochs 9 --dist-eval"
    let saved = SavedValues(of: Recipe(), source: "checkpoint")
    func warnings(_ task: WorkerTask) throws -> [String] {
      try #require(task.request).warnings(worldSize: 2, over: saved)
    }
    let idle = try warnings(task(flags).goingOn())
    #expect(idle == ["no effect: --dist-eval (evaluation is always spread over the workers)"])
    // Who goes on himself is told.
    #expect(try warnings(task(flags + " --resume auto")).contains { $0.contains("--recipe") })
  }

  @Test(arguments: ["--lr 1", "--lr 1 --dry-run", "--lr 1 --overwrite"])
  func `a rehearsal checks the same start`(line: String) throws {
    let isOverwriting = line.contains("--overwrite")
    let rehearsal = try task(line).rehearsing(overwriting: isOverwriting)
    #expect(rehearsal.request?.run.dryRun == true && rehearsal.request?.run.overwrite == isOverwriting)
    #expect(rehearsal.arguments.filter { $0 == "--dry-run" }.count == 1)
    #expect(rehearsal.arguments.contains("--overwrite") == isOverwriting)
  }
}
