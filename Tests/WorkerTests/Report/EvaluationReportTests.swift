import Datasets
import Foundation
import Recipe
import RunControl
import SystemPackage
import TestSupport
import Testing
import Training

@testable import Worker

@Suite struct EvaluationReportTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// An evaluation in which image i of class i is taken for class 0; the files hold no images.
  private func report(_ classes: [String]) throws -> EvaluationReport {
    for name in classes {
      try FileManager.default.createDirectory(
        atPath: "\(folder.path)/val/\(name)", withIntermediateDirectories: true)
      _ = FileManager.default.createFile(atPath: "\(folder.path)/val/\(name)/a,\"b\".jpg", contents: nil)
    }
    let verdicts = classes.indices.map { index in
      Verdict(
        image: index, label: index, predicted: 0, confidence: Float(index + 1) / Float(classes.count + 1),
        isAmongFive: true, loss: 1)
    }
    return EvaluationReport(
      weights: "runs/<first>/best.safetensors", model: "alt_gvt_nano", images: Recipe.Images(),
      folder: try ImageFolder(FilePath("\(folder.path)/val")),
      examination: Examination(verdicts, classes: classes.count))
  }

  @Test func `the files have a line for each mistake and each pair, quoted as spreadsheets read them`() throws
  {
    let report = try report(["ash", "beech, red", "cedar"])
    let path = "\(folder.path)/val"
    #expect(
      report.mistakeTable == """
        path,label,predicted,confidence
        "\(path)/cedar/a,""b"".jpg",cedar,ash,0.750000
        "\(path)/beech, red/a,""b"".jpg","beech, red",ash,0.500000

        """)
    #expect(
      report.confusionTable == "label,predicted,images\nash,ash,1\n\"beech, red\",ash,1\ncedar,ash,1\n")
  }

  @Test func `what a page shows is short for ten thousand classes, and its paths begin at the root`() throws {
    let names = (0..<10_000).map { "class-\($0)" }
    let verdicts = names.indices.map { index in
      Verdict(
        image: index, label: index, predicted: index % 3 == 0 ? index : 0, confidence: 0.5, isAmongFive: true,
        loss: 1)
    }
    // Relative, as it may be given.
    let root = FilePath(FileManager.default.currentDirectoryPath).components.map { _ in "../" }.joined()
    let path = String((root + folder.path).replacing("//", with: "/"))
    for name in names {
      try FileManager.default.createDirectory(
        atPath: "\(folder.path)/many/\(name)", withIntermediateDirectories: true)
      _ = FileManager.default.createFile(atPath: "\(folder.path)/many/\(name)/a.jpg", contents: nil)
    }
    let report = EvaluationReport(
      weights: "runs/first/best.safetensors", model: "alt_gvt_nano", images: Recipe.Images(),
      folder: try ImageFolder(FilePath("\(path)/many")),
      examination: Examination(verdicts, classes: names.count))
    try report.note.write(to: "\(folder.path)/by-class.json")
    let note = try #require(EvaluationNote(at: "\(folder.path)/by-class.json"))
    let size = try Data(contentsOf: URL(filePath: "\(folder.path)/by-class.json")).count
    #expect(size < 100_000, "\(size)")
    #expect(note.classCount == 10_000 && note.classes.count == 200 && note.weights == "best.safetensors")
    #expect(note.classes.allSatisfy { $0.recall == 0 })
    #expect(note.neverPredictedCount == 6666 && note.neverPredicted.count == 100)
    #expect(note.confusions.count == 100 && note.confusion?.classes == 10_000)
    #expect(note.mistakes.count == 24)
    #expect(note.mistakes[0].path == "\(folder.path)/many/class-1/a.jpg")
  }

  @Test func `how images were seen is said where the reference does otherwise`() throws {
    let plain = try report(["ash"])
    #expect(plain.lines[1].hasSuffix("(alt_gvt_nano, 224 × 224 pixels, crop 0.875)"))
    var images = Recipe.Images()
    (images.cropMode, images.means) = (.squash, [0.5, 0.5, 0.5])
    let other = EvaluationReport(
      weights: plain.weights, model: plain.model, images: images, mirrors: true, folder: plain.folder,
      examination: plain.examination)
    #expect(
      other.lines[1].hasSuffix(
        "crop 0.875, --crop-mode squash, --mean 0.5 0.5 0.5 --std 0.229 0.224 0.225, --tta)"))
    #expect(try other.summary.contains(#""crop_mode" : "squash""#))
  }

  @Test func `the summary has every class, and leaves out what is not known`() throws {
    let summary = try JSONSerialization.jsonObject(with: Data(try report(["ash", "beech"]).summary.utf8))
    let values = try #require(summary as? [String: Any])
    #expect(values["acc1"] as? Double == 50 && values["balanced_acc"] as? Double == 50)
    #expect(values["never_predicted"] as? [String] == ["beech"])
    let classes = try #require(values["classes"] as? [[String: Any]])
    #expect(classes.map { $0["precision"] as? Double } == [0.5, nil])
    #expect(classes.map { $0["recall"] as? Double } == [1, 0])
    #expect((values["calibration"] as? [Any])?.count == 15)
  }

  @Test func `what others got is said of ImageNet-1k alone, in all three places`() throws {
    func published(_ side: Int, _ classes: Int, _ images: Int) -> Double? {
      ModelFacts.published("alt_gvt_small", side: side, classes: classes, images: images)
    }
    #expect(published(224, 1000, 50_000) == 81.722 && published(224, 1000, 49_998) == 81.722)
    #expect(published(256, 1000, 50_000) == nil && published(224, 999, 50_000) == nil)
    #expect(published(224, 1000, 10_000) == nil)
    #expect(ModelFacts.published("alt_gvt_nano", side: 224, classes: 1000, images: 50_000) == nil)

    let small = try report((0..<1000).map { "\($0)" })
    func texts(_ report: EvaluationReport) throws -> [String] {
      [report.lines.joined(separator: "\n"), try report.summary, MistakeSheet(report).text]
    }
    #expect(try texts(small).allSatisfy { !$0.contains("published") })
    let verdicts = (0..<50_000).map {
      Verdict(
        image: $0 % 1000, label: $0 % 1000, predicted: $0 % 1000, confidence: 1, isAmongFive: true, loss: 0)
    }
    let whole = EvaluationReport(
      weights: "w.pth", model: "alt_gvt_small", images: Recipe.Images(), folder: small.folder,
      examination: Examination(verdicts, classes: 1000))
    let shown = [
      "100.000 % (published: 81.7 %)", "\"published_acc1\" : 81.722", "100.0 % (published: 81.7 %)",
    ]
    #expect(try zip(texts(whole), shown).allSatisfy { $0.contains($1) })
  }

  @Test func `names in the sheet are text, and it loads nothing`() throws {
    let sheet = MistakeSheet(try report(["<b>&", "<script>alert('x')<", "plain"])).text
    #expect(!sheet.contains("<script") && !sheet.contains("<first>"))
    #expect(sheet.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;") && sheet.contains("&lt;b&gt;&amp;"))
    #expect(sheet.contains("a,&quot;b&quot;.jpg"))
    #expect(!sheet.contains("http://") && !sheet.contains("https://") && !sheet.contains("src=\"/"))
  }

  @Test func `hundreds of classes take a short text and a bounded sheet`() throws {
    let report = try report((0..<300).map { "\($0)-" + String(repeating: "x", count: 60) })
    #expect(report.lines.count < 25 && report.lines.allSatisfy { $0.count < 330 }, "\(report.lines)")
    #expect(report.lines.contains { $0.hasPrefix("Worst of 300") })
    #expect(MistakeSheet(report).text.components(separatedBy: "<figure>").count == 49)
    #expect(MistakeSheet(report).text.contains("The 200 worst of 300."))
  }

  @Test func `an earlier evaluation is replaced, and other files are not`() throws {
    let report = try report(["ash", "beech"])
    let own = ReportFolder(path: "\(folder.path)/out/deep")
    try own.requireOwn()
    try own.write(report)
    try own.requireOwn()
    try own.write(report)
    #expect(try FileManager.default.contentsOfDirectory(atPath: own.path).count == 5)
    try "{\"format\": \"mine\"}".write(
      toFile: "\(own.path)/evaluation.json", atomically: false, encoding: .utf8)
    #expect(throws: Failure.self) { try own.requireOwn() }
    let file = ReportFolder(path: "\(own.path)/evaluation.json")
    #expect(throws: Failure.self) { try file.requireOwn() }
  }
}
