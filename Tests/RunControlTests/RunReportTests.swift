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
      "classCount": classes, "neverPredictedCount": (classes + 1) / 2, "mistakes": [] as [Any],
      "neverPredicted": (0..<classes).filter { $0 % 2 == 0 }.prefix(100).map(name),
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

  @Test func `values are shown by the flags that set them`() {
    let history = RunHistory(.trained(epochs: 1, of: 3), host: "here")
    let page = RunReport(history, nil, at: 2000) { $0 == "schedule.rate" ? "--lr" : nil }.text
    #expect(page.contains("<td>--lr</td><td>0.0005</td><td>schedule.rate</td>"))
    #expect(page.contains("<td></td><td>2</td><td>worldSize</td>") && page.contains("in recipe.json"))
  }

  @Test func `what is taken for what is shown in colours, and the worst mistakes with their pictures`() throws
  {
    let table = try #require(
      ConfusionTable(wrong: [(label: 0, predicted: 1, images: 3)], right: [7, 5]) { ["<ash>", "beech"][$0] })
    let picture = Data("a picture".utf8).base64EncodedString()
    let mistakes = (0..<20).map {
      EvaluationNote.Mistake(
        path: "/data/val/<ash>/\($0).png", label: "<ash>", predicted: "beech", confidence: 0.75,
        picture: $0 == 1 ? "\" onerror=\"alert(1)" : picture)
    }
    var note = EvaluationNote(
      images: 15, classCount: 2, classes: [], neverPredictedCount: 0, neverPredicted: [], confusions: [],
      confusion: table, mistakes: mistakes)
    (note.epoch, note.acc1) = (4, 80)
    let page = page(.trained(epochs: 3, of: 3), note)
    #expect(page.contains("<svg class=\"heat\"") && page.contains("&lt;ash&gt; taken for beech: 3 images"))
    #expect(page.components(separatedBy: "src=\"data:image/png;base64,\(picture)\"").count == 1 + 11)
    #expect(page.contains("(75.0 %)") && page.contains("…/val/&lt;ash&gt;/0.png"))
    #expect(!page.contains("onerror=\"") && !page.contains("<ash>"))
    #expect(note.headline.hasPrefix("Training's own evaluation after epoch 4: 15 images, Acc@1 80.00 %"))
    note.weights = "best.safetensors"
    #expect(note.headline.hasPrefix("evaluate, of best.safetensors as epoch 4 left it: 15 images"))
  }

  @Test func `of training's evaluation and those of evaluate the newest is shown`() throws {
    let folder = try TemporaryFolder()
    let note = try evaluation(classes: 3)
    #expect(EvaluationNote(ofRunIn: folder.path) == nil)
    let inner = "\(folder.path)/best-evaluation"
    try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: true)
    let files = ["\(inner)/by-class.json", "\(folder.path)/by-class.json"]
    for (place, path) in files.enumerated() {
      var note = note
      note.epoch = place
      try note.write(to: path)
      try set(Double(1000 + place), path)
    }
    #expect(EvaluationNote(ofRunIn: folder.path)?.epoch == 1)
    try set(2000, files[0])
    let newest = try #require(EvaluationNote(ofRunIn: folder.path))
    #expect(newest.epoch == 0 && newest.classes == note.classes && !newest.isOfEarlierWeights)
    try Data("weights".utf8).write(to: URL(filePath: "\(folder.path)/best.safetensors"))
    #expect(EvaluationNote(ofRunIn: folder.path)?.isOfEarlierWeights == true)
    // What is damaged is none, and ends no reader.
    try Data("{\"images\": 3".utf8).write(to: URL(filePath: files[0]))
    #expect(EvaluationNote(ofRunIn: folder.path) == nil)
  }

  private func set(_ moment: Double, _ path: String) throws {
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: moment)], ofItemAtPath: path)
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
