import Foundation
import TestSupport
import Testing

@testable import Worker

@Suite struct JSONLinesTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func open() throws -> JSONLines { try OutputFolder(creating: folder.path).lines("log.txt") }

  private func text() throws -> String {
    try String(contentsOfFile: folder.path + "/log.txt", encoding: .utf8)
  }

  @Test func `lines look as Python's json.dumps makes them`() throws {
    let lines = try open()
    lines.add([("b", .integer(1)), ("a", .real(0.5))])
    lines.add([("train_lr", .real(1.000000000000014e-06)), ("epoch", .integer(-3)), ("whole", .real(75))])
    // Read while still open: a line is in the file when `add` returns.
    #expect(
      try text() == """
        {"b": 1, "a": 0.5}
        {"train_lr": 1.000000000000014e-06, "epoch": -3, "whole": 75.0}

        """)
  }

  @Test func `a number that is none is null`() throws {
    try open().add([("a", .real(.nan)), ("b", .real(.infinity)), ("c", .real(-.infinity))])
    #expect(try text() == "{\"a\": null, \"b\": null, \"c\": null}\n")
  }

  @Test func `every number reads back the same`() throws {
    let numbers = [
      0, -0.0, 0.1, 1e-5, 1e-4, 123456.789, 1e16, 1e22, .leastNonzeroMagnitude, .greatestFiniteMagnitude,
      1.0 / 3,
    ]
    let lines = try open()
    for number in numbers { lines.add([("x", .real(number))]) }
    let read = try text().split(separator: "\n").map {
      try JSONDecoder().decode([String: Double].self, from: Data($0.utf8))["x"]
    }
    #expect(read == numbers)
  }

  @Test func `an earlier run's lines stay`() throws {
    for number in 1...2 { try open().add([("n", .integer(number))]) }
    #expect(try text() == "{\"n\": 1}\n{\"n\": 2}\n")
  }

  @Test func `lines of a folder that was removed are all in the next one`() throws {
    let lines = try open()
    lines.add([("n", .integer(1))])
    try FileManager.default.removeItem(atPath: folder.path)
    for number in 2...3 { lines.add([("n", .integer(number))]) }
    #expect(try text() == "{\"n\": 1}\n{\"n\": 2}\n{\"n\": 3}\n")
  }

  @Test func `a folder that was moved keeps its lines, and later ones go where they belong`() throws {
    let elsewhere = try TemporaryFolder()
    let lines = try open()
    lines.add([("n", .integer(1))])
    try FileManager.default.moveItem(atPath: folder.path, toPath: elsewhere.path + "/moved")
    lines.add([("n", .integer(2))])
    #expect(try text() == "{\"n\": 2}\n")
    #expect(
      try String(contentsOfFile: elsewhere.path + "/moved/log.txt", encoding: .utf8) == "{\"n\": 1}\n")
  }

  @Test func `lines wait for a folder that cannot be made again`() throws {
    let path = folder.path
    let lines = try open()
    try FileManager.default.removeItem(atPath: path)
    try Data().write(to: URL(fileURLWithPath: path))
    lines.add([("n", .integer(1))])
    try FileManager.default.removeItem(atPath: path)
    lines.add([("n", .integer(2))])
    #expect(try text() == "{\"n\": 1}\n{\"n\": 2}\n")
  }

  @Test(.enabled(if: SmallDisk.isPossible)) func `a full disk loses and tears no line`() throws {
    try SmallDisk.run(size: "64k") { disk in
      let lines = try OutputFolder(creating: disk.path).lines("log.txt")
      let ballast = try disk.fill(leaving: 8192)
      for number in 0..<1000 { lines.add([("n", .integer(number))]) }
      let path = "\(disk.path)/log.txt"
      #expect(try String(contentsOfFile: path, encoding: .utf8).utf8.count < 12_000)
      try FileManager.default.removeItem(atPath: ballast)
      lines.catchUp()
      let text = (0..<1000).map { "{\"n\": \($0)}\n" }.joined()
      #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
    }
  }

  private struct Report: Encodable {
    let peakMegabytes: Double
    let image: String
  }

  @Test func `reports are one line with sorted keys in snake case`() throws {
    let line = try jsonLine(Report(peakMegabytes: 1.5, image: "a/b.png"))
    #expect(line == #"{"image":"a/b.png","peak_megabytes":1.5}"#)
  }
}
