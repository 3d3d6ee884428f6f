import Foundation
import System
import SystemPackage
import Testing

@testable import Datasets

@Suite struct FolderSplitterTests {
  private let temporary: TemporaryFolder
  private var folder: FilePath { temporary.file("all") }
  private var out: FilePath { temporary.file("out") }

  init() throws {
    temporary = try TemporaryFolder()
    for number in 0..<12 {
      let name = "\(["a b", "é"][number % 2])/\(number < 6 ? "deep/" : "")p\(number / 3)_\(number).png"
      try temporary.write(Fixture.bytes("decode/rgb.png"), to: "all/\(name)")
    }
  }

  private func split(_ share: Double = 0.25, groups: String? = nil) throws -> FolderSplitter.Outcome {
    try FolderSplitter(folder, to: out, share: share, seed: 0, groups: groups.map(GroupPattern.init)).split()
  }

  private func names(in folder: ImageFolder) -> [String] {
    (0..<folder.count).map { String(decoding: folder.name(of: $0), as: UTF8.self) }
  }

  @Test func `what a process left that was killed goes, and what another one is at stays`() throws {
    // No process has that number, and the first one is always there.
    let gone = "out.\(Int32.max).unfinished"
    for name in [gone, "out.1.unfinished", "out.x.unfinished", "other.\(Int32.max).unfinished"] {
      try temporary.write([1], to: "\(name)/train/a/1.png")
    }
    _ = try split()
    let names = Set(Folders.names(in: temporary.path))
    #expect(!names.contains(gone))
    #expect(
      names.isSuperset(of: ["out", "out.1.unfinished", "out.x.unfinished", "other.\(Int32.max).unfinished"]))
  }

  @Test func `a link that leads to nothing is named itself, and nothing is made`() throws {
    let link = folder.appending("é/spoiled.png")
    symlink("/nowhere/at all.png", link.string)
    #expect(throws: DataError.danglingLink(link)) { try split() }
    #expect(Folders.names(in: temporary.path) == ["all"])
    let error = DataError.danglingLink(link)
    #expect(error.description.contains("all/é/spoiled.png is a link that leads to nothing"))
    #expect(error.isMissingInput && !error.isTransient && !error.isWriteFailure)
  }

  @Test func `nothing is made within what it is made of`() throws {
    for place in ["", "new", "a b", "a b/../new/deeper"] {
      let inside = folder.appending(place)
      #expect(throws: DataError.insideItself(path: inside, folder: folder)) {
        try require(inside, outside: folder)
      }
    }
    try FileManager.default.createSymbolicLink(atPath: "\(folder)/link", withDestinationPath: temporary.path)
    let linked = folder.appending("link/new")
    #expect(throws: DataError.insideItself(path: linked, folder: folder)) {
      try require(linked, outside: folder)
    }
    for place in [out, out.appending("deeper"), temporary.file("all2"), "new"] {
      try require(place, outside: folder)
    }
    // By their names alone, from within a folder.
    for (place, around) in [("../new", "."), ("../../new", ".."), ("/new", "."), ("../new", "./")] {
      try require(FilePath(place), outside: FilePath(around))
    }
    #expect(throws: DataError.insideItself(path: "new", folder: ".")) { try require("new", outside: ".") }
  }

  @Test
  func `a folder trains on the same images without being split, with its classes in train/ and packed too`()
    throws
  {
    _ = try split()
    let divided = try ImageFolderPair(out)
    try FileManager.default.createDirectory(
      atPath: "\(temporary.path)/set", withIntermediateDirectories: false)
    try FileManager.default.createSymbolicLink(
      atPath: "\(temporary.path)/set/train", withDestinationPath: folder.string)
    let pack = temporary.file("pack")
    _ = try DatasetPacker(temporary.file("set"), to: pack, imagesPerShard: 5, recompression: nil)
      .pack(threads: 1) { _, _, _ in }
    for place in [folder, temporary.file("set"), pack] {
      let pair = try ImageFolderPair(place, holdingOut: 0.25)
      #expect(pair.classes == divided.classes && pair.validation.classCounts == [2, 1])
      #expect(names(in: pair.training) == names(in: divided.training))
      #expect(names(in: pair.validation) == names(in: divided.validation))
      let memory = FileMemory()
      let image = try Array(pair.validation.contents(of: 2, in: memory))
      #expect(try withExtendedLifetime(memory) { try image == Fixture.bytes("decode/rgb.png") })
      #expect(
        try ImageFolderPair(place, for: .evaluation, holdingOut: 0.25).validation.digest
          == pair.validation.digest)
    }
    #expect(throws: DataError.heldOutTwice(folder: out)) { try ImageFolderPair(out, holdingOut: 0.25) }
    #expect(ImageFolderPair.hasValidation(out) && !ImageFolderPair.hasValidation(folder))
    try temporary.makeFolder("set/val")
    #expect(try ImageFolderPair(temporary.file("set"), holdingOut: 0.25).validation.classCounts == [2, 1])
    #expect(try ImageFolderPair(temporary.file("set"), for: .training).validation.count == 0)
    #expect(!ImageFolderPair.hasValidation(temporary.file("set")))
    // A val/ that is still to be filled keeps nobody from training without it.
    let begun = temporary.file("begun")
    try temporary.write(Fixture.bytes("decode/rgb.png"), to: "begun/train/a/1.png")
    try temporary.makeFolder("begun/val/b")
    #expect(try ImageFolderPair(begun, for: .trainingAlone).validation.count == 0)
    #expect(throws: DataError.self) { try ImageFolderPair(begun, for: .training) }
    #expect(throws: DataError.indivisible(["only"], folder: temporary.file("few"), grouped: false)) {
      try temporary.write(Fixture.bytes("decode/rgb.png"), to: "few/only/one.png")
      return try ImageFolderPair(temporary.file("few"), holdingOut: 0.25)
    }
  }

  @Test func `both sides together are the folder, by hard links`() throws {
    let outcome = try split()
    #expect(outcome.classes.map(\.heldOut) == [2, 1])
    #expect(outcome.classes.map(\.images) == [6, 6])
    #expect(outcome.symbolicLinks == 0 && outcome.groups == nil)
    let (whole, pair) = (try ImageFolder(folder), try ImageFolderPair(out))
    #expect(pair.classes == whole.classes)
    #expect((names(in: pair.training) + names(in: pair.validation)).sorted() == names(in: whole).sorted())
    var status = (stat(), stat())
    let path = pair.validation[0].path
    let below = path.string.dropFirst("\(out)/val/".count)
    #expect(stat(path.string, &status.0) == 0 && stat("\(folder)/\(below)", &status.1) == 0)
    #expect(status.0.st_ino == status.1.st_ino)
    #expect(Folders.names(in: temporary.path).sorted() == ["all", "out"])
  }

  @Test func `a link to an image is followed, wherever it leads`() throws {
    try FileManager.default.createSymbolicLink(
      atPath: "\(folder)/é/z.png", withDestinationPath: "../é/p3_9.png")
    _ = try split()
    let pair = try ImageFolderPair(out)
    let memory = FileMemory()
    for side in [pair.training, pair.validation] {
      for index in 0..<side.count { #expect(try side.contents(of: index, in: memory).count > 100) }
    }
  }

  @Test func `groups are told by their paths, and all images have to have one`() throws {
    let outcome = try split(0.3, groups: "p([0-9]+)_")
    #expect(outcome.groups == 4)
    let pair = try ImageFolderPair(out)
    let groups = [pair.training, pair.validation].map { side in
      Set(names(in: side).map { $0.split(separator: "/").last.map { String($0.prefix(2)) } })
    }
    #expect(groups[0].isDisjoint(with: groups[1]))
    try FileManager.default.removeItem(atPath: out.string)
    #expect(throws: DataError.ungrouped(path: folder.appending("a b/p2_6.png"), pattern: "deep/(.)")) {
      try split(groups: "deep/(.)")
    }
  }

  @Test func `a folder that is there stays as it is, and so does what cannot be split`() throws {
    try temporary.write([1], to: "out/mine")
    #expect(throws: DataError.notEmpty(folder: out)) { try split() }
    try FileManager.default.removeItem(atPath: "\(out)/mine")
    _ = try split()
    let again = FolderSplitter(out, to: temporary.file("new"), share: 0.2, seed: 0, groups: nil)
    #expect(throws: DataError.alreadySplit(folder: out.appending("train"))) { try again.split() }
    try temporary.write(Fixture.bytes("decode/rgb.png"), to: "all/lone/1.png")
    let lone = FolderSplitter(folder, to: temporary.file("new"), share: 0.2, seed: 0, groups: nil)
    let refusal = DataError.indivisible(["lone"], folder: folder, grouped: false)
    #expect(throws: refusal) { try lone.split() }
    #expect(refusal.description.contains("\"lone\" of \(folder)"))
    #expect(Folders.names(in: temporary.path).sorted() == ["all", "out"])
  }

  @Test func `a folder is split where train or val has folders, whatever its classes are called`() throws {
    #expect(try FolderLayout(of: folder) == .classes)
    for name in ["train", "val"] { try temporary.write([1], to: "all/\(name)/1.png") }
    #expect(try FolderLayout(of: folder) == .classes)
    try temporary.write([1], to: "all/val/a/1.png")
    #expect(try FolderLayout(of: folder) == .splits(["train", "val"]))
    #expect(throws: DataError.alreadySplit(folder: folder.appending("train"))) { try split() }
    // A pack has no folders, and is not to be removed as a class without images.
    try temporary.write([], to: "pack/val/index.tsv")
    for (path, pack) in [("pack", "pack/val"), ("pack/val", "pack/val")] {
      let splitter = FolderSplitter(temporary.file(path), to: out, share: 0.2, seed: 0, groups: nil)
      #expect(throws: DataError.packed(folder: temporary.file(pack))) { try splitter.split() }
    }
  }

  @Test func `what cannot get its name at the end is refused at the beginning`() throws {
    func splitter(_ path: FilePath) -> FolderSplitter {
      FolderSplitter(folder, to: path, share: 0.2, seed: 0, groups: nil)
    }
    let nameless = temporary.file("new/..")
    try temporary.makeFolder("new")
    #expect(throws: DataError.self) { try splitter(nameless).split() }
    try temporary.write([1], to: "file")
    #expect(throws: DataError.noSuchFolder(temporary.file("file"))) {
      try splitter(temporary.file("file")).split()
    }
    try FileManager.default.createSymbolicLink(atPath: "\(temporary.path)/link", withDestinationPath: "new")
    #expect(try splitter(temporary.file("link")).split().classes.count == 2)
    #expect(try ImageFolderPair(temporary.file("new")).classes.count == 2)
  }

  @Test(arguments: [
    ("^([a-z]+)-([0-9])", "ab-3.jpg", "ab"), ("^(p[0-9]*)?", "ab.jpg", nil), ("x*", "ab.jpg", nil),
    ("[0-9]+", "ab-37.jpg", "37"), ("^(x)|b", "ab.jpg", nil),
    ("x", "ab.jpg", nil),
  ])
  func `a group is the first capture, or the whole match`(pattern: String, path: String, group: String?)
    throws
  {
    #expect(try GroupPattern(pattern).group(of: Array(path.utf8)) == group.map { Array($0.utf8) })
  }
}
