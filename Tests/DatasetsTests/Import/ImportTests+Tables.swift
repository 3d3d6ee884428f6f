import Foundation
import SystemPackage
import Testing

@testable import Datasets

extension ImportTests {
  private func writeTable(_ rows: [String], ending: String = "\n") throws {
    try temporary.write(Array(rows.joined(separator: ending).utf8), to: "t.csv")
  }

  @Test func `paths that make one name are told apart, and stay what they are`() throws {
    for (number, name) in ["im/b_c/x.jpg", "im_b/c_x.jpg", "im/y.jpg"].enumerated() {
      try temporary.write(image(number), to: name)
    }
    try writeTable(["im/b_c/x.jpg,cat", "im_b/c_x.jpg,cat", "im/y.jpg,cat", "im_b/c_x.jpg,dog"])
    #expect(try imported("t.csv").training.written == 4)
    let found = try files("train")
    #expect(
      found == [
        "cat/im_b_c_x-\(mark("im/b_c/x.jpg")).jpg": image(0),
        "cat/im_b_c_x-\(mark("im_b/c_x.jpg")).jpg": image(1), "cat/im_y.jpg": image(2),
        "dog/im_b_c_x.jpg": image(1),
      ])
    try writeTable(["im_b/c_x.jpg,cat", "im/y.jpg,cat", "./im//b_c/x.jpg,cat", "im_b/c_x.jpg,dog"])
    #expect(try imported("t.csv").training.written == 0)
  }

  private func mark(_ path: String) -> String {
    String(
      ImportPlace.marked(Array(".".utf8), by: Array(path.utf8)).map { Character(UnicodeScalar($0)) }
        .dropFirst().dropLast())
  }

  @Test func `a path longer than a name may be is cut, and keeps its ending`() throws {
    let folder = String(repeating: "d", count: 200)
    for number in 0..<2 { try temporary.write(image(number), to: "\(folder)/\(folder)/\(number).jpg") }
    try writeTable((0..<2).map { "\(folder)/\(folder)/\($0).jpg,cat" })
    for written in [2, 0] { #expect(try imported("t.csv").training.written == written) }
    let names = try files("train").keys.sorted()
    #expect(names.count == 2 && names.allSatisfy { $0.utf8.count == 4 + 255 && $0.hasSuffix(".jpg") })
  }

  @Test func `a heading as Kaggle has it is known, and of others all known names are said`() throws {
    try temporary.write(image(0), to: "a.jpg")
    try writeTable(["class id,filepaths,labels,data set", "0,a.jpg,ABBOTTS BABBLER,valid"])
    #expect(try imported("t.csv").validation.images == 1)
    #expect(try files("val") == ["ABBOTTS BABBLER/a.jpg": image(0)])
    try writeTable(["picture,kind", "a.jpg,cat"])
    let error = #expect(throws: DataError.self) { try imported("t.csv") }
    let words = try #require(error).description
    for name in ["filepaths", "labels", "category", "dataset"] { #expect(words.contains(name)) }
  }

  @Test(arguments: ["\r", "\r\n", "\n"])
  func `lines end as they do on any system`(ending: String) throws {
    for number in 0..<2 { try temporary.write(image(number), to: "\(number).jpg") }
    try writeTable(["path,label", "0.jpg,cat", "1.jpg,dog", ""], ending: ending)
    #expect(try imported("t.csv").training.images == 2)
    #expect(try files("train") == ["cat/0.jpg": image(0), "dog/1.jpg": image(1)])
    try writeTable(["path,label", "0.jpg,cat", "1.jpg"], ending: ending)
    #expect(
      throws: DataError.malformedList(
        path: temporary.file("t.csv"), line: 3, reason: "it has 1 field, and no class")
    ) {
      try imported("t.csv")
    }
  }

  @Test(arguments: [false, true])
  func `a table in UTF-16 is read by its mark, and refused in words without it`(isLittle: Bool) throws {
    try temporary.write(image(0), to: "é.jpg")
    let units = "\u{feff}path,label\r\né.jpg,größe\r\n".utf16.flatMap { unit in
      isLittle ? [UInt8(unit & 0xff), UInt8(unit >> 8)] : [UInt8(unit >> 8), UInt8(unit & 0xff)]
    }
    try temporary.write(units, to: "t.csv")
    #expect(try imported("t.csv").training.images == 1)
    #expect(try files("train") == ["größe/é.jpg": image(0)])
    try temporary.write(Array(units.dropFirst(2)), to: "t.csv")
    let error = #expect(throws: DataError.self) { try imported("t.csv") }
    #expect(try #require(error).description.contains("save it as UTF-8"))
    try temporary.write(Array(units.dropLast()), to: "t.csv")
    #expect(throws: DataError.self) { try imported("t.csv") }
  }
}
