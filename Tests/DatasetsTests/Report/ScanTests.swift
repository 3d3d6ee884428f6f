import Foundation
import Glibc
import Randomness
import System
import SystemPackage
import Testing

@testable import Datasets

/// What a scan says beside the problems of single files.
@Suite struct ScanTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func report(decoding: Bool = false) throws -> DatasetReport {
    try DatasetReport(scanning: FilePath(folder.path), decoding: decoding, threads: 2)
  }

  // So that no two images have the same bytes.
  private func write(_ names: String...) throws {
    let image = try Fixture.bytes("decode/baseline-420.jpg")
    for name in names { try folder.write(image + name.utf8, to: name) }
  }

  @Test func `files that are left out are counted by ending and named`() throws {
    try write("train/a/1.jpg", "train/a/2.jfif", "val/a/1.jpg", "val/a/2.jpg")
    for name in ["x.HEIC", "y.heic", "deep/z.heic", "w.heic", "notes"] {
      try folder.write(Array("no image".utf8), to: "train/a/\(name)")
    }
    let report = try report()
    #expect(
      report.splits[0].leftOut == [
        DatasetReport.LeftOut(ending: "", files: ["train/a/notes"]),
        DatasetReport.LeftOut(
          ending: "heic",
          files: ["train/a/w.heic", "train/a/x.HEIC", "train/a/y.heic", "train/a/deep/z.heic"]),
      ])
    #expect(report.splits[1].leftOut.isEmpty)
    #expect(report.description.contains("train: left out: 1 file without an ending: train/a/notes\n"))
    #expect(
      report.description.contains(
        "4 files ending in .heic: train/a/w.heic, train/a/x.HEIC, train/a/y.heic and 1 more"))
    #expect(report.problems.isEmpty && report.warnings.count == 1)
    #expect(report.warnings[0].contains("in train/ there is one class alone"))
  }

  @Test func `images in no class's folder are named`() throws {
    try write("train/a/1.jpg", "train/a/2.jpg", "train/b/1.jpg", "train/b/2.jpg")
    try write(
      "val/a/1.jpg", "val/a/2.jpg", "val/b/1.jpg", "val/b/2.jpg", "train/x.jpg", "train/y", "val/z.jpeg")
    try folder.write(Array("text".utf8), to: "train/notes.txt")
    let report = try report()
    #expect(report.problems.isEmpty && report.splits.map(\.images) == [4, 4])
    #expect(
      report.warnings == [
        "in train/, 2 images lie in no class's folder, and are not read: train/x.jpg, train/y. Move each into the folder of its class",
        "in val/, 1 image lies in no class's folder, and is not read: val/z.jpeg. Move it into the folder of its class",
      ])
  }

  @Test func `damage inside an image is found where it is decoded`() throws {
    try write("train/a/1.jpg", "train/a/2.jpg", "val/a/1.jpg", "val/a/2.jpg")
    var file = try Fixture.bytes("decode/baseline-420.jpg")
    file.replaceSubrange((file.count - 302)..<(file.count - 2), with: [])
    try folder.write(file, to: "train/a/it's.jpg")
    #expect(try report().problems.isEmpty)
    let found = try report(decoding: true)
    #expect(found.problems.count == 1 && found.problems[0].contains("it's.jpg is damaged"))
    let text = String(decoding: try JSONEncoder().encode(found.damaged), as: UTF8.self)
    #expect(text.replacingOccurrences(of: "\\/", with: "/") == #"["\#(folder.path)/train/a/it's.jpg"]"#)
    #expect(found.damaged.map(\.path.quoted) == [#"'\#(folder.path)/train/a/it'\''s.jpg'"#])
  }

  @Test(arguments: ["baseline-420.jpg", "progressive-420.jpg", "cmyk.jpg", "rgb.png", "interlaced.png"])
  func `a strip of an image shows the damage that the whole shows`(name: String) throws {
    let file = try Fixture.bytes("decode/\(name)")
    var generator = KeyedGenerator(seed: 3, stream: .geometry, epoch: 0)
    var failures = 0
    for _ in 0..<200 {
      var damaged = file
      damaged[file.count / 3 + generator.integer(below: file.count / 2)] = UInt8(
        generator.integer(below: 256))
      let whole = (try? decoded(damaged)) == nil
      let strip = damaged.withUnsafeBufferPointer { bytes in
        (try? EncodedImage(bytes, path: "x").requireSound(ByteBuffer())) == nil
      }
      #expect(strip == whole)
      if whole { failures += 1 }
    }
    #expect(failures > 0)
  }

  // libtiff takes data that are longer than their tile as they are.
  @Test func `a flipped bit of a TIFF's deflated data is found, whatever becomes of their length`() throws {
    let file = try Fixture.bytes("decode/tiles-planes.tif")
    func isSound(_ file: [UInt8]) -> Bool {
      file.withUnsafeBufferPointer { (try? EncodedImage($0, path: "x").requireSound(ByteBuffer())) != nil }
    }
    #expect(isSound(file))
    var passed = 0
    for bit in 0..<200 {
      var damaged = file
      damaged[12 + bit] ^= 1 << UInt8(bit % 8)
      #expect(!isSound(damaged), "byte \(12 + bit)")
      if (try? decoded(damaged)) != nil { passed += 1 }
    }
    #expect(passed > 0, "libtiff has come to see it: the check of its own can go")
  }

  @Test func `a scan reads on past a folder that cannot be read`() throws {
    try write("train/a/1.jpg", "train/b/1.jpg", "val/a/1.jpg", "val/b/1.jpg")
    try folder.write(Array("text".utf8), to: "train/b/2.jpg")
    // Too deep for a path: to root too, it cannot be opened.
    let names = [String](repeating: String(repeating: "x", count: 250), count: 17)
    var folders = [open("\(folder.path)/train/a", O_DIRECTORY)]
    for name in names {
      mkdirat(folders[folders.count - 1], name, 0o777)
      folders.append(openat(folders[folders.count - 1], name, O_DIRECTORY))
    }
    defer {
      for (above, name) in zip(folders, names).reversed() { unlinkat(above, name, AT_REMOVEDIR) }
      for descriptor in folders { close(descriptor) }
    }
    let report = try report()
    #expect(report.problems.count == 2)
    #expect(report.problems[0].contains("File name too long"))
    #expect(report.problems[1].contains("train/b/2.jpg is not an image"))
    #expect(report.splits[0].classes.map(\.images) == [1, 2])
  }

  @Test func `a class that takes in other folders is a warning`() throws {
    try write(
      "train/all/cat/1.jpg", "train/all/cat/2.jpg", "train/all/dog/in/1.jpg", "val/all/1.jpg", "val/all/2.jpg"
    )
    let warnings = try report().warnings
    #expect(warnings.count == 1)
    #expect(
      warnings[0].contains(
        #"in train/, images in folders below a class's count as that class's: "all" (cat/, dog/)"#))
  }

  @Test func `images that are in both splits are a warning, whatever their names`() throws {
    try write("train/a/1.jpg", "train/a/2.jpg", "val/a/3.jpg")
    try write("train/b/1.jpg", "train/b/2.jpg", "val/b/3.jpg", "val/b/4.jpg")
    try FileManager.default.copyItem(
      atPath: "\(folder.path)/train/a/2.jpg", toPath: "\(folder.path)/val/a/4.jpg")
    let report = try report()
    #expect(report.warnings.count == 1)
    #expect(report.warnings[0].hasPrefix("1 image is in train/ and in val/ byte for byte"))
    #expect(report.warnings[0].hasSuffix("train/a/2.jpg = val/a/4.jpg"))
    #expect(report.description.hasSuffix("no problems found"))
  }

  @Test func `a class with one image, and one with twenty times another's, are warnings`() throws {
    for number in 0..<21 { try write("train/a/\(number).jpg") }
    try write("train/b/1.jpg", "val/a/1.jpg", "val/a/2.jpg", "val/b/1.jpg", "val/b/2.jpg")
    let warnings = try report().warnings
    #expect(warnings.count == 2)
    #expect(warnings[0] == #"in train/, fewer than 2 images are in class "b""#)
    #expect(warnings[1].hasPrefix(#"in train/, class "a" has 21 images and "b" 1, more than 20 : 1."#))
  }

  @Test(arguments: [false, true])
  func `a folder of which a part is to be held out is no problem, and told what takes it`(isMade: Bool) throws
  {
    try write("train/a/1.jpg", "train/a/2.jpg", "train/b/1.jpg", "train/b/2.jpg")
    if isMade { try folder.makeFolder("val") }
    let report = try report()
    #expect(report.problems.isEmpty && report.splits.map(\.name) == ["train"])
    #expect(
      report.warnings.count == 1 && report.warnings[0].contains("--val-split 0.2"), "\(report.warnings)")
    #expect(report.warnings[0].hasSuffix("twins-worker dataset split \(folder.path)/train OUT"))
    // Whoever begins to fill val/ needs all of its classes.
    try write("val/a/1.jpg", "val/a/2.jpg")
    #expect(try self.report().problems.count == 1)
  }

  @Test func `a val that is a link to nothing is a problem, and a class that is one a warning`() throws {
    try write("train/a/1.jpg", "train/a/2.jpg", "train/b/1.jpg", "train/b/2.jpg")
    symlink("nowhere", "\(folder.path)/val")
    symlink("nowhere", "\(folder.path)/train/c")
    let report = try report()
    #expect(report.problems == [DataError.danglingLink(folder.file("val")).description])
    #expect(
      report.warnings.count == 1
        && report.warnings[0].contains("in train/, 1 link leads to nothing: train/c."))
  }

  @Test func `a data set one level deeper is named`() throws {
    for name in ["train/a", "train/b", "val/a", "val/b"] {
      try write("train/\(name)/1.jpg", "train/\(name)/2.jpg")
    }
    let error = DataError.splitInSplit(folder.file("train"))
    #expect(try report().problems.contains(error.description))
    #expect(throws: error) { try ImageFolderPair(FilePath(folder.path), for: .trainingAlone) }
    #expect(throws: error) { try ImageFolderPair(FilePath(folder.path), holdingOut: 0.5) }
    #expect(try ImageFolderPair(folder.file("train")).classes == ["a", "b"])
  }

  @Test func `classes may be called train and val, in a split too`() throws {
    for name in ["train", "val"] {
      for split in ["train", "val"] { try write("\(split)/\(name)/1.jpg", "\(split)/\(name)/2.jpg") }
    }
    let report = try report()
    #expect(report.problems.isEmpty && report.warnings.isEmpty, "\(report)")
    #expect(try ImageFolderPair(FilePath(folder.path)).classes == ["train", "val"])
  }
}
