import Foundation
import SystemPackage
import Testing

@testable import Datasets

@Suite struct ImageFolderTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  @Test func `samples come in torchvision's order`() throws {
    // sorted(os.walk) orders by whole paths, so "a-b" stands between "a" and "a/c".
    let files = [
      "10/b.jpg", "10/B.JPG", "2/x.jpeg", "2/a/z.png", "2/a/c/y.PNG", "2/a-b/w.webp", "é/1.jpg", "Z/1.jpg",
    ]
    for file in files { try folder.write([0], to: file) }
    let images = try ImageFolder(FilePath(folder.path))
    #expect(images.classes == ["10", "2", "Z", "é"])
    let found = (0..<images.count).map { images[$0] }
    let names = [
      "10/B.JPG", "10/b.jpg", "2/x.jpeg", "2/a/z.png", "2/a-b/w.webp", "2/a/c/y.PNG", "Z/1.jpg", "é/1.jpg",
    ]
    #expect(found.map(\.path) == names.map(folder.file))
    #expect(found.map(\.label) == [0, 0, 1, 1, 1, 1, 2, 3])
    #expect(images.classCounts == [2, 4, 1, 1])
  }

  @Test func `a digest tells other names apart, and neither places nor contents`() throws {
    func digest(_ name: String, _ files: [String], content: UInt8 = 0) throws -> UInt32 {
      for file in files { try folder.write([content], to: "\(name)/\(file)") }
      return try ImageFolder(folder.file(name)).digest
    }
    let first = try digest("1", ["a/x.jpg", "a/y.jpg", "b/z.jpg"])
    #expect(try digest("2", ["a/x.jpg", "a/y.jpg", "b/z.jpg"], content: 1) == first)
    #expect(try digest("3", ["a/x.jpg", "b/y.jpg", "b/z.jpg"]) != first)
    #expect(try digest("4", ["a/x.jpg", "a/y.jpg", "b/zz.jpg"]) != first)
    #expect(try digest("5", ["a/x.jpg", "a/y.jpg", "c/z.jpg"]) != first)
  }

  @Test func `hidden files and folders and other files are ignored`() throws {
    for file in [
      "a/1.jpg", "a/.2.jpg", ".ipynb_checkpoints/3.jpg", "a/.git/4.jpg", "a/notes.txt", "a/jpg", "5.jpg",
    ] {
      try folder.write([0], to: file)
    }
    let images = try ImageFolder(FilePath(folder.path))
    #expect(images.classes == ["a"])
    #expect(images.count == 1)
  }

  @Test func `what a file is goes by its first bytes where its name promises no image`() throws {
    let (jpeg, png) = (try Fixture.bytes("decode/grey.jpg"), try Fixture.bytes("decode/grey.png"))
    for (name, kind) in [("93", "gif"), ("92", "webp")] {
      try folder.write(Fixture.bytes("decode/inside.\(kind)"), to: "a/\(name)")
    }
    for name in ["1.jfif", "2.jpe", "3", "4.txt"] { try folder.write(jpeg, to: "a/\(name)") }
    try folder.write(png, to: "a/5.PnG.bak")
    // Formats that are not decoded are left out, and so is what is none; a name that promises an image is held to it.
    for name in ["6.nef", "7.heic", "8"] { try folder.write(Array("II*\0".utf8), to: "a/\(name)") }
    try folder.write(Array("text".utf8), to: "a/9.jpg")
    let images = try ImageFolder(FilePath(folder.path))
    let names = ["1.jfif", "2.jpe", "3", "4.txt", "5.PnG.bak", "9.jpg", "92", "93"]
    #expect((0..<images.count).map { images[$0].path } == names.map { folder.file("a/\($0)") })
  }

  @Test func `links are followed, but not in circles`() throws {
    try folder.write([0], to: "real/1.jpg")
    try folder.write([0], to: "data/a/2.jpg")
    let files = FileManager.default
    try files.createSymbolicLink(atPath: "\(folder.path)/data/b", withDestinationPath: "../real")
    try files.createSymbolicLink(
      atPath: "\(folder.path)/data/a/3.jpg", withDestinationPath: "../../real/1.jpg")
    try files.createSymbolicLink(atPath: "\(folder.path)/data/a/loop", withDestinationPath: "..")
    let images = try ImageFolder(folder.file("data"))
    #expect(images.classes == ["a", "b"])
    let paths = (0..<images.count).map { images[$0].path.string.dropFirst(folder.path.count + 6) }
    #expect(paths == ["a/2.jpg", "a/3.jpg", "a/loop/b/1.jpg", "b/1.jpg"])
  }

  @Test func `a missing folder, no classes and an empty class are errors`() throws {
    #expect(throws: DataError.noSuchFolder(folder.file("none"))) { try ImageFolder(folder.file("none")) }
    #expect(throws: DataError.noClasses(folder: FilePath(folder.path))) {
      try ImageFolder(FilePath(folder.path))
    }
    try folder.write([0], to: "a/1.jpg")
    try folder.makeFolder("b")
    #expect(throws: DataError.emptyClass("b", folder: FilePath(folder.path))) {
      try ImageFolder(FilePath(folder.path))
    }
  }

  @Test func `a link that leads to nothing is named for what it is`() throws {
    try folder.write([0], to: "train/a/1.jpg")
    for name in ["train/a/2.jpg", "gone", "val"] { symlink("nowhere", "\(folder.path)/\(name)") }
    let images = try ImageFolderPair(FilePath(folder.path), for: .trainingAlone).training
    let link = DataError.danglingLink(folder.file("train/a/2.jpg"))
    #expect(throws: link) { try images.contents(of: 1, in: FileMemory()) }
    #expect(link.isMissingInput)
    #expect(throws: DataError.danglingLink(folder.file("gone"))) { try ImageFolder(folder.file("gone")) }
    #expect(throws: DataError.danglingLink(folder.file("val"))) { try ImageFolderPair(FilePath(folder.path)) }
  }

  @Test func `a data set needs both splits`() throws {
    let path = FilePath(folder.path)
    #expect(throws: DataError.noSuchFolder(path.appending("none"))) {
      try ImageFolderPair(path.appending("none"))
    }
    #expect(throws: DataError.missingSplit("train", dataset: path)) { try ImageFolderPair(path) }
    try folder.write([0], to: "train/a/1.jpg")
    #expect(throws: DataError.missingSplit("val", dataset: path)) { try ImageFolderPair(path) }
    try folder.write([0], to: "val/a/1.jpg")
    #expect(try ImageFolderPair(FilePath("\(folder.path)/")).classes == ["a"])
  }

  @Test func `both splits need the same classes`() throws {
    let (training, validation) = (folder.file("train"), folder.file("val"))
    for file in ["train/a/1.jpg", "train/b/1.jpg", "val/b/1.jpg"] { try folder.write([0], to: file) }
    #expect(throws: DataError.classMissing("a", training: training, validation: validation)) {
      try ImageFolderPair(FilePath(folder.path))
    }
    for file in ["val/a/1.jpg", "val/c/1.jpg"] { try folder.write([0], to: file) }
    #expect(throws: DataError.classUnexpected("c", training: training, validation: validation)) {
      try ImageFolderPair(FilePath(folder.path))
    }
  }
}
