import Foundation
import TestSupport
import Testing

@testable import RunControl

@Suite struct ReportKeeperTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try Data("{}".utf8).write(to: URL(filePath: "\(folder.path)/recipe.json"))
  }

  private var page: String { "\(folder.path)/report.html" }
  private var isThere: Bool { FileManager.default.fileExists(atPath: page) }

  private func log(_ epochs: Int) throws {
    let lines = (0..<epochs).map { "{\"epoch\": \($0), \"train_loss\": 1, \"test_acc1\": 50.5}\n" }
    try Data(lines.joined().utf8).write(to: URL(filePath: "\(folder.path)/log.txt"))
  }

  @Test func `the end has a page with the last epoch in it`() throws {
    try log(3)
    #expect(ReportKeeper(of: folder.path).finish() == nil)
    let text = try String(contentsOfFile: page, encoding: .utf8)
    #expect(text.contains("50.50 %") && text.hasSuffix("</html>\n"))
  }

  @Test func `an epoch has a page, the next one only after a pause`() throws {
    try log(1)
    var keeper = ReportKeeper(of: folder.path)
    #expect(keeper.look(nil, at: .zero) == nil)
    _ = keeper.look(0, at: .seconds(1))
    keeper.settle()
    #expect(isThere)
    for (epoch, moment, expected) in [(0, 10_000, false), (1, 2, false), (1, 10_000, true)] {
      try? FileManager.default.removeItem(atPath: page)
      _ = keeper.look(epoch, at: .seconds(moment))
      keeper.settle()
      #expect(isThere == expected, "epoch \(epoch) at \(moment) s")
    }
  }

  @Test func `a page that cannot be written is said once, and one of nothing is none`() throws {
    try log(1)
    try FileManager.default.createDirectory(atPath: "\(page)/taken", withIntermediateDirectories: true)
    var keeper = ReportKeeper(of: folder.path)
    _ = keeper.look(0, at: .zero)
    keeper.settle()
    let words = keeper.look(0, at: .zero)
    #expect(words?.contains("report.html was not written") == true)
    #expect(keeper.finish() == nil)
    try FileManager.default.removeItem(atPath: "\(folder.path)/recipe.json")
    try FileManager.default.removeItem(atPath: page)
    #expect(ReportKeeper(of: folder.path).finish() == nil && !isThere)
  }
}
