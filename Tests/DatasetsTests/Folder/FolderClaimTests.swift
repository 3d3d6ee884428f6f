import System
import SystemPackage
import Testing

@testable import Datasets

@Suite struct FolderClaimTests {
  @Test func `a folder has one writer at a time`() throws {
    let temporary = try TemporaryFolder()
    let folder = temporary.file("out")
    try FolderClaim.hold(folder) { () throws(DataError) in
      #expect(throws: DataError.unwritable(path: folder, reason: "another process is writing into it")) {
        try FolderClaim.hold(folder) {}
      }
      #expect(Folders.make(folder.appending("train")))
    }
    #expect(try FolderClaim.hold(folder) { Folders.isFolder(folder) })
  }

  @Test func `of a folder that nothing was written into nothing is left`() throws {
    let temporary = try TemporaryFolder()
    let folder = temporary.file("out")
    #expect(throws: DataError.self) {
      try FolderClaim.hold(folder) { () throws(DataError) in throw DataError.noSuchFolder(folder) }
    }
    #expect(!Folders.isFolder(folder))
  }
}
