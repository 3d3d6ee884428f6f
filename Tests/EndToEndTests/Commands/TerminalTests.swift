import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// What a terminal shows of a run: `script` gives the launcher one.
  @Suite struct TerminalTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    private func run(_ variables: String, columns: Int, epochs: Int, rate: String) throws -> (
      end: ProgramRun.End, seen: [String]
    ) {
      let end = try ProgramRun(
        command:
          "\(variables) script -qec 'stty cols \(columns) rows 24; \(command(epochs: epochs, rate: rate))' /dev/null",
        in: place
      ).finish()
      return (end, Terminal(showing: end.output.joined(separator: "\n")).lines)
    }

    private func command(epochs: Int, rate: String) -> String {
      let flags = ["--epochs", "\(epochs)", "--lr", rate]
      return (["twins-launch", "--nproc", "2"] + place.training("out") + flags).joined(separator: " ")
    }

    @Test(arguments: [80, 200]) func `a terminal shows a line an epoch, and nothing of what went before`(
      columns: Int
    ) throws {
      let (end, seen) = try run("TERM=xterm LC_ALL=C.UTF-8", columns: columns, epochs: 3, rate: "1e-3")
      #expect(end.status == Status.done, "\(seen)")
      // What was drawn below them is gone.
      #expect(end.output.contains { $0.contains("━") } && !seen.contains { $0.contains("━") }, "\(seen)")
      #expect(!seen.contains { $0.contains("Epoch: [") || $0.contains("* Acc@1") }, "\(seen)")
      let files = RunFiles(folder: place.output("out"))
      let epochs = try files.epochs()
      let head = try #require(seen.firstIndex { $0.hasPrefix(" epoch     loss") })
      let rows = seen[head...].filter { $0.hasPrefix("     ") }.map {
        $0.split(separator: " ").map(String.init)
      }
      #expect(rows.map { $0[0] } == ["0", "1", "2"], "\(seen)")
      for (row, epoch) in zip(rows, epochs) {
        #expect(row[3] == String(format: "%.2f", epoch.values["test_acc1"] ?? -1))
      }
      let log = String(decoding: try files.bytes("run/logs/attempt-0/rank-0.log"), as: UTF8.self)
      #expect(log.contains("Epoch: [2]  [") && log.contains("Max accuracy: "))
    }

    /// At a rate so small, another processor's rounding is in no digit.
    @Test(arguments: ["TERM=dumb", "TERM=xterm NO_COLOR=1", nil])
    func `plain lines are for pipes and for who wants them, and are those they were`(variables: String?)
      throws
    {
      let rate = "1e-5"
      let (end, seen) =
        if let variables {
          try run(variables, columns: 80, epochs: 2, rate: rate)
        } else {
          try piped(rate: rate)
        }
      #expect(end.status == Status.done && !end.output.joined().contains("\u{1b}"), "\(seen)")
      let lines = seen.filter { !$0.isEmpty && !$0.hasPrefix("twins-launch: ") && !$0.hasPrefix("[rank ") }
      let golden = try String(contentsOf: Golden.url("plain-lines.txt", in: .module), encoding: .utf8)
      #expect(lines.map(marked).joined(separator: "\n") + "\n" == golden)
    }

    private func piped(rate: String) throws -> (end: ProgramRun.End, seen: [String]) {
      let end = try ProgramRun(command: command(epochs: 2, rate: rate), in: place).finish()
      return (end, end.output)
    }

    /// A line with a mark for what is another each time, or on another machine.
    private func marked(_ line: String) -> String {
      line.replacing(/\d+:\d\d:\d\d/, with: "H:MM:SS")
        .replacing(/(time|data): \d+\.\d{4}/) { "\($0.output.1): S.SSSS" }
        .replacing(/\(\d+\.\d{4} s/, with: "(S.SSSS s")
        .replacing(/max mem: \d+/, with: "max mem: MB").replacing(/kernels: .*/, with: "kernels: …")
    }
  }
}
