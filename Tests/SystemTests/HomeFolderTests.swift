import Glibc
import System
import Testing

@Suite struct HomeFolderTests {
  private let home: String

  init() throws { home = String(cString: try #require(getenv("HOME"))) }

  @Test func `a tilde is the home folder, at the start alone`() {
    #expect(withHomeFolder("~") == home && withHomeFolder("~/a b/c") == home + "/a b/c")
    for path in ["", "a/~/b", "./~", "a~", "/~", "auto"] { #expect(withHomeFolder(path) == path) }
  }

  @Test func `a name behind it is a user's`() throws {
    #expect(
      withHomeFolder("~root/x") == String(cString: try #require(getpwnam("root")).pointee.pw_dir) + "/x")
    #expect(withHomeFolder("~no-such-user/x") == "~no-such-user/x")
  }
}
