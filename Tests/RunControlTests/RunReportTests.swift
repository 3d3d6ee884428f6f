import Foundation
import Testing
import TestSupport

@testable import Drawing
@testable import RunControl

@Suite struct RunReportTests {
  private func page(_ traces: RunTraces, _ evaluation: EvaluationNote? = nil) -> String {
    RunReport(RunHistory(traces, host: "here"), evaluation, at: 2000).text
  }

  private func evaluation(classes: Int, named name: (Int) -> String = { "class \($0)" }) throws
    -> EvaluationNote
  {
    let entries = (0..<classes).map {
      ["name": name($0), "images": 10, "predicted": $0 % 2 * 20, "recall": Double($0 % 2)] as [String: Any]
    }
    let json: [String: Any] = [
      "images": 10 * classes, "acc1": 50.0, "classes": entries,
      "neverPredicted": (0..<classes).filter { $0 % 2 == 0 }.map(name),
      "confusions": [["label": name(0), "predicted": name(classes - 1), "images": 10]],
    ]
    return try JSONDecoder().decode(EvaluationNote.self, from: JSONSerialization.data(withJSONObject: json))
  }

  @Test func `a run is a page with its figures, curves, launches and values`() throws {
    var traces = RunTraces.trained(epochs: 3, of: 3)
    traces.record = LaunchRecord(arguments: [], output: "out", workers: 2, machine: "2 processors (<b>)")
    let page = page(traces, try evaluation(classes: 4))
    for part in [
      "<td>machine</td><td>2 processors (&lt;b&gt;)</td>",
      "<b>20.00 %</b><small>best Acc@1</small>", "<b>3 of 3</b>", "Acc@1 in %", "<polyline class=\"c0\"",
      "twins-launch resume out --epochs 4", "schedule.epochs", "began on here with 2 workers",
      "<b>2 of 4</b><small>classes never predicted</small>", "Never predicted: class 0, class 2.",
      "<td>class 0</td><td>class 3</td><td>10</td>",
    ] { #expect(page.contains(part), "\(part)") }
    #expect(!page.contains("<script") && page.contains("default-src 'none'"))
  }

  @Test func `what is not known is not there`() {
    var traces = RunTraces(output: "out")
    traces.recipe = Array("{}".utf8)
    let page = page(traces)
    for word in ["nan", "inf", "Acc@1", "<svg", "Classes", "took"] {
      #expect(!page.contains(">\(word)"), "\(word)")
    }
    #expect(!page.contains(#/\bnan\b/#))
  }

  @Test func `names from files are text, and nothing else`() throws {
    var traces = RunTraces.trained(epochs: 2, of: 2)
    traces.journal = Array(
      "{\"began\":1000,\"run\":\"<b>&\",\"host\":\"<script>alert(1)</script>\",\"launcher\":1,\"workers\":2}\n"
        .utf8)
    let name = "<img src=x onerror=\"alert('1')\">"
    let page = page(traces, try evaluation(classes: 2) { "\(name)\($0)" })
    #expect(!page.contains("<script>") && !page.contains("<img src=x"))
    #expect(page.contains("&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;0"))
  }

  @Test func `ten thousand classes and epochs are a page of some pages`() throws {
    var traces = RunTraces.trained(epochs: 2, of: 2)
    traces.log = RunTraces.log(epochs: 10_000)
    let page = page(traces, try evaluation(classes: 10_000))
    #expect(page.utf8.count < 200_000)
    #expect(page.contains("The 100 worst of 10000.") && page.contains("The last 100 of 10000."))
  }
}
