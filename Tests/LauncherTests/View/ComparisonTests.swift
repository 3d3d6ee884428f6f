import Foundation
import Recipe
import TestSupport
import Testing

@testable import Launcher
@testable import Drawing
@testable import RunControl

/// Runs beside each other.
@Suite struct ComparisonTests {
  private let plain = Canvas(width: 80, height: nil, isUnicode: false, isColoured: false)

  private let same = #"{"seed": 1}"#

  @Test func `only values that differ are told, by the flags that set them`() throws {
    let comparison = Comparison(runs: [
      run("a", #"{"seed": 1, "schedule": {"rate": 0.001, "epochs": 3}, "digest": "x"}"#),
      run("b", #"{"seed": 1, "schedule": {"rate": 0.002, "epochs": 3}, "digest": "y"}"#),
      run("c", "{}"),
    ])
    #expect(
      comparison.differences == [
        .init(name: "schedule.rate", flag: "--lr", values: ["0.001", "0.002", nil])
      ])
    #expect(
      Comparison(runs: [run("a", same), run("b", same)]).lines(at: 0, on: plain).contains(
        "the recipes say the same"))
  }

  @Test func `all lines fit the width, whatever the values`() {
    let long = String(repeating: "x", count: 300)
    let runs = (0..<Comparison.mostRuns).map { number in
      var traces = RunTraces.trained(epochs: 30, of: 30)
      traces.output = "r\(number)"
      traces.recipe = Array(#"{"data": {"path": "\#(long)\#(number)"}, "schedule": {"epochs": 30}}"#.utf8)
      return RunHistory(traces, host: "here")
    }
    let lines = Comparison(runs: runs).lines(at: 0, on: plain)
    #expect(lines.allSatisfy { $0.count <= 140 }, "\(lines)")
    #expect(Comparison(runs: Array(runs.prefix(2))).lines(at: 0, on: plain).allSatisfy { $0.count <= 80 })
  }

  @Test func `a run without figures has blanks and no curve`() {
    let comparison = Comparison(runs: [RunHistory(.trained(epochs: 2, of: 3), host: "here"), run("b", "{}")])
    let lines = comparison.lines(at: 0, on: plain)
    #expect(lines.contains { $0 == "best Acc@1       20.00 %" })
    #expect(!lines.contains { $0.contains(" nan") || $0.contains("0.00 %  0.00") })
    let nothing = Comparison(runs: [run("a", same), run("b", same)]).lines(at: 0, on: plain)
    #expect(!nothing.contains { $0.contains("loss of training") })
  }

  @Test func `scripts read figures, differences and curves`() throws {
    let comparison = Comparison(runs: [
      RunHistory(.trained(epochs: 2, of: 3), host: "here"),
      RunHistory(.trained(epochs: 3, of: 4), host: "here"),
    ])
    let text = try controlLine(ComparisonReport(comparison, at: 0))
    let report = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    let differences = try #require(report["differences"] as? [[String: Any]])
    #expect(differences.map { $0["name"] as? String } == ["schedule.epochs"])
    #expect(differences[0]["flag"] as? String == "--epochs")
    let curves = try #require(report["curves"] as? [[String: Any]])
    #expect(curves[0]["acc1"] as? [[Double]] == [[1, 10], [2, 20]])
  }

  private func run(_ name: String, _ recipe: String) -> RunHistory {
    var traces = RunTraces(output: name)
    traces.recipe = Array(recipe.utf8)
    return RunHistory(traces, host: "here")
  }
}
