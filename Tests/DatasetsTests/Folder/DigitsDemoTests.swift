import Foundation
import SystemPackage
import Testing

@testable import Datasets

@Suite struct DigitsDemoTests {
  let folder: TemporaryFolder
  let table = Fixture.path("digits.csv.gz")
  let demo: DigitsDemo

  init() throws {
    folder = try TemporaryFolder()
    var small = DigitsDemo()
    small.trainingPerDigit = 4
    small.validationPerDigit = 2
    demo = small
  }

  @Test func `it is a data set of the table's images`() throws {
    let path = "\(folder.path)/above/digits"
    #expect(try demo.write(to: path, from: table))
    let pair = try ImageFolderPair(FilePath(path))
    #expect(pair.classes.map(\.text) == (0..<10).map(String.init))
    #expect(pair.training.classCounts == [Int](repeating: 4, count: 10))
    #expect(pair.validation.classCounts == [Int](repeating: 2, count: 10))
    #expect(pair.validation[1].path == FilePath("\(path)/val/0/0005.png"))
    #expect(try DatasetReport(scanning: FilePath(path), decoding: true, threads: 2).problems.isEmpty)
    // Row 6 d + n of the fixture is image n of digit d.
    let row = try DigitsTable(table).rows[6 * 3 + 5]
    let file = try #require(FileManager.default.contents(atPath: "\(path)/val/3/0005.png"))
    #expect(try decoded([UInt8](file)) == row.pixels.flatMap { [$0, $0, $0] })
  }

  @Test func `the second time costs nothing`() throws {
    let path = "\(folder.path)/digits/"
    #expect(try demo.write(to: path, from: table))
    #expect(try !demo.write(to: path, from: "a table that is not needed"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["digits"])
  }

  @Test func `a folder with other content is left alone`() throws {
    try folder.write([1], to: "digits/mine.txt")
    #expect(throws: DataError.unwritable(path: folder.file("digits"), reason: "Directory not empty")) {
      try demo.write(to: "\(folder.path)/digits", from: table)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["digits"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/digits") == ["mine.txt"])
  }

  @Test func `a missing table and bad tables are errors`() throws {
    let path = "\(folder.path)/digits"
    #expect(throws: DataError.noSuchTable(path: "none.csv.gz")) {
      try demo.write(to: path, from: "none.csv.gz")
    }
    try folder.write(Array("1,2,3\n".utf8), to: "short.csv")
    try folder.write(Fixture.bytes("digits.csv.gz").dropLast(500), to: "cut.csv.gz")
    for name in ["short.csv", "cut.csv.gz"] {
      let error = try #require(throws: DataError.self) {
        try demo.write(to: path, from: "\(folder.path)/\(name)")
      }
      guard case .malformedTable = error else { return #expect(Bool(false), "\(error)") }
    }
    #expect(throws: DataError.malformedTable(path: table, reason: "6 images of a 0, 500 needed")) {
      try DigitsDemo().write(to: path, from: table)
    }
    #expect(!FileManager.default.fileExists(atPath: path))
  }
}
