import System
import Testing

@Suite struct ByteSizeTests {
  @Test(arguments: [
    (0, "0.0 MB"), (49_999, "0.0 MB"), (50_000, "0.1 MB"), (1_000_000, "1.0 MB"),
    (376_940_000, "376.9 MB"), (999_949_999, "999.9 MB"), (999_950_000, "1.0 GB"),
    (12_345_678_901, "12.3 GB"),
    (.max, "9223372036.9 GB"),
  ])
  func `bytes are said with one decimal`(bytes: Int, text: String) {
    #expect(byteSize(bytes) == text)
  }
}

@Suite struct FileSystemSpaceTests {
  @Test func `a folder that is still to be made has the room of the one above it`() throws {
    let root = try #require(FileSystemSpace(around: "/"))
    #expect(root.free <= root.size && root.size > 0)
    #expect(FileSystemSpace(around: "/no-such-folder-\(root.size)/below/it")?.size == root.size)
    #expect(FileSystemSpace(around: "no-such-folder/below") != nil)
    #expect(FileSystemSpace(around: "/proc/version/below") == nil)
  }
}
