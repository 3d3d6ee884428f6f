import Foundation
import Glibc
import Testing

@testable import Launcher

extension EndToEnd {
  /// The lines of a run's logs, when attempts saved nothing.
  @Suite struct LogTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    private static let earlier =
      #"{"epoch":0,"step":900,"epoch_step":900,"loss":1,"lr":1,"grad_norm":1}"# + "\n"

    @Test func `an attempt that died before the first checkpoint leaves no line twice`() throws {
      try writeEarlier()
      let run = try launch()
      try run.read(to: "Epoch: [0]")
      kill(try #require(run.workers[1]), SIGKILL)
      let end = try run.finish()
      #expect(end.status == Status.done, "\(end.errors)")
      #expect(end.errors.contains("starting again in"))
      #expect(try steps() == [900] + Array(1...20), "another run's lines stay")
      let epochs = try RunFiles(folder: place.output("out")).bytes("log.txt")
      #expect(epochs.count { $0 == UInt8(ascii: "\n") } == 1)
      let table = try RunFiles(folder: place.output("out")).bytes("summary.csv")
      #expect(table.count { $0 == UInt8(ascii: "\n") } == 2)
      #expect(try RunFiles(folder: place.output("out")).names("tensorboard").count == 1)
      #expect(run.workers.isEmpty && place.leftovers.isEmpty)
    }

    @Test func `a run that is to go on, and finds no checkpoint, begins its logs anew`() throws {
      try writeEarlier()
      #expect(try launch("--resume", "auto").finish().status == Status.done)
      #expect(try steps() == Array(1...20))
      let aside = try RunFiles(folder: place.output("out")).bytes("train.jsonl.earlier")
      #expect(aside == Data(Self.earlier.utf8))
    }

    /// By another file the launcher sees that an attempt has resumed.
    @Test func `a resume replaces the file of steps even where none is to be cut`() throws {
      #expect(try launch().finish().status == Status.done)
      let path = "\(place.output("out"))/train.jsonl"
      let file = ProgressFile(path: path)
      #expect(file.newest == nil)
      #expect(try launch("--resume", "auto").finish().status == Status.done)
      #expect(file.newest?.step == 20)
      #expect(try steps() == Array(1...20))
    }

    private func launch(_ flags: String...) throws -> ProgramRun {
      let training = place.training("out", "--batch-size", "1", "--log-every", "1", "--no-eval")
      return try ProgramRun(.launcher, ["--nproc", "3"] + training + flags, in: place)
    }

    private func writeEarlier() throws {
      let folder = place.output("out")
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try Self.earlier.write(toFile: "\(folder)/train.jsonl", atomically: false, encoding: .utf8)
    }

    private func steps() throws -> [Int] { try RunFiles(folder: place.output("out")).steps().map(\.step) }
  }
}
