import Foundation
import Testing

extension EndToEnd {
  /// What is told of real runs.
  @Suite struct HistoryTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    private struct Report: Decodable {
      struct Step: Decodable {
        let purpose: String
        let command: String
      }
      struct Best: Decodable { let file: String }
      let state: String
      let epochsDone: Int
      let epochs: Int
      let restarts: Int
      let launches: Int
      let best: Best
      let next: [Step]
    }

    @Test func `a run is watched to its end, listed, and gone on with by the commands that are told`() throws
    {
      let out = place.output("out")
      let run = try ProgramRun(
        .launcher, ["--nproc", "2"] + place.training("out", "--epochs", "2"), in: place)
      try run.read(to: "Start training")
      let watch = try ProgramRun(.launcher, ["watch", out, "--every", "0.1"], in: place)
      #expect(try run.finish().status == Status.done)
      let watched = try watch.finish()
      #expect(watched.status == Status.done, "\(watched.errors)")
      #expect(watched.output.contains { $0.hasPrefix("run ") && $0.contains(": done") }, "\(watched.output)")

      // Without a folder, what else runs on this machine is listed too.
      let list = try ProgramRun(.launcher, ["list", "."], in: place, directory: place.folder).finish().output
      #expect(list.count == 2 && list[1].hasPrefix("out  done") && list[1].contains("2/2"), "\(list)")

      var report = try self.report(out, status: Status.done)
      #expect(report.state == "done" && report.epochsDone == 2 && report.restarts == 0)
      #expect(FileManager.default.fileExists(atPath: report.best.file))
      let longer = try #require(report.next.first { $0.purpose == "train longer" })
      let more = try ProgramRun(command: longer.command, in: place).finish()
      #expect(more.status == Status.done, "\(more.errors)")
      report = try self.report(out, status: Status.done)
      #expect(report.epochs == 3 && report.epochsDone == 3 && report.launches == 2)
    }

    private func report(_ run: String, status: Int32) throws -> Report {
      let end = try ProgramRun(.launcher, ["status", run, "--json"], in: place).finish()
      #expect(end.status == status, "\(end.errors)")
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      return try decoder.decode(Report.self, from: Data(end.output.joined().utf8))
    }
  }
}
