import Foundation
import SystemPackage
import Testing

@testable import Datasets

@Suite struct DatasetReportTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func report(decoding: Bool = false) throws -> DatasetReport {
    try DatasetReport(scanning: FilePath(folder.path), decoding: decoding, threads: 3)
  }

  @Test func `a good data set is counted and has no problems`() throws {
    let image = try Fixture.bytes("decode/grey.png")
    for file in ["train/a/1.png", "train/a/2.png", "train/b/1.png", "val/a/1.png", "val/b/1.jpg"] {
      try folder.write(image, to: file)
    }
    let report = try self.report()
    #expect(report.problems.isEmpty)
    #expect(report.splits.map(\.name) == ["train", "val"])
    #expect(report.splits.map(\.images) == [3, 2])
    #expect(report.splits[0].classes.map(\.images) == [2, 1])
    #expect(report.description.contains("train: 3 images in 2 classes, 1 to 2 a class"))
    #expect(report.description.contains("--decode looks at all of them"))
  }

  @Test func `a folder of classes alone is one that is still to be divided`() throws {
    let image = try Fixture.bytes("decode/grey.png")
    try folder.write(image, to: "a/1.png")
    #expect(try report().problems.count == 2)  // train/ and val/ are elsewhere, perhaps
    try folder.write(image, to: "b/1.png")
    let report = try report()
    #expect(report.problems.isEmpty && report.splits.map(\.images) == [2])
    #expect(report.warnings.last?.contains("--val-split 0.2") == true)
  }

  @Test func `its JSON has the keys that scripts know`() throws {
    let image = try Fixture.bytes("decode/grey.png")
    for file in ["train/a/1.png", "val/a/1.png"] { try folder.write(image, to: file) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let text = String(decoding: try encoder.encode(try report().splits[0]), as: UTF8.self)
    #expect(text == #"{"classes":[{"name":"a","pictures":1}],"leftOut":[],"name":"train","pictures":1}"#)
  }

  @Test func `all problems are found, not only the first`() throws {
    let image = try Fixture.bytes("decode/baseline-420.jpg")
    try folder.write(image, to: "train/a/good.jpg")
    try folder.write(image.dropLast(100), to: "train/a/short.jpg")
    try folder.write(Array("text".utf8), to: "train/a/text.jpg")
    try folder.write(Array("BM".utf8), to: "val/b/x.bmp")
    try folder.makeFolder("val/c")
    let report = try self.report()
    let expected = [
      "\"a\" is in", "\"b\" is in", "\"c\" is in", "\"c\" has no", "short.jpg", "text.jpg", "x.bmp",
    ]
    #expect(report.problems.count == expected.count)
    for (problem, part) in zip(report.problems, expected) { #expect(problem.contains(part), "\(problem)") }
    #expect(
      report.damaged.map(\.path)
        == ["train/a/short.jpg", "train/a/text.jpg", "val/b/x.bmp"].map { folder.file($0) })
  }

  @Test func `a missing split is a problem, a missing data set an error`() throws {
    try folder.write(Fixture.bytes("decode/grey.png"), to: "val/a/1.png")
    let report = try self.report()
    #expect(report.splits.count == 1)
    #expect(report.problems.count == 1 && report.problems[0].contains("no folder train/ in"))
    #expect(throws: DataError.noSuchFolder(folder.file("none"))) {
      try DatasetReport(scanning: folder.file("none"), decoding: false, threads: 2)
    }
  }

  @Test func `a report survives JSON`() throws {
    try folder.write([], to: "train/a/1.png")
    let report = try self.report()
    let copy = try JSONDecoder().decode(DatasetReport.self, from: JSONEncoder().encode(report))
    #expect(copy == report)
  }
}
