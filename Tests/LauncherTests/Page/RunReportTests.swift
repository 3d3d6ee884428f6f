import Foundation
import Testing

@testable import Launcher

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
    let page = page(.trained(epochs: 3, of: 3), try evaluation(classes: 4))
    for part in [
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

  @Test func `a chart has its curves within its frame, flat ones and single points too`() throws {
    for values in [[1.0], [2, 2, 2], [0, -5, 1e9], [.nan, 1, .infinity]] {
      let points = values.enumerated().map { CurvePoint(x: Double($0 + 1), y: $1) }
      let html = try #require(Chart("t", [Chart.Series(name: "a", points: points)])).html
      let places = html.matches(of: #/(?:points="|\s|cx=")(\d+\.\d),(\d+\.\d)/#)
      for place in places {
        #expect((0...640).contains(Double(place.1) ?? -1) && (0...260).contains(Double(place.2) ?? -1))
      }
      #expect(!html.contains("nan") && !html.contains("inf"))
    }
    #expect(Chart("t", [Chart.Series(name: "a", points: [])]) == nil)
    let long = (0..<100_000).map { CurvePoint(x: Double($0), y: Double($0 % 7)) }
    #expect(try #require(Chart("t", [Chart.Series(name: "a", points: long)])).html.utf8.count < 20_000)
  }

  @Test(
    arguments: [
      (0, "0"), (4.2e-4, "4.20e-4"), (0.5, "0.500"), (2.2707, "2.271"), (65.6, "65.6"), (1372.6, "1373"),
      (-5, "-5.000"),
    ] as [(Double, String)]) func `figures have the digits that tell them apart`(value: Double, text: String)
  {
    #expect(significant(value) == text)
  }
}
