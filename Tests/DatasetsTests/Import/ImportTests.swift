import Foundation
import System
import SystemPackage
import Testing

@testable import Datasets

@Suite struct ImportTests {
  let temporary: TemporaryFolder
  var out: FilePath { temporary.file("out") }

  init() throws { temporary = try TemporaryFolder() }

  @discardableResult
  func imported(
    _ source: String, isPartial: Bool = true, labels: String? = nil, isHeldOut: Bool = false
  ) throws -> ImportTally {
    var hints = ImportHints()
    hints.labels = labels.map(temporary.file)
    hints.isHeldOut = isHeldOut
    return try DatasetImporter(temporary.file(source), to: out, hints).write(isPartial: isPartial) { _ in }
  }

  /// Every file below the folder, with its bytes.
  func files(_ split: String) throws -> [String: [UInt8]] {
    var found: [String: [UInt8]] = [:]
    let root = "\(out)/\(split)"
    for name in FileManager.default.enumerator(atPath: root)?.compactMap({ $0 as? String }) ?? [] {
      guard !Folders.isFolder("\(root)/\(name)") else { continue }
      found[name] = [UInt8](try #require(FileManager.default.contents(atPath: "\(root)/\(name)")))
    }
    return found
  }

  func image(_ number: Int) -> [UInt8] { [0xff, 0xd8, 0xff] + (0..<(20 + number)).map { UInt8($0 & 0xff) } }

  // ILSVRC2012

  private let synsets = ["n01440764", "n01443537", "n02084071"]

  private func writeImageNet(isCompressed: Bool = true) throws {
    let training = synsets.prefix(2).enumerated().map { label, synset in
      ("\(synset).tar", tar((0..<(2 + label)).map { ("\(synset)_\($0).JPEG", image(10 * label + $0)) }))
    }
    try temporary.write(tar(training), to: "ilsvrc/ILSVRC2012_img_train.tar")
    let validation = (1...4).map { ("ILSVRC2012_val_0000000\($0).JPEG", image($0)) }
    try temporary.write(tar(validation), to: "ilsvrc/ILSVRC2012_img_val.tar")
    // The order in which the devkit numbers synsets is not that of their names; the last is no class of the challenge's.
    let rows = [("n02084071", 3), ("n01443537", 1), ("n01440764", 2)].map {
      synset, number -> [MatWriter.Value] in
      [.number(number), .text(synset), .text("words, é"), .array([1, 2, 3])]
    }
    let meta = MatWriter.file(
      fields: ["ILSVRC2012_ID", "WNID", "words", "children"], rows, isCompressed: isCompressed)
    let data = "ILSVRC2012_devkit_t12/data"
    try temporary.write(
      gzipped(
        tar([
          ("ILSVRC2012_devkit_t12/readme.txt", [1]), ("\(data)/meta.mat", meta),
          ("\(data)/ILSVRC2012_validation_ground_truth.txt", Array("1\n2\n1\n2\n".utf8)),
        ])), to: "ilsvrc/ILSVRC2012_devkit_t12.tar.gz")
  }

  @Test(arguments: [false, true])
  func `ILSVRC's archives become folders by synset`(isCompressed: Bool) throws {
    try writeImageNet(isCompressed: isCompressed)
    let folder = try imported("ilsvrc")
    #expect((folder.training.images, folder.training.classes, folder.training.written) == (5, 2, 5))
    #expect((folder.validation.images, folder.validation.classes) == (4, 2))
    #expect(
      try files("train") == [
        "n01440764/n01440764_0.JPEG": image(0), "n01440764/n01440764_1.JPEG": image(1),
        "n01443537/n01443537_0.JPEG": image(10), "n01443537/n01443537_1.JPEG": image(11),
        "n01443537/n01443537_2.JPEG": image(12),
      ])
    #expect(
      try files("val") == [
        "n01443537/ILSVRC2012_val_00000001.JPEG": image(1),
        "n01440764/ILSVRC2012_val_00000002.JPEG": image(2),
        "n01443537/ILSVRC2012_val_00000003.JPEG": image(3),
        "n01440764/ILSVRC2012_val_00000004.JPEG": image(4),
      ])
    #expect(try ImageFolderPair(out).classes.map(\.text) == ["n01440764", "n01443537"])
  }

  @Test func `what is there with its size is not written again, and all else is`() throws {
    try writeImageNet()
    try imported("ilsvrc")
    let kept = "\(out)/train/n01440764/n01440764_0.JPEG"
    try Data([UInt8](repeating: 7, count: image(0).count)).write(to: URL(fileURLWithPath: kept))
    try Data([1]).write(to: URL(fileURLWithPath: "\(out)/train/n01440764/n01440764_1.JPEG"))
    try FileManager.default.removeItem(atPath: "\(out)/train/n01443537")
    // As a process that was killed leaves it.
    try temporary.write([1, 2], to: "out/train/n01440764/.n01440764_1.JPEG.unfinished")
    let folder = try imported("ilsvrc")
    #expect((folder.training.images, folder.training.written, folder.validation.written) == (5, 4, 0))
    let found = try files("train")
    #expect(found.count == 5)
    #expect(found["n01440764/n01440764_0.JPEG"] == [UInt8](repeating: 7, count: image(0).count))
    #expect(found["n01440764/n01440764_1.JPEG"] == image(1))
    #expect(folder.replaced.count == 1)
    #expect(folder.replaced.first == [out.appending("train/n01440764/n01440764_1.JPEG")])
  }

  @Test func `a link that leads elsewhere is replaced at once, and said to be`() throws {
    try temporary.write(image(0), to: "a.jpg")
    try temporary.write(Array("a.jpg,cat\n".utf8), to: "t.csv")
    try temporary.write(image(1), to: "out/train/cat/a.jpg")
    #expect(try imported("t.csv").replaced.first == [out.appending("train/cat/a.jpg")])
    #expect(try files("train") == ["cat/a.jpg": image(0)])
    #expect(try imported("t.csv").replaced.count == 0)
    // Where there can be no link, what was there is not lost.
    try FileManager.default.removeItem(atPath: "\(out)/train/cat/a.jpg")
    try temporary.write(image(1), to: "out/train/cat/a.jpg/own.jpg")
    #expect(throws: DataError.self) { try imported("t.csv") }
    #expect(try files("train") == ["cat/a.jpg/own.jpg": image(1)])
  }

  @Test func `names are as long as the file system takes`() throws {
    let name = "a/" + String(repeating: "n", count: 249) + ".jpg"
    try temporary.write(image(0), to: name)
    try temporary.write(Array("\(name),cat\n".utf8), to: "t.csv")
    try imported("t.csv")
    #expect(try files("train").keys.map(\.utf8.count) == [4 + 255])
  }

  @Test func `nothing is imported into a pack, or into its own source`() throws {
    try temporary.write([], to: "out/val/index.tsv")
    try temporary.write(tar([("0.jpg", image(4)), ("0.cls", [0x30])]), to: "w/0.tar")
    #expect(throws: DataError.wouldBeHidden(folder: out.appending("val"))) { try imported("w") }
    let inside = temporary.file("w/out")
    let importer = try DatasetImporter(temporary.file("w"), to: inside, ImportHints())
    #expect(throws: DataError.insideItself(path: inside, folder: temporary.file("w"))) {
      try importer.write(isPartial: true) { _ in }
    }
  }

  @Test func `fewer images than the whole are an error, unless that is meant`() throws {
    try writeImageNet()
    let whole = DataError.incomplete(
      split: "train", found: [5, 2], expected: [1_281_167, 1000], source: temporary.file("ilsvrc"))
    #expect(throws: whole) { try imported("ilsvrc", isPartial: false) }
    #expect(whole.description.contains("1281167"))
    #expect(try imported("ilsvrc").training.written == 0)
  }

  @Test(arguments: [
    "n01443537\nn01440764\nn01443537\nn01440764\n",
    "ImageId,PredictionString\nILSVRC2012_val_00000004,n01440764 1 2 3 4 n01440764 5 6 7 8\nILSVRC2012_val_00000002,n01440764 1 2 3 4\n"
      + "ILSVRC2012_val_00000001,n01443537 9 9 9 9\nILSVRC2012_val_00000003,n01443537 9 9 9 9\n",
    "ILSVRC2012_val_00000001.JPEG n01443537\r\nILSVRC2012_val_00000002.JPEG n01440764\r\n"
      + "ILSVRC2012_val_00000003.JPEG n01443537\r\nILSVRC2012_val_00000004.JPEG n01440764\r\n",
  ])
  func `a list of synsets takes the devkit's place`(list: String) throws {
    try writeImageNet()
    try temporary.write(Array(list.utf8), to: "labels.txt")
    try imported("ilsvrc/ILSVRC2012_img_val.tar", labels: "labels.txt")
    #expect(
      try files("val").keys.sorted() == [
        "n01440764/ILSVRC2012_val_00000002.JPEG", "n01440764/ILSVRC2012_val_00000004.JPEG",
        "n01443537/ILSVRC2012_val_00000001.JPEG", "n01443537/ILSVRC2012_val_00000003.JPEG",
      ])
    #expect(!Folders.isFolder("\(out)/train"))
  }

  @Test(arguments: [
    // Of a heading nobody knows whether it is counted.
    ("synset\nn01443537\nn01440764\nn01443537\nn01440764\n", 1), ("synset\n", 1), ("\n\na b\nc d\n", 4),
    ("n01443537\n\n\nsome\n", 4), ("image,label\nILSVRC2012_val_00000001,n01443537\nn01440764\n", 1),
  ])
  func `a list that may be one off is refused, on the line that is wrong`(list: String, line: Int) {
    #expect(
      throws: DataError.malformedList(path: "list", line: line, reason: "it has no synset (n01440764)")
    ) {
      try ValidationClasses(list: Array(list.utf8), path: "list")
    }
  }

  @Test func `images are numbered as the lines of the file are, blank ones too`() throws {
    let classes = try ValidationClasses(list: Array("n01443537\r\n\r\nn01440764\r\n".utf8), path: "list")
    #expect(classes.synsets == [1: "n01443537", 3: "n01440764"])
  }

  @Test func `validation images without their classes are refused`() throws {
    try writeImageNet()
    try FileManager.default.removeItem(atPath: "\(temporary.path)/ilsvrc/ILSVRC2012_devkit_t12.tar.gz")
    let archive = temporary.file("ilsvrc/ILSVRC2012_img_val.tar")
    #expect(throws: DataError.noLabels(archive: archive)) { try imported("ilsvrc") }
    // The training archive alone needs none.
    #expect(try imported("ilsvrc/ILSVRC2012_img_train.tar").training.images == 5)
    try temporary.write(Array("n01443537\nn01440764\nsome\n".utf8), to: "labels.txt")
    #expect(
      throws: DataError.malformedList(
        path: temporary.file("labels.txt"), line: 3, reason: "it has no synset (n01440764)")
    ) {
      try imported("ilsvrc", labels: "labels.txt")
    }
    try temporary.write(Array("n01443537\nn01440764\n".utf8), to: "labels.txt")
    #expect(throws: DataError.self) { try imported("ilsvrc", labels: "labels.txt") }
  }

  @Test(arguments: [3000, 5000, 8000])
  func `an archive that is cut off leaves whole images, and goes on when it is there`(count: Int) throws {
    try writeImageNet()
    let path = "\(temporary.path)/ilsvrc/ILSVRC2012_img_train.tar"
    let whole = [UInt8](try #require(FileManager.default.contents(atPath: path)))
    try Data(whole.prefix(count)).write(to: URL(fileURLWithPath: path))
    #expect(throws: DataError.self) { try imported("ilsvrc/ILSVRC2012_img_train.tar") }
    let names = try files("train")
    #expect(names.values.allSatisfy { $0.count >= 23 })
    try Data(whole).write(to: URL(fileURLWithPath: path))
    #expect(try imported("ilsvrc/ILSVRC2012_img_train.tar").training.written == 5 - names.count)
  }

  // CIFAR

  private func cifar(_ labels: [UInt8], coarse: Bool = false) -> [UInt8] {
    labels.flatMap { label in
      (coarse ? [99] : []) + [label] + (0..<3072).map { UInt8(truncatingIfNeeded: $0 &* Int(label &+ 3)) }
    }
  }

  @Test(arguments: ["folder", "tar", "tar.gz"])
  func `CIFAR's binaries become images with those pixels`(form: String) throws {
    let parts: [(name: String, bytes: [UInt8])] = [
      ("cifar-10-batches-bin/data_batch_1.bin", cifar([0, 1, 1])),
      ("cifar-10-batches-bin/data_batch_2.bin", cifar([0])),
      ("cifar-10-batches-bin/test_batch.bin", cifar([1, 0])),
      ("cifar-10-batches-bin/batches.meta.txt", Array("airplane\nautomobile\n\n".utf8)),
    ]
    if form == "folder" {
      for part in parts { try temporary.write(part.bytes, to: "folder/\(part.name)") }
    } else {
      try temporary.write(form == "tar" ? tar(parts) : gzipped(tar(parts)), to: form)
    }
    let folder = try imported(form)
    #expect((folder.training.images, folder.validation.images) == (4, 2))
    let training = try files("train")
    #expect(
      training.keys.sorted() == [
        "airplane/data_batch_1_00000.png", "airplane/data_batch_2_00000.png",
        "automobile/data_batch_1_00001.png",
        "automobile/data_batch_1_00002.png",
      ])
    let pixels = try decoded(try #require(training["automobile/data_batch_1_00001.png"]))
    #expect(pixels == (0..<3072).map { UInt8(truncatingIfNeeded: ($0 % 3 * 1024 + $0 / 3) * 4) })
    #expect(try imported(form).training.written == 0)
  }

  @Test func `a folder with CIFAR's archive is CIFAR, and the version for Python is named`() throws {
    let parts: [(name: String, bytes: [UInt8])] = [
      ("cifar-10-batches-bin/data_batch_1.bin", cifar([0])),
      ("cifar-10-batches-bin/batches.meta.txt", Array("airplane\n".utf8)),
    ]
    try temporary.write(gzipped(tar(parts)), to: "c/cifar-10-binary.tar.gz")
    #expect(try imported("c").training.images == 1)
    try temporary.write(tar([("cifar-10-batches-py/data_batch_1", [1])]), to: "c/python.tar")
    let error = #expect(throws: DataError.self) { try imported("c/python.tar") }
    #expect(try #require(error).description.contains("the binary one is read, cifar-10-binary.tar.gz"))
    try temporary.write([], to: "c/cifar-100-binary.tar.gz")
    #expect(throws: DataError.self) { try imported("c") }
  }

  @Test func `CIFAR-100 goes by its fine labels, and records are not cut`() throws {
    try temporary.write(cifar([1, 0, 1], coarse: true), to: "c/train.bin")
    try temporary.write(cifar([0], coarse: true), to: "c/test.bin")
    try temporary.write(Array("apple\naquarium_fish\n".utf8), to: "c/fine_label_names.txt")
    #expect(try imported("c").training.images == 3)
    #expect(
      try files("train").keys.sorted() == [
        "apple/train_00001.png", "aquarium_fish/train_00000.png", "aquarium_fish/train_00002.png",
      ])
    #expect(throws: DataError.self) { try imported("c", isPartial: false) }
    try temporary.write(cifar([2], coarse: true), to: "c/train.bin")
    #expect(throws: DataError.self) { try imported("c") }
    try temporary.write(cifar([1], coarse: true).dropLast(), to: "c/train.bin")
    #expect(throws: DataError.self) { try imported("c") }
  }

  // WebDataset

  @Test func `samples of a WebDataset go by their class, in any order of their parts`() throws {
    try temporary.write(
      tar([
        ("a/0001.cls", Array("7\n".utf8)), ("a/0001.JPG", image(1)), ("a/0002.jpg", image(2)),
        ("a/0002.json", Array(#"{"label": 12, "caption": "x", "more": [1]}"#.utf8)), ("._a", [1]),
        ("a/note.txt", [1]),
      ]), to: "w/set-train-000000.tar")
    try temporary.write(
      gzipped(
        tar([("a/0001.jpg", image(3)), ("a/0001.json", Array(#"{"class": "dog", "label": 3}"#.utf8))])),
      to: "w/set-train-000001.tar.gz")
    try temporary.write(tar([("0.png", image(4)), ("0.cls", Array("dog".utf8))]), to: "w/val/0.tar")
    let folder = try imported("w")
    #expect((folder.training.images, folder.validation.images) == (3, 1))
    #expect(
      try files("train") == [
        "00007/set-train-000000_a_0001.jpg": image(1), "00012/set-train-000000_a_0002.jpg": image(2),
        "dog/set-train-000001_a_0001.jpg": image(3),
      ])
    #expect(try files("val") == ["dog/0_0.png": image(4)])
    #expect(try imported("w").training.written == 0)
  }

  @Test func `what dataset pack wrote comes back, and any shard of it is a WebDataset`() throws {
    let image = try Fixture.bytes("decode/rgb.png")
    let names = ["cat/1.png", "cat/deep/1.png", "d og/2.png"]
    for name in names { try temporary.write(image, to: "loose/train/\(name)") }
    _ = try DatasetPacker(
      temporary.file("loose"), to: temporary.file("packed"), imagesPerShard: 2, recompression: nil
    ).pack(threads: 1) { _, _, _ in }
    let folder = try imported("packed")
    #expect((folder.training.images, folder.training.classes) == (3, 2))
    #expect(try files("train") == Dictionary(uniqueKeysWithValues: names.map { ($0, image) }))
    try FileManager.default.removeItem(atPath: out.string)
    #expect(try imported("packed/train/shard-000000.tar").training.images == 2)
    #expect(try files("train").keys.allSatisfy { $0.hasPrefix("0000") })
  }

  @Test(arguments: [
    [("1.jpg", "x")], [("1.jpg", "x"), ("1.txt", "x")], [("1.jpg", "x"), ("1.cls", " ")],
    [("1.jpg", "x"), ("1.json", "[1]")], [("1.jpg", "x"), ("1.png", "x"), ("1.cls", "1")],
    [("1.jpg", "x"), ("1.cls", "../up")], [("1.jpg", "x"), ("1.cls", ".hidden")],
    [("1.jpg", "x"), ("1.cls", "a/b")], [("1.txt", "x")],
    [("1.jpg", "x"), ("1.cls", String(repeating: "x", count: 256))],
    // The same key twice.
    [("1.jpg", "x"), ("1.cls", "1"), ("2.cls", "1"), ("1.jpg", "y"), ("1.cls", "1")],
  ])
  func `a sample without one image and one usable class is refused`(parts: [(String, String)]) throws {
    try temporary.write(tar(parts.map { ($0, Array($1.utf8)) }), to: "w.tar")
    #expect(throws: DataError.self) { try imported("w.tar") }
    #expect(Set(Folders.names(in: temporary.path)).isSubset(of: ["out", "w.tar"]))
  }

  @Test(arguments: [
    ("a/shard.00001.tar", "shard.00001"), ("shard.v2.00001.TAR.gz", "shard.v2.00001"), ("x.tgz", "x"),
    ("x", "x"),
  ])
  func `a shard's name keeps its dots, so that shards are told apart`(path: String, stem: String) {
    #expect(WebShard.stem(FilePath(path)) == stem)
  }

  @Test(arguments: [
    ("imagenet1k-train-0000.tar", false), ("x/validation_3.tar", true), ("val/0.tar", true),
    ("train/0.tar", false), ("valid/0.tar", true), ("x/dev-0.tar", true), ("test/0.tar", true),
    ("interval/valuable-0.tar", nil), ("trains/a.tar", nil),
  ])
  func `a shard's name or folder tells its split`(path: String, isHeldOut: Bool?) {
    #expect(WebShard.word(in: FilePath(path))?.isHeldOut == isHeldOut)
  }

  // Tables

  @Test(arguments: [
    "a/1.jpg,cat\nb/1.jpg,\"big, dog\",val\n\n./c.jpg,cat,train\n",
    "\u{feff}Label;Image_Path;fold\r\ncat;a/1.jpg;\r\n\"big, dog\";b/1.jpg;Test\r\ncat;c.jpg;training",
    "path , label, split\n a/1.jpg, cat ,train\nb/1.jpg , \"big, dog\" , val\na/1.jpg,cat,train\n\tc.jpg, cat\n\n",
    "id\tpath\tclass\tsplit\n7\ta/1.jpg\tcat\ttrain\n8\tb/1.jpg\tbig, dog\tvalid\n9\tc.jpg\tcat\ttrain\n",
  ])
  func `a table's images get links by its columns`(table: String) throws {
    for (number, name) in ["a/1.jpg", "b/1.jpg", "c.jpg"].enumerated() {
      try temporary.write(image(number), to: "t/\(name)")
    }
    try temporary.write(Array(table.utf8), to: "t/all.csv")
    let folder = try imported("t/all.csv")
    #expect((folder.training.images, folder.validation.images, folder.training.written) == (2, 1, 2))
    #expect(try files("train") == ["cat/a_1.jpg": image(0), "cat/c.jpg": image(2)])
    #expect(try files("val") == ["big, dog/b_1.jpg": image(1)])
    #expect(try imported("t/all.csv").training.written == 0)
  }

  @Test(arguments: [
    ("", nil), ("path,label\n", nil), ("a.jpg\n", 1), ("a.jpg,cat\na.jpg,\n", 2),
    ("\"a.jpg\",\"c\nat\"\na.jpg,cat,some\n", 3),
    ("a.jpg,cat\n\na.jpg,\"cat\na.jpg,cat\n", 3),
  ])
  func `a table that cannot be read says on which line`(table: String, line: Int?) throws {
    try temporary.write(image(0), to: "a.jpg")
    try temporary.write(Array(table.utf8), to: "t.csv")
    do {
      try imported("t.csv")
      Issue.record("it was read")
    } catch DataError.malformedList(let path, let found, _) {
      #expect(path == temporary.file("t.csv"))
      #expect(found == line)
    }
  }

  @Test func `a table of tabs may have more commas in its first line`() throws {
    try temporary.write(image(0), to: "a,b,c.jpg")
    try temporary.write(Array("a,b,c.jpg\tcat\n".utf8), to: "t.tsv")
    #expect(try imported("t.tsv").training.images == 1)
    #expect(try files("train") == ["cat/a,b,c.jpg": image(0)])
  }

  @Test func `what a table names and is not there is told by its line`() throws {
    try temporary.write(Array("id,name\na.jpg,cat\n".utf8), to: "t.csv")
    let error = #expect(throws: DataError.self) { try imported("t.csv") }
    let words = try #require(error).description
    #expect(words.contains("in line 1: cannot read \(temporary.path)/id: No such file"))
    #expect(words.contains("path, paths, file"))
    try temporary.write(Array("path,label\n\nb.jpg,cat\n".utf8), to: "t.csv")
    let second = #expect(throws: DataError.self) { try imported("t.csv") }
    #expect(try #require(second).description.contains("in line 3: cannot read \(temporary.path)/b.jpg"))
    #expect(mkfifo("\(temporary.path)/b.jpg", 0o600) == 0)
    let pipe = #expect(throws: DataError.self) { try imported("t.csv") }
    #expect(try #require(pipe).description.contains("it is a pipe"))
  }

  @Test func `blanks within quotes and within names are kept`() {
    let rows = Array(DelimitedRows(Array(" a b ,\" c \" ,\"d\"\"\"\t, \n".utf8)))
    #expect(rows.first?.fields.map { String(decoding: $0, as: UTF8.self) } == ["a b", " c ", "d\"", ""])
  }

  @Test func `what is no image is counted and named, written or there already`() throws {
    try temporary.write(image(0), to: "a.jpg")
    for name in ["notes.txt", "b.jpg"] { try temporary.write(Array("text".utf8), to: name) }
    try temporary.write(Array("a.jpg,cat\nb.jpg,cat\nnotes.txt,dog\n".utf8), to: "t.csv")
    let shard = tar([
      ("1.jpg", Array("none".utf8)), ("1.cls", [0x30]), ("2.jpg", image(1)), ("2.cls", [0x30]),
    ])
    try temporary.write(shard, to: "s.tar")
    for _ in 0..<2 {
      let table = try imported("t.csv").unreadable
      #expect(
        table.count == 2
          && table.first == ["cat/b.jpg", "dog/notes.txt"].map { out.appending("train/\($0)") })
      let shard = try imported("s.tar").unreadable
      #expect(shard.count == 1 && shard.first == [out.appending("train/00000/s_1.jpg")])
    }
  }

  @Test func `an image that is named twice counts once, and what is no file is refused`() throws {
    try temporary.write(image(0), to: "a.jpg")
    try temporary.write(Array("a.jpg,cat\n./a.jpg,cat\n.//a.jpg,cat\n".utf8), to: "t.csv")
    #expect(try imported("t.csv").training.images == 1)
    #expect(try files("train") == ["cat/a.jpg": image(0)])
    try temporary.write(Array("gone.jpg,cat\n".utf8), to: "t.csv")
    #expect(throws: DataError.self) { try imported("t.csv") }
    try temporary.write(Array("..,cat\n".utf8), to: "t.csv")
    #expect(throws: DataError.self) { try imported("t.csv") }
  }

  // Sources

  @Test func `what is nothing known is refused, by its content`() throws {
    try temporary.write(image(0), to: "folder/a.jpg")
    try temporary.write(image(0), to: "a.tar")
    try temporary.write(tar([]), to: "b.tar")
    #expect(throws: DataError.self) { try imported("folder") }
    for name in ["a.tar", "empty.tar", "text"] {
      if name != "a.tar" { try temporary.write(Array(name == "text" ? "some text".utf8 : "".utf8), to: name) }
      let error = #expect(throws: DataError.self) { try imported(name) }
      #expect(error?.description.contains("neither a tar archive") == true, "\(String(describing: error))")
    }
    #expect(throws: DataError.notImportable(path: temporary.file("b.tar"), reason: "the archive is empty")) {
      try imported("b.tar")
    }
    #expect(throws: DataError.self) { try imported("nowhere") }
    #expect(!Folders.isFolder(out.string))
  }

  @Test(arguments: [
    ("", "d41d8cd98f00b204e9800998ecf8427e"), ("abc", "900150983cd24fb0d6963f7d28e17f72"),
    (
      "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
      "57edf4a22be3c955ac49da2e2107b67a"
    ),
  ])
  func `MD5 sums are those of RFC 1321`(text: String, sum: String) throws {
    var whole = MD5()
    text.utf8.withContiguousStorageIfAvailable { whole.update(with: UnsafeRawBufferPointer($0)) }
    #expect(whole.value == sum)
    var pieces = MD5()
    for byte in text.utf8 { [byte].withUnsafeBytes { pieces.update(with: $0) } }
    #expect(pieces.value == sum)
    try temporary.write(Array(text.utf8), to: "file")
    #expect(throws: Never.self) {
      try DatasetImporter.require(md5: sum.uppercased(), of: temporary.file("file"))
    }
    let other = String(repeating: "0", count: 32)
    #expect(throws: DataError.otherSum(path: temporary.file("file"), found: sum, expected: other)) {
      try DatasetImporter.require(md5: other, of: temporary.file("file"))
    }
  }

  @Test func `damage to MATLAB's file is an error, and no trap`() {
    let file = MatWriter.file(
      fields: ["a", "b"], [[.number(1), .text("x")], [.number(2), .text("y")]], isCompressed: false)
    #expect(
      (try? MatFile(file, fields: ["a", "b"]))?.rows == [
        ["a": .number(1), "b": .text("x")], ["a": .number(2), "b": .text("y")],
      ])
    for count in stride(from: 0, to: file.count, by: 3) {
      _ = try? MatFile(Array(file.prefix(count)), fields: ["a", "b"])
    }
    for place in 128..<file.count {
      for value: UInt8 in [0, 1, 0x7f, 0xff] {
        var changed = file
        changed[place] = value
        _ = try? MatFile(changed, fields: ["a", "b"])
      }
    }
  }

  @Test func `of MATLAB's file no more is kept than is asked for, and of a huge one nothing`() throws {
    let file = MatWriter.file(fields: ["a", "b"], [[.number(1), .text("x")]], isCompressed: true)
    #expect(try MatFile(file, fields: ["b"]).rows == [["b": .text("x")]])
    // Elements without content, eight bytes each.
    let rows = [[MatWriter.Value]](repeating: [.nothing], count: 1 << 16 + 1)
    let reason = "a structure of 65537 elements is none of ImageNet's"
    #expect(throws: MatFile.Malformed(reason: reason)) {
      try MatFile(MatWriter.file(fields: ["a"], rows, isCompressed: false), fields: ["a"])
    }
  }
}
