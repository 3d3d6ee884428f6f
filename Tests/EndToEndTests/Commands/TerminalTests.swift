import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// What a terminal shows of a run: `script` gives the launcher one.
  @Suite struct TerminalTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    private func run(_ variables: String, columns: Int, _ flags: String...) throws -> (
      end: ProgramRun.End, seen: [String]
    ) {
      let training = (["--nproc", "2"] + place.training("out", "--epochs", "3", "--overwrite") + flags)
        .joined(separator: " ")
      let end = try ProgramRun(
        command:
          "\(variables) script -qec 'stty cols \(columns) rows 24; twins-launch \(training)' /dev/null",
        in: place
      ).finish()
      return (end, Terminal(showing: end.output.joined(separator: "\n")).lines)
    }

    @Test(arguments: [80, 200]) func `a terminal shows a line an epoch, and nothing of what went before`(
      columns: Int
    ) throws {
      let (end, seen) = try run("TERM=xterm LC_ALL=C.UTF-8", columns: columns)
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

    @Test(arguments: ["TERM=dumb", "TERM=xterm NO_COLOR=1"]) func `plain lines are for who wants them`(
      variables: String
    ) throws {
      let (end, seen) = try run(variables, columns: 80)
      #expect(end.status == Status.done && !end.output.joined().contains("\u{1b}"), "\(seen)")
      #expect(
        seen.contains { $0.hasPrefix("Epoch: [2]  [") } && seen.contains { $0.hasPrefix("* Acc@1") },
        "\(seen)")
    }
  }
}
